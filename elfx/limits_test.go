package elfx

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
)

// allocated returns the bytes that f allocates on the heap, counted by the runtime.
func allocated(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	return sample[0].Value.Uint64() - before
}

// zeros compresses n zero bytes.
func zeros(t *testing.T, w io.WriteCloser, n int64) {
	t.Helper()
	if _, err := io.CopyN(w, zeroReader{}, n); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// bombs are files of about 261 kB that unpack to 256 MiB.
func bombs(t *testing.T) map[string][]byte {
	const size = 256 << 20
	var packed, file bytes.Buffer
	z := zlib.NewWriter(&packed)
	zeros(t, z, size)
	zeros(t, gzip.NewWriter(&file), size)
	head := append(chdr(chZlib, size), 1, 0, 0, 0, 0, 0, 0, 0)
	lying := append(chdr(chZlib, 1<<20), head[16:]...) // claims little, holds much
	section := func(head []byte) []byte {
		return testELF{class: 64, order: binary.LittleEndian, sections: []testSection{{
			name: ".BTF", typ: 1, flags: shfCompressed, data: append(head, packed.Bytes()...),
		}}}.build(t)
	}
	return map[string][]byte{
		"section": section(head), "lying section": section(lying),
		"gzip": file.Bytes(), "bzImage": bzImageOf(file.Bytes()),
		"searched": append(make([]byte, 100), file.Bytes()...),
	}
}

// TestBomb refuses files that unpack to hundreds of megabytes, naming the limit, before it has
// allocated much more than that limit.
func TestBomb(t *testing.T) {
	tests := []struct {
		opts  *Options
		limit uint64
		says  string
	}{
		{nil, 70 * 261_000, "the limit of Options.MaxRatio (64 to 1)"},
		{&Options{MaxRatio: 100}, 110 * 261_000, "the limit of Options.MaxRatio (100 to 1)"},
		{&Options{MaxRatio: -1, MaxSize: 1 << 20}, 1 << 20,
			"the limit of Options.MaxSize (1048576 bytes)"},
	}
	for name, file := range bombs(t) {
		if len(file) > 300_000 {
			t.Fatalf("%s: the bomb is of %d bytes", name, len(file))
		}
		for _, test := range tests {
			var err error
			used := allocated(func() { _, err = ExtractBytes(context.Background(), file, test.opts) })
			if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s: error %v, want ErrTooLarge and %q", name, err, test.says)
			}
			// Growing by a quarter at a time allocates five times the last size, twice.
			if used > 10*test.limit+8<<20 {
				t.Errorf("%s: %d bytes allocated within a limit of %d", name, used, test.limit)
			}
		}
	}
}

// TestLimitsLifted unpacks what the default limits refuse, so that they are the only reason.
func TestLimitsLifted(t *testing.T) {
	var file bytes.Buffer
	z := gzip.NewWriter(&file)
	blob := smallBTF(binary.LittleEndian)
	if _, err := z.Write(blob); err != nil {
		t.Fatal(err)
	}
	zeros(t, z, 40<<20)
	if _, err := ExtractBytes(context.Background(), file.Bytes(), nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("default limits: error %v, want ErrTooLarge", err)
	}
	d, err := ExtractBytes(context.Background(), file.Bytes(), &Options{MaxRatio: -1, MaxSize: -1})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(d.BTF, blob) {
		t.Error("not the bytes put in")
	}
}

// TestMaxSizeOfReads applies the limit to what is read without decompression, too.
func TestMaxSizeOfReads(t *testing.T) {
	le := binary.LittleEndian
	tests := map[string][]byte{
		"raw BTF":      smallBTF(le),
		"image":        make([]byte, 200),
		".BTF section": smallELF(t, le),
	}
	for says, file := range tests {
		// Read, not Parse: bytes that are in memory already cost nothing to look at.
		_, err := Extract(context.Background(), bytes.NewReader(file), int64(len(file)),
			&Options{MaxSize: 100})
		if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v", says, err)
		}
	}
}

// cancelReader cancels a context once n bytes were read.
type cancelReader struct {
	io.ReaderAt
	n      int
	cancel context.CancelFunc
}

func (c *cancelReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	if c.n -= n; c.n < 0 {
		c.cancel()
	}
	return n, err
}

