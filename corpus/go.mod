module github.com/btfkit/btfkit/corpus

go 1.25.0

require (
	github.com/btfkit/btfkit/backends/cache v0.0.0
	github.com/btfkit/btfkit/btf v0.0.0
	github.com/btfkit/btfkit/elfx v0.0.0
	github.com/pierrec/lz4/v4 v4.1.33
)

require (
	github.com/anchore/go-lzo v0.1.1 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mikelolasagasti/xz v1.0.1 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
)

replace (
	github.com/btfkit/btfkit/backends/cache => ../backends/cache
	github.com/btfkit/btfkit/btf => ../btf
	github.com/btfkit/btfkit/elfx => ../elfx
)
