module github.com/btfkit/btfkit/backends/mmap

go 1.26.0
