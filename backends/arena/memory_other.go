//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris || windows)

package arena

import (
	"fmt"
	"runtime"
)

// mapMemory reports that memory comes from the heap only.
func mapMemory(int) ([]byte, block, error) {
	return nil, nil, fmt.Errorf("not supported on %s", runtime.GOOS)
}