// TestCancel stops decompression and searching when the context ends, with the context's error.
func TestCancel(t *testing.T) {
	var file bytes.Buffer
	zeros(t, gzip.NewWriter(&file), 64<<20)
	for name, b := range map[string][]byte{
		"gzip": file.Bytes(), "search": make([]byte, 40<<20),
	} {
		ctx, cancel := context.WithCancel(context.Background())
		r := &cancelReader{ReaderAt: bytes.NewReader(b), n: 100, cancel: cancel}
		_, err := Extract(ctx, r, int64(len(b)), &Options{MaxRatio: -1})
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: error %v, want the context's only", name, err)
		}
		if name == "gzip" && r.n < -128<<10 {
			t.Errorf("gzip: read %d bytes after the end of the context", -r.n)
		}
		cancel()
	}
}

// countdown is a context that ends after it was asked a number of times.
type countdown struct {
	context.Context
	n int
}

func (c *countdown) Err() error {
	if c.n--; c.n < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelDecoders ends every decoder at every point where it looks at the context, with nothing
// but the context's error.
func TestCancelDecoders(t *testing.T) {
	for name := range streams {
		file, _ := readStream(t, name)
		ended := false
		for n := 0; !ended; n++ {
			_, err := ExtractBytes(&countdown{context.Background(), n}, file, nil)
			if ended = err == nil; ended && n < 4 {
				t.Errorf("%s: the context was asked %d times", name, n)
			}
			if err != nil && (!errors.Is(err, context.Canceled) || errors.Is(err, ErrCorrupt) ||
				errors.Is(err, ErrNoBTF) || errors.Is(err, ErrTooLarge)) {
				t.Errorf("%s, after %d: error %v", name, n, err)
			}
		}
	}
}

// failingReader fails behind its first n bytes.
type failingReader struct {
	io.ReaderAt
	n int64
}

var errBroken = errors.New("broken disk")

func (f failingReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.n {
		return 0, errBroken
	}
	return f.ReaderAt.ReadAt(p, off)
}

// TestReadError hands an input's own error through, at whatever point it comes, and does not call
// the file corrupt.
func TestReadError(t *testing.T) {
	le := binary.LittleEndian
	elf := smallELF(t, le)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(elf); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"ELF": elf, "raw": smallBTF(le), "gzip": packed.Bytes(), "image": make([]byte, 300),
	} {
		for n := range int64(len(b)) {
			r := failingReader{bytes.NewReader(b), n}
			_, err := Extract(context.Background(), r, int64(len(b)), nil)
			if !errors.Is(err, errBroken) || errors.Is(err, ErrCorrupt) {
				t.Fatalf("%s: failing at %d: error %v", name, n, err)
			}
		}
	}
}

// TestMaxWindow refuses streams that ask for more history than allowed, naming the limit, and
// allocates what the limit allows where they ask for no more.
func TestMaxWindow(t *testing.T) {
	asks64M := map[string][]byte{ // of history, as xz -9 does
		"lzma": append([]byte("\x5d\x00\x00\x00\x04"), make([]byte, 100)...),
		"xz": append([]byte("\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x1c\x00\x00\x00"+
			"\x10\xcf\x58\xcc"), make([]byte, 100)...),
		"zstd": append([]byte("\x28\xb5\x2f\xfd\x00\x80"), make([]byte, 100)...),
	}
	copy(asks64M["lzma"][5:13], "\xff\xff\xff\xff\xff\xff\xff\xff") // a size that is not known
	for name, file := range asks64M {
		var err error
		used := allocated(func() {
			_, err = ExtractBytes(context.Background(), file, &Options{MaxWindow: 8 << 20})
		})
		if !errors.Is(err, ErrTooLarge) ||
			!strings.Contains(err.Error(), "Options.MaxWindow (8388608 bytes)") {
			t.Errorf("%s: %v", name, err)
		}
		if used > 4<<20 {
			t.Errorf("%s: %d bytes allocated to refuse it", name, used)
		}
		if _, err := ExtractBytes(context.Background(), file, nil); errors.Is(err, ErrTooLarge) {
			t.Errorf("%s by default: %v", name, err)
		}
	}
}
