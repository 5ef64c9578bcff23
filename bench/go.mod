module github.com/btfkit/btfkit/bench

go 1.26.0
