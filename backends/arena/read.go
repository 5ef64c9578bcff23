package arena

import (
	"errors"
	"io"
	"math"
	"os"

	"github.com/btfkit/btfkit/btf/store"
)

// readFile reads a file into a block of its exact size.
func readFile(path string, m *memory) ([]byte, error) {
	data, err := readInPlace(path, m)
	if !errors.Is(err, errSize) {
		return data, err
	}
	text, err := store.ReadFile(path)
	if err != nil {
		return nil, err
	}
	data = m.Bytes(len(text))
	copy(data, text)
	return data, nil
}

// errSize says that a file does not tell its size, or tells a wrong one.
var errSize = errors.New("size of file unknown")

func readInPlace(path string, m *memory) ([]byte, error) {
	// Looked at before it is opened, since opening a pipe waits, and closing it again
	// breaks it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if !info.Mode().IsRegular() || size == 0 || size > math.MaxInt {
		return nil, errSize
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var head [4 << 10]byte // what files in /sys give in one read
	n, err := io.ReadFull(f, head[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	want := store.BlobSize(head[:n])
	data := m.Bytes(int(min(want, max(size, int64(n)))))
	n = copy(data, head[:n])
	rest, err := io.ReadFull(f, data[n:])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return data[:n+rest], nil
	}
	if err != nil {
		return nil, err
	}
	if more, _ := f.Read(head[:1]); more > 0 && int64(len(data)) < want {
		m.free()
		return nil, errSize
	}
	return data, nil
}
