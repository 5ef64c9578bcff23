module github.com/btfkit/btfkit/backends/cache

go 1.26.0
