//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris

package mmap

import (
	"errors"
	"os"

	mmapgo "github.com/edsrzf/mmap-go"
	"golang.org/x/sys/unix"
)

// mapFile maps with mmap-go, whose read-only mappings are shared ones. That makes no
// difference to a file that nobody writes, except that some files refuse it: with EACCES
// /sys/kernel/btf/vmlinux, which can be mapped since Linux 6.16 but only privately, and
// with ENODEV files of some file systems in user space. mmap-go's private mappings are
// writable, which is refused as well, so for these the system is asked directly.
func mapFile(f *os.File, size int) (*mapping, error) {
	m, err := mmapgo.MapRegion(f, size, mmapgo.RDONLY, 0, 0)
	if err == nil {
		return &mapping{bytes: m, unmap: m.Unmap}, nil
	}
	bytes, privateErr := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE)
	if privateErr != nil {
		if privateErr == err {
			return nil, os.NewSyscallError("mmap", err)
		}
		return nil, errors.Join(os.NewSyscallError("mmap shared", err),
			os.NewSyscallError("mmap private", privateErr))
	}
	return &mapping{bytes: bytes, unmap: func() error { return unix.Munmap(bytes) }}, nil
}
