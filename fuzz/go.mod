module github.com/btfkit/btfkit/fuzz

go 1.25.0

require (
	github.com/btfkit/btfkit/backends/arena v0.0.0
	github.com/btfkit/btfkit/backends/cache v0.0.0
	github.com/btfkit/btfkit/backends/mmap v0.0.0
	github.com/btfkit/btfkit/btf v0.0.0
	github.com/btfkit/btfkit/corpus v0.0.0
	github.com/btfkit/btfkit/elfx v0.0.0
	github.com/google/gofuzz v1.2.0
)

require (
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	golang.org/x/perf v0.0.0-20260709024250-82a0b07e230d
)

require (
	github.com/anchore/go-lzo v0.1.1 // indirect
	github.com/cilium/ebpf v0.22.0
	github.com/edsrzf/mmap-go v1.2.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/mikelolasagasti/xz v1.0.1 // indirect
	github.com/pierrec/lz4/v4 v4.1.33 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	golang.org/x/sys v0.47.0
)

replace (
	github.com/btfkit/btfkit/backends/arena => ../backends/arena
	github.com/btfkit/btfkit/backends/cache => ../backends/cache
	github.com/btfkit/btfkit/backends/mmap => ../backends/mmap
	github.com/btfkit/btfkit/btf => ../btf
	github.com/btfkit/btfkit/corpus => ../corpus
	github.com/btfkit/btfkit/elfx => ../elfx
)
