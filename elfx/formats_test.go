package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz/lzma"
)

// TestLegacyLZ4Ends tells the end of lz4's old format, which has no mark: a block that is not full,
// the end of the file, or the size that kernels append.
func TestLegacyLZ4Ends(t *testing.T) {
	full := legacyZeros(t, 2)
	for name, test := range map[string]struct {
		file   []byte
		single bool
		blocks int // unpacked, or 0 for an error
	}{
		"full":             {full, false, 2},
		"size behind":      {withSize(bytes.Clone(full), 2*lz4Block), true, 2},
		"cut":              {full[:len(full)-1], false, 0},
		"cut at a block":   {full[:len(lz4Magic)+(len(full)-len(lz4Magic))/2], false, 1},
		"cut in a length":  {full[:len(lz4Magic)+3], false, 0},
		"block too long":   {append([]byte(lz4Magic), "\xff\xff\xff\x01 and so on"...), false, 0},
		"another behind":   {slices.Concat(full, full), false, 4},
		"another, alone":   {slices.Concat(full, full), true, 2},
		"junk, not size":   {append(bytes.Clone(full), "junk"...), false, 0},
		"no block, single": {[]byte(lz4Magic), true, 0},
	} {
		x := newExtraction(context.Background(), 1<<20, nil, 0)
		out, _, err := x.unpack(codecOf([]byte(lz4Magic)), test.file, 0, test.single)
		if len(out) != test.blocks*lz4Block || (err == nil) != (test.blocks > 0) {
			t.Errorf("%s: %d bytes, error %v", name, len(out), err)
		}
	}
}

// TestLegacyLZ4Members spends no more of the budget than what comes out, though a block may unpack
// to 255 times its size.
func TestLegacyLZ4Members(t *testing.T) {
	file, content := readStream(t, "legacy.lz4")
	file = file[:len(lz4Magic)+4+int(binary.LittleEndian.Uint32(file[len(lz4Magic):]))]
	const members = 20
	for _, limit := range []int64{0, members * int64(len(content))} {
		x := newExtraction(context.Background(), 1, &Options{MaxSize: limit}, 0)
		out, _, err := x.unpack(codecOf([]byte(lz4Magic)), bytes.Repeat(file, members), 0, false)
		if err != nil || len(out) != members*len(content) {
			t.Errorf("limit %d: %d bytes, error %v", limit, len(out), err)
		}
	}
}

// TestSizedLZMA reads lzma with the size in the header, as its authors' own tool writes it, and
// reserves no more than that for the dictionary, whatever its size.
func TestSizedLZMA(t *testing.T) {
	blob := smallBTF(binary.LittleEndian)
	var b bytes.Buffer
	w, err := lzma.WriterConfig{SizeInHeader: true, Size: int64(len(blob))}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(blob); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	binary.LittleEndian.PutUint32(file[1:], 64<<20)
	var d *Data
	opts := &Options{MaxWindow: 1 << 20}
	used := allocated(func() { d, err = ExtractBytes(context.Background(), file, opts) })
	if err != nil || !bytes.Equal(d.BTF, blob) || used > 1<<20 {
		t.Errorf("%v, %d bytes allocated, error %v", d, used, err)
	}
}

// TestZstdHeaders believes no size that the blocks cannot have, and names a dictionary.
func TestZstdHeaders(t *testing.T) {
	const rawBlock = "\x11\x00\x00" // the last one, of two bytes
	for says, test := range map[string]struct {
		file string
		is   error
	}{
		"frame of at most 2 bytes says that it has 1048576": {
			zstdMagic + "\xa0\x00\x00\x10\x00" + rawBlock + "ab", ErrCorrupt},
		"made with dictionary 5": {zstdMagic + "\x01\x00\x05" + rawBlock + "ab", ErrUnsupported},
		"after 0 bytes out":      {zstdMagic + "\x00\x00" + rawBlock + "a", ErrCorrupt},
		"no frame":               {"\x50\x2a\x4d\x18\x03\x00\x00\x00abc", ErrCorrupt},
	} {
		var err error
		used := allocated(func() { _, err = ExtractBytes(context.Background(), []byte(test.file), nil) })
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), says) || used > 1<<18 {
			t.Errorf("%d bytes allocated, error %v, want %v and %q", used, err, test.is, says)
		}
	}
}

// xzParts takes a file of one stream apart: what is before the index, the index without its
// checksum, and the footer without its own.
func xzParts(file []byte) (blocks, index, footer []byte) {
	footer = file[len(file)-8:]
	size := 4 * int(binary.LittleEndian.Uint32(footer))
	at := len(file) - 12 - 4 - size
	return file[:at], bytes.Clone(file[at : at+size]), bytes.Clone(footer)
}

// xzJoined puts the parts together again, with checksums.
func xzJoined(blocks, index, footer []byte) []byte {
	file := slices.Concat(blocks, index)
	file = binary.LittleEndian.AppendUint32(file, crc32.ChecksumIEEE(index))
	file = binary.LittleEndian.AppendUint32(file, crc32.ChecksumIEEE(footer[:6]))
	return append(file, footer...)
}

