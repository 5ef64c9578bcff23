package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// ReadFile reads the blob in a file into a string of its exact size, without a second copy.
// It parses only the header, to see how much to read. So a file gets no memory for bytes
// behind the sections that the header states. Of a file that does not begin like BTF it
// reads only the start, which Open then refuses. It is for backends; programs open files
// with a backend.
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
	// Files in /sys give 4 kB a read; the rest is for regular ones.
	buf := make([]byte, 64<<10)
	n, err := io.ReadFull(f, buf[:4<<10])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	want := BlobSize(buf[:n])
	var b strings.Builder
	b.Grow(int(min(want, max(info.Size(), 4<<10))))
	b.Write(buf[:n])
	for int64(b.Len()) < want {
		n, err := f.Read(buf[:min(int64(len(buf)), want-int64(b.Len()))])
		b.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// BlobSize returns the length in bytes of the blob at the start of a file. head is the first
// 4 kB of the file, or the whole file if it is shorter. The blob ends where the last section
// that the header states ends; without a header, its length is that of head. The file may be
// shorter.
func BlobSize(head []byte) int64 {
	return raw.BlobSize(string(head[:min(len(head), raw.LayoutHeaderLen)]), int64(len(head)))
}
