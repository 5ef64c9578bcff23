package mmap

import (
	"os"

	mmapgo "github.com/edsrzf/mmap-go"
)

// mapFile maps a read-only view of the file.
func mapFile(f *os.File, size int) (*mapping, error) {
	m, err := mmapgo.MapRegion(f, size, mmapgo.RDONLY, 0, 0)
	if err != nil {
		return nil, err
	}
	return &mapping{bytes: m, unmap: m.Unmap}, nil
}
