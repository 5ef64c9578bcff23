//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris || windows

package arena

import (
	"runtime"

	mmapgo "github.com/edsrzf/mmap-go"
)

// mapMemory returns n bytes, zeroed and private, straight from the system.
func mapMemory(n int) ([]byte, block, error) {
	// mmap-go has private mappings as those that copy on write. Windows has none without
	// a file, but there memory is never shared unless its handle is.
	mode := mmapgo.COPY
	if runtime.GOOS == "windows" {
		mode = mmapgo.RDWR
	}
	m, err := mmapgo.MapRegion(nil, n, mode, mmapgo.ANON, 0)
	return m, &m, err
}
