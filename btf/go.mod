module github.com/btfkit/btfkit/btf

go 1.25.0
