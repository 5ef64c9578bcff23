module github.com/btfkit/btfkit/btf

go 1.26.0
