module github.com/btfkit/btfkit/elfx

go 1.26.0
