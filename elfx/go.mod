module github.com/btfkit/btfkit/elfx

go 1.25.0

require (
	github.com/anchore/go-lzo v0.1.1
	github.com/btfkit/btfkit/btf v0.0.0
	github.com/klauspost/compress v1.20.3
	github.com/mikelolasagasti/xz v1.0.1
	github.com/pierrec/lz4/v4 v4.1.33
	github.com/ulikunitz/xz v0.5.17
)

require golang.org/x/sys v0.47.0

replace github.com/btfkit/btfkit/btf => ../btf
