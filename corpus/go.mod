module github.com/btfkit/btfkit/corpus

go 1.26.0
