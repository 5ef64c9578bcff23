module github.com/btfkit/btfkit/backends/cache

go 1.25.0

require github.com/btfkit/btfkit/btf v0.0.0

replace github.com/btfkit/btfkit/btf => ../../btf
