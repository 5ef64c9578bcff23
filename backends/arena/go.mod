module github.com/btfkit/btfkit/backends/arena

go 1.25.0

require (
	github.com/btfkit/btfkit/btf v0.0.0
	github.com/edsrzf/mmap-go v1.2.0
)

require golang.org/x/sys v0.47.0 // indirect

replace github.com/btfkit/btfkit/btf => ../../btf
