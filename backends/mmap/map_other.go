//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris || windows)

package mmap

import (
	"fmt"
	"os"
	"runtime"
)

// mapFile reports that files are not mapped here, so that they are read.
func mapFile(*os.File, int) (*mapping, error) {
	return nil, fmt.Errorf("not supported on %s", runtime.GOOS)
}
