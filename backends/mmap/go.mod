module github.com/btfkit/btfkit/backends/mmap

go 1.25.0

require (
	github.com/btfkit/btfkit/btf v0.0.0
	github.com/edsrzf/mmap-go v1.2.0
	golang.org/x/sys v0.47.0
)

replace github.com/btfkit/btfkit/btf => ../../btf
