package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// ReadFile reads the blob in a file into a string of its exact size, without a second
// copy. It parses nothing but the header, to see how much there is to read: a file that
// claims to be large does not get memory for it unless its sections do, and what does not
// begin like BTF is cut off where Open finds out. It serves backends; users open
// files with those.
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

// BlobSize returns how long the blob is that a file begins with, given the first 4 kB of the
// file, or all if there are less: as far as the header's sections reach, or if
// there is no header, those first bytes. The file may be shorter.
func BlobSize(head []byte) int64 {
	return raw.BlobSize(string(head[:min(len(head), raw.LayoutHeaderLen)]), int64(len(head)))
}
