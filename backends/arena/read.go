package arena

import (
	"errors"
	"io"
	"math"
	"os"

	"github.com/btfkit/btfkit/btf"
)

// readFile reads a file into a block of its exact size.
func readFile(path string, m *memory) ([]byte, error) {
	data, err := readInPlace(path, m)
	if !errors.Is(err, errSize) {
		return data, err
	}
	text, err := btf.ReadFile(path)
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
	data := m.Bytes(int(size))
	// Files in /sys give 4 kB a read.
	n, err := io.ReadFull(f, data)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return data[:n], nil
	}
	if err != nil {
		return nil, err
	}
	if n, _ := f.Read(make([]byte, 1)); n > 0 {
		m.free()
		return nil, errSize
	}
	return data, nil
}
