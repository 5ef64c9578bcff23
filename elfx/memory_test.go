package elfx

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// zeroBytes is how much the files in testdata/bombs hold, all of it zeros.
const zeroBytes = 80 << 20

// bombCommands make what cannot be made here, but for lzop's, which would be large: that is one
// block.
var bombCommands = map[string][]string{
	"zeros.xz":   {"xz", "-9"},
	"blocks.xz":  {"xz", "-6", "--block-size=8MiB"},
	"zeros.lzma": {"xz", "--format=lzma", "-9"},
	"zeros.bz2":  {"bzip2", "-9"},
}

// bombFiles are files that unpack to more than 64 MiB, one for each decoder and each way in which
// it learns how much that is.
func bombFiles(t *testing.T) map[string][]byte {
	files := make(map[string][]byte)
	for name, command := range bombCommands {
		path := filepath.Join("testdata/bombs", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, run(t, command, make([]byte, zeroBytes)), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	var b bytes.Buffer
	zeros(t, gzip.NewWriter(&b), zeroBytes)
	files["zeros.gz"] = bytes.Clone(b.Bytes())
	b.Reset()
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	zeros(t, w, zeroBytes)
	files["unsized.zst"] = bytes.Clone(b.Bytes())
	files["sized.zst"] = zstdBytes(t, nil, make([]byte, zeroBytes))
	b.Reset()
	zeros(t, lz4.NewWriter(&b), zeroBytes)
	files["zeros.lz4"] = bytes.Clone(b.Bytes())
	files["legacy.lz4"] = legacyZeros(t, zeroBytes/lz4Block)
	files["zeros.lzo"] = lzopZeros(t)
	files["nested.gz"] = nestedGzip(t)
	return files
}

// legacyZeros packs blocks of zeros in lz4's old format.
func legacyZeros(t *testing.T, blocks int) []byte {
	t.Helper()
	packed := make([]byte, lz4.CompressBlockBound(lz4Block))
	n, err := lz4.CompressBlock(make([]byte, lz4Block), packed, nil)
	if err != nil || n == 0 {
		t.Fatalf("%d bytes, error %v", n, err)
	}
	block := append(binary.LittleEndian.AppendUint32(nil, uint32(n)), packed[:n]...)
	return append([]byte(lz4Magic), bytes.Repeat(block, blocks)...)
}

// nestedGzip wraps bytes that do not compress, a fraction of what is allowed, again and again.
func nestedGzip(t *testing.T) []byte {
	t.Helper()
	b := append([]byte("noise"), make([]byte, 20<<20)...)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b[5:])
	for range 4 {
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b = out.Bytes()
	}
	return b
}

// TestMemory reads files that unpack to more than the limit, with every decoder. All that it
// allocates is at most 1.3 times the limit and 8 MiB: so it never has more, either.
func TestMemory(t *testing.T) {
	files := bombFiles(t)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, limit := range []int64{32 << 20, 64 << 20} {
			opts := &Options{MaxSize: limit, MaxRatio: -1}
			var err error
			used := int64(allocated(func() {
				_, err = ExtractBytes(context.Background(), files[name],
					opts)
			}))
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, limit %d: error %v", name, limit, err)
			}
			if used > limit*13/10+8<<20 {
				t.Errorf("%s: %d MiB allocated within a limit of %d", name, used>>20, limit>>20)
			}
		}
	}
}

// lzopZeros repeats the block of a file that lzop wrote.
func lzopZeros(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join("testdata/bombs", "block.lzo")
	if *update {
		block := run(t, []string{"lzop", "-9"}, make([]byte, 256<<10))
		if err := os.WriteFile(path, block, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := len(file) - 4
	return slices.Concat(file[:lzopFirstBlock],
		bytes.Repeat(file[lzopFirstBlock:end], zeroBytes/(256<<10)), file[end:])
}

// TestMemoryOfHistory counts the dictionary of 64 MiB that is needed besides the output.
func TestMemoryOfHistory(t *testing.T) {
	files := bombFiles(t)
	for _, name := range []string{"zeros.xz", "zeros.lzma"} {
		opts := &Options{MaxSize: zeroBytes + 20<<20, MaxRatio: -1}
		if _, err := ExtractBytes(context.Background(), files[name], opts); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", name, err)
		}
		opts.MaxSize = 2*zeroBytes + 20<<20
		if _, err := ExtractBytes(context.Background(), files[name], opts); !errors.Is(err, ErrNoBTF) {
			t.Errorf("%s, enough for both: error %v", name, err)
		}
	}
}

// TestLargeBuffer unpacks layers into the one large buffer behind each other, next to copies: none
// may overwrite another.
func TestLargeBuffer(t *testing.T) {
	le := binary.LittleEndian
	blob, base := manyInts(le, 30_000), manyInts(le, 40_000)
	inner := testELF{class: 64, order: le, sections: []testSection{
		{name: ".BTF", typ: 1, data: blob, compress: chZlib},
		progbits(".data", make([]byte, 9<<20)),
		{name: ".BTF.base", typ: 1, data: base, compress: chZstd},
		{name: ".BTF.inline", typ: 1, data: blob, compress: chZlib}, progbits(".BTF.ext", base),
	}}.build(t)
	file := zstdBytes(t, nil, bzImageOf(zstdBytes(t, nil, inner)))
	for _, limit := range []int64{13 << 20, 64 << 20} {
		d, err := ExtractBytes(context.Background(), file, &Options{MaxRatio: -1, MaxSize: limit})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(d.BTF, blob) || !bytes.Equal(d.Base, base) || !bytes.Equal(d.Ext, base) ||
			!bytes.Equal(d.Extra["inline"], blob) {
			t.Errorf("limit %d: not the bytes put in", limit)
		}
		if cap(d.BTF) != len(d.BTF) {
			t.Error("appending to BTF would write over something else")
		}
	}
}

// TestKeepCopies does not let a section hold on to all of the file that it was unpacked from.
func TestKeepCopies(t *testing.T) {
	file := testELF{class: 64, order: binary.LittleEndian, sections: []testSection{
		progbits(".data", make([]byte, 1<<20)), progbits(".BTF", smallBTF(binary.LittleEndian)),
	}}.build(t)
	x := newExtraction(context.Background(), 1<<20, nil, 0)
	d, err := x.extract(unpacked(file), forStreams)
	if err != nil {
		t.Fatal(err)
	}
	copy(file, make([]byte, len(file)))
	if !bytes.Equal(d.BTF, smallBTF(binary.LittleEndian)) {
		t.Error("BTF is a part of the unpacked file")
	}
}

// TestMemoryToParse counts what it takes to parse BTF that is found by searching, and refuses what
// is too large for the limit; it does not say that there is none.
func TestMemoryToParse(t *testing.T) {
	file := append(make([]byte, 64), manyInts(binary.LittleEndian, 200_000)...)
	file = zstdBytes(t, nil, file)
	for limit, is := range map[int64]error{6 << 20: ErrTooLarge, 32 << 20: nil} {
		var err error
		used := int64(allocated(func() {
			_, err = ExtractBytes(context.Background(), file, &Options{MaxSize: limit, MaxRatio: -1})
		}))
		if !errors.Is(err, is) || used > limit*13/10+1<<20 {
			t.Errorf("limit %d: %d bytes allocated, error %v", limit, used, err)
		}
	}
}
