package bpfload

import (
	"runtime"
	"syscall"
	"unsafe"
)

// numbers holds the number of bpf(2) by architecture; package syscall was frozen before it came.
var numbers = map[string]uintptr{
	"386": 357, "amd64": 321, "arm": 386, "arm64": 280, "loong64": 280, "ppc64le": 361,
	"riscv64": 280, "s390x": 351,
}

const btfLoad = 18 // BPF_BTF_LOAD in include/uapi/linux/bpf.h

// attr is the part of union bpf_attr that BPF_BTF_LOAD had from the start, padded alike on all
// machines: older kernels accept what they do not know if it is zero. Pointers are u64.
type attr struct {
	btf, log                   uint64
	size, logSize, logLevel, _ uint32
}

func load(raw []byte) error {
	number, ok := numbers[runtime.GOARCH]
	if !ok {
		return syscall.ENOSYS
	}
	a := attr{size: uint32(len(raw))}
	if len(raw) > 0 {
		a.btf = uint64(uintptr(unsafe.Pointer(&raw[0])))
	}
	// Without a log: a log that overflows would turn every verdict into ENOSPC.
	fd, _, errno := syscall.Syscall(number, btfLoad, uintptr(unsafe.Pointer(&a)),
		unsafe.Sizeof(a))
	runtime.KeepAlive(raw)
	if errno != 0 {
		return errno
	}
	return syscall.Close(int(fd))
}
