module github.com/btfkit/btfkit/fuzz

go 1.26.0
