package btftest_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares got with a file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
		for i, line := range gotLines {
			if i >= len(wantLines) || !bytes.Equal(line, wantLines[i]) {
				t.Errorf("%s:%d: %q (go test -update rewrites it)", path, i+1, line)
				return
			}
		}
		t.Errorf("%s has more lines", path)
	}
}

// The bytes of each form that a section has, and what each of them means. A change in
// one of these files is a change in the format that is written.
func TestHex(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		switch blob.Name {
		case "tour", "tour-big-endian", "tour-layout", "module", "split-on-split-mixed-orders",
			"empty-module", "opaque":
		default:
			continue
		}
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := btftest.Hex(&got, blob.Data, spec.Base()); err != nil {
			t.Fatal(err)
		}
		golden(t, blob.Name+".hex", got.Bytes())
	}
	if err := btftest.Hex(new(bytes.Buffer), []byte("no BTF"), nil); err == nil {
		t.Error("no error for what is no BTF")
	}
}

// Hex shows whatever can be opened.
func TestHexDamaged(t *testing.T) {
	data := btftest.Tour(builder.Options{Layout: true})
	// A layout section that goes on behind the last kind there can be.
	long := append(bytes.Clone(data), make([]byte, 2000)...)
	long[24], long[25], long[26] = byte(len(data)-32), byte((len(data)-32)>>8), 0
	long[28], long[29] = 2000&0xff, 2000>>8
	if err := btftest.Hex(io.Discard, long, nil); err != nil {
		t.Error(err)
	}
	for bit := range 8 * len(data) {
		data[bit/8] ^= 1 << (bit % 8)
		_, err := btf.Parse(data, nil)
		if hexErr := btftest.Hex(io.Discard, data, nil); (hexErr == nil) != (err == nil) {
			t.Fatalf("bit %d: %v, though opening says %v", bit, hexErr, err)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}
