module github.com/btfkit/btfkit/cmd/benchmark

go 1.26.0
