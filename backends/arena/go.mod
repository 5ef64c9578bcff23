module github.com/btfkit/btfkit/backends/arena

go 1.26.0