// TestXZIndex compares the index and the footer with the blocks, even where their checksums are
// right.
func TestXZIndex(t *testing.T) {
	file, _ := readStream(t, "sizes.xz")
	if !bytes.Equal(xzJoined(xzParts(file)), file) {
		t.Fatal("taken apart and joined, the file is another one")
	}
	for says, change := range map[string]func(index, footer []byte){
		"index of 99 blocks":              func(index, _ []byte) { index[1] = 99 },
		"index lists other blocks":        func(index, _ []byte) { index[2]++ },
		"xz stream: corrupt: footer":      func(_, footer []byte) { footer[0]++ },
		"corrupt: footer":                 func(_, footer []byte) { footer[5] = 1 },
		"xz stream: corrupt: padding":     func(index, _ []byte) { index[len(index)-1] = 1 },
		"corrupt: footer, of another end": nil,
	} {
		blocks, index, footer := xzParts(file)
		if change == nil {
			says, footer[7] = "corrupt: footer", 'X'
		} else {
			change(index, footer)
		}
		if _, err := unpackAll(xzJoined(blocks, index, footer)); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}

// TestXZPadding unpacks streams that zeros part, if these are a multiple of four, whatever is
// behind the last.
func TestXZPadding(t *testing.T) {
	file, content := readStream(t, "sizes.xz")
	for zeros, streams := range []int{2, 1, 1, 1, 2} {
		for _, behind := range []string{"", "x", "xy"} {
			all := slices.Concat(file, make([]byte, zeros), file)
			x := newExtraction(context.Background(), 1<<20, nil, 0)
			out, read, err := x.unpack(codecOf(file), append(all, behind...), 0, false)
			end := len(all)
			if streams == 1 {
				end = len(file)
			}
			if err != nil || read != end || !bytes.Equal(out, bytes.Repeat(content, streams)) {
				t.Errorf("%d zeros, %q behind: %d bytes of %d read, error %v", zeros, behind, read,
					len(all), err)
			}
		}
	}
}

// TestXZBlockHeader compares the sizes in a block's header with the block.
func TestXZBlockHeader(t *testing.T) {
	for _, at := range []int{14, 16} { // packed, unpacked: two bytes each
		file, _ := readStream(t, "sizes.xz")
		file[at]++
		end := 12 + 4*int(file[12])
		binary.LittleEndian.PutUint32(file[end:], crc32.ChecksumIEEE(file[12:end]))
		if _, err := unpackAll(file); err == nil || !strings.Contains(err.Error(), "its header says") {
			t.Errorf("size at %d: error %v", at, err)
		}
	}
}

// xzOf encodes a stream of one block with the filters, without a checksum, and nothing in it.
func xzOf(filters ...xzFilter) []byte {
	head := append(xzHead(filters, 0), 0) // the end mark of LZMA2
	unpadded := len(head) - 12
	for len(head)%4 != 0 {
		head = append(head, 0)
	}
	index := []byte{0, 1, byte(unpadded), 0}
	return xzJoined(head, index, []byte{byte(len(index) / 4), 0, 0, 0, 0, 0, 'Y', 'Z'})
}

// TestXZHeaders names filters, properties and checks that xz does not write.
func TestXZHeaders(t *testing.T) {
	if out, err := unpackAll(xzOf(xzFilter{id: filterARM64})); err != nil || len(out) != 0 {
		t.Fatalf("%d bytes, error %v", len(out), err)
	}
	otherCheck := xzOf()
	otherCheck[7] = 2
	binary.LittleEndian.PutUint32(otherCheck[8:], crc32.ChecksumIEEE(otherCheck[6:8]))
	for says, file := range map[string][]byte{
		"filter 0xc":                             xzOf(xzFilter{id: 0x0c}),
		"filter 0xa with properties 02 00 00 00": xzOf(xzFilter{filterARM64, []byte{2, 0, 0, 0}}),
		"filter 0xb with properties 01 00 00 00": xzOf(xzFilter{filterRISCV, []byte{1, 0, 0, 0}}),
		"filter 0xb with properties 01":          xzOf(xzFilter{filterRISCV, []byte{1}}),
		"filter 0x21 with properties 00":         xzOf(xzFilter{lzma2ID, []byte{0}}),
		"integrity check 0x2":                    otherCheck,
	} {
		_, err := unpackAll(file)
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want ErrUnsupported and %q", err, says)
		}
	}
	stream, content := readStream(t, "arm64.xz")
	padded := func(n int) []byte { return slices.Concat(stream, make([]byte, n), stream) }
	if out, err := unpackAll(padded(8)); err != nil || len(out) != 2*len(content) {
		t.Errorf("two streams and padding: %d bytes, error %v", len(out), err)
	}
	if out, err := unpackAll(padded(7)); err == nil {
		t.Errorf("two streams and padding of 7 bytes: %d bytes", len(out))
	}
}
