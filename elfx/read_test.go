package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadFileRefused names the path once, and keeps the operating system's error.
func TestReadFileRefused(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.ko")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		is   error
		says string
	}{
		{filepath.Join(dir, "missing"), fs.ErrNotExist, "open: "},
		{empty, ErrNoBTF, "no BTF: the file is empty"},
		{dir, nil, "a directory"},
	}
	for _, test := range tests {
		_, err := ExtractFile(context.Background(), test.path, nil)
		var e *Error
		if !errors.As(err, &e) || e.Path != test.path {
			t.Errorf("%s: error %v is no *Error with the path", test.path, err)
			continue
		}
		if test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) ||
			strings.Count(err.Error(), test.path) != 1 {
			t.Errorf("error %q, want %v, %q and the path once", err, test.is, test.says)
		}
	}
}

// TestReadFilePipe reads what cannot be read at an offset, up to the limit.
func TestReadFilePipe(t *testing.T) {
	blob := smallBTF(binary.LittleEndian)
	for _, test := range []struct {
		opts *Options
		is   error
	}{
		{nil, nil}, {&Options{MaxSize: -1}, nil}, {&Options{MaxSize: int64(len(blob))}, nil},
		{&Options{MaxSize: int64(len(blob)) - 1}, ErrTooLarge},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(blob); err != nil {
			t.Fatal(err)
		}
		w.Close()
		d, err := readOpen(context.Background(), r, false, test.opts)
		r.Close()
		if !errors.Is(err, test.is) || err == nil && !bytes.Equal(d.BTF, blob) {
			t.Errorf("%+v: %v, error %v", test.opts, d, err)
		}
	}
}

// TestPipeCounts counts what was read of a pipe together with what it unpacks to.
func TestPipeCounts(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(imageDir, "module.ko.gz"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(imageDir, "module.ko"))
	if err != nil {
		t.Fatal(err)
	}
	need := int64(len(file) + len(module))
	for limit, is := range map[int64]error{need: nil, need - 1: ErrTooLarge} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file); err != nil {
			t.Fatal(err)
		}
		w.Close()
		_, err = readOpen(context.Background(), r, false, &Options{MaxSize: limit})
		r.Close()
		if !errors.Is(err, is) {
			t.Errorf("limit %d: error %v, want %v", limit, err, is)
		}
	}
}

// TestNesting ends with an error where containers contain containers without end.
func TestNesting(t *testing.T) {
	b := smallBTF(binary.LittleEndian)
	for range maxLayers - 1 {
		b = zstdBytes(t, nil, b)
	}
	if _, err := ExtractBytes(context.Background(), b, nil); err != nil {
		t.Errorf("%d layers: %v", maxLayers, err)
	}
	_, err := ExtractBytes(context.Background(), zstdBytes(t, nil, b), nil)
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("%d layers: error %v, want ErrUnsupported", maxLayers+1, err)
	}
}

// TestImagesMutated damages every fixture many times: any answer is right but a panic or one that
// takes more memory than the limits allow.
func TestImagesMutated(t *testing.T) {
	var files []string
	for _, dir := range []string{imageDir, streamDir, "testdata/datasec"} {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(found) == 0 {
			t.Fatalf("%d fixtures in %s, error %v", len(found), dir, err)
		}
		files = append(files, found...)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	opts := &Options{MaxSize: 2 << 20, FixDatasec: true}
	for _, file := range files {
		seed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			_, _ = ExtractBytes(context.Background(), mutate(rng, seed), opts)
		}
	}
}

// TestTrailingBytes reads the first stream of a file with something else behind it, and does not
// take a damaged stream for a whole one.
func TestTrailingBytes(t *testing.T) {
	for ext := range moduleCompressors {
		file, err := os.ReadFile(filepath.Join(imageDir, "module.ko."+ext))
		if err != nil {
			t.Fatal(err)
		}
		tail := bytes.Repeat([]byte("\xd0\x0d\xfe\xed"), 50) // as a device tree begins
		d, err := ExtractBytes(context.Background(), append(file, tail...), nil)
		if err != nil || !bytes.Equal(d.BTF, smallBTF(d.ByteOrder)) {
			t.Errorf("%s: %v, error %v", ext, d, err)
		}
	}
}

// TestTruncated refuses every cut of a compressed module: what is left must not pass as all.
func TestTruncated(t *testing.T) {
	for ext := range moduleCompressors {
		file, err := os.ReadFile(filepath.Join(imageDir, "module.ko."+ext))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := ExtractBytes(context.Background(), file, nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range file {
			d, err := ExtractBytes(context.Background(), file[:n], nil)
			if err == nil && !bytes.Equal(d.BTF, whole.BTF) {
				t.Errorf("%s: cut at %d of %d bytes: other BTF", ext, n, len(file))
			}
			if err == nil && n < len(file)-12 { // the last bytes are checks or an end mark
				t.Errorf("%s: cut at %d of %d bytes: accepted", ext, n, len(file))
			}
		}
	}
}
