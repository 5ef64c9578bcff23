package btf

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// ReadFile reads a file into a string of its exact size, without a second copy. For
// files that do not tell their size, such as those in /sys, it grows as it reads. It is
// what backends read files with.
func ReadFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", fmt.Errorf("%s: a directory, not a file of BTF", path)
	}
	size := info.Size()
	if size > math.MaxInt {
		return "", fmt.Errorf("%s: %d bytes exceed the address space", path, size)
	}
	var b strings.Builder
	b.Grow(int(size))
	// Files in /sys give 4 kB a read; the rest is for regular ones.
	buf := make([]byte, 64<<10)
	for {
		n, err := f.Read(buf)
		b.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}
