package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
)

// TestReadFile reads what the header speaks of, however long the file claims to be.
func TestReadFile(t *testing.T) {
	blob := btftest.Chain(10_000)
	for _, test := range []struct {
		name string
		data []byte
		size int64
		want []byte
	}{
		{"blob", blob, int64(len(blob)), blob},
		{"cut", blob[:50_000], 50_000, blob[:50_000]},
		{"trailing bytes", append(bytes.Clone(blob), "junk"...), int64(len(blob)) + 4, blob},
		{"sparse", blob, 1 << 40, blob},
		{"no header", []byte("junk"), 4, []byte("junk")},
		{"no header, sparse", nil, 1 << 40, make([]byte, 4096)},
		{"empty", nil, 0, nil},
	} {
		path := filepath.Join(t.TempDir(), "blob")
		if err := os.WriteFile(path, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, test.size); err != nil {
			t.Logf("%s: no sparse files here: %v", test.name, err)
			continue
		}
		got, err := store.ReadFile(path)
		if err != nil || got != string(test.want) {
			t.Errorf("%s: %d bytes, error %v, want %d", test.name, len(got), err, len(test.want))
		}
	}
	if _, err := store.ReadFile(t.TempDir()); err == nil {
		t.Error("a directory was read")
	}
}

// TestReadFileErrors says what the system says.
func TestReadFileErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := store.ReadFile(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := store.ReadFile("/proc/self/mem"); err == nil {
		t.Error("a file that cannot be read was")
	}
}
