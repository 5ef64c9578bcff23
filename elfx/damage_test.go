package elfx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readStream returns a file that TestStreams reads, and what it holds.
func readStream(t *testing.T, name string) (file, content []byte) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(streamDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if content, err = unpackAll(file); err != nil {
		t.Fatal(err)
	}
	return file, content
}

// TestStreamsDamaged changes single bits all over streams with checksums: nothing else than what
// was packed may come out. It also cuts them: a part may not pass as the whole.
func TestStreamsDamaged(t *testing.T) {
	for _, name := range []string{
		"usual.lzo", "crc.lzo", "slow.lzo", "filter.lzo", "stored.lzo", "linked.lz4", "stored.gz",
		"arm64.xz", "sizes.xz", "riscv-start.xz", "fast.bz2", "skipped.zst",
	} {
		file, content := readStream(t, name)
		for at := 64; at < len(file); at += 13 {
			damaged := bytes.Clone(file)
			damaged[at] ^= 1 << (at % 8)
			if got, err := unpackAll(damaged); err == nil && !bytes.Equal(got, content) {
				t.Errorf("%s: damage at %#x is not noticed", name, at)
			}
		}
		for n := 64; n < len(file); n += 97 {
			if got, err := unpackAll(file[:n]); err == nil {
				t.Errorf("%s: %d bytes of %d pass as whole, with %d bytes", name, n, len(file), len(got))
			}
		}
	}
}

// TestContainersDamaged changes every byte of headers, and of the index and the footer of xz: each
// change has to be an error, whatever the byte is good for.
func TestContainersDamaged(t *testing.T) {
	for name, spans := range map[string][][2]int{
		"usual.lzo": {{9, 50}}, // the header and that of a block, with one checksum
		"crc.lzo":   {{9, 50}}, // a CRC-32
		"both.lzo":  {{9, 54}}, // two checksums
		"sums.lzo":  {{9, 54}},
		"sizes.xz":  {{6, 34}, {-60, 0}}, // behind is a byte of no meaning
		"arm64.xz":  {{6, 28}, {-30, 0}},
	} {
		file, _ := readStream(t, name)
		for _, span := range spans {
			for at := span[0]; at < span[1]; at++ {
				damaged := bytes.Clone(file)
				damaged[(at+len(file))%len(file)] ^= 1 << (at & 7)
				if _, err := unpackAll(damaged); err == nil {
					t.Errorf("%s: damage at %d is not noticed", name, at)
				}
			}
		}
	}
}

// lzopFirstBlock is where the first block begins in a file of lzop's without a name.
const lzopFirstBlock = 9 + 2 + 2 + 2 + 1 + 1 + 4 + 4 + 4 + 4 + 1 + 4

// lzopHeader returns such a file with its header changed and the header's checksum made right.
func lzopHeader(file []byte, change func(header []byte) []byte) []byte {
	header := change(bytes.Clone(file[9 : lzopFirstBlock-4]))
	sum := adler32.Checksum(header)
	if binary.BigEndian.Uint32(header[8:])&lzopHeaderCRC != 0 {
		sum = crc32.ChecksumIEEE(header)
	}
	return slices.Concat(file[:9], binary.BigEndian.AppendUint32(header, sum), file[lzopFirstBlock:])
}

// TestLzopHeaders names what is not supported, and reads an extra field and a checksum by CRC-32.
func TestLzopHeaders(t *testing.T) {
	file, content := readStream(t, "usual.lzo")
	flags := func(h []byte, set uint32) []byte {
		binary.BigEndian.PutUint32(h[8:], binary.BigEndian.Uint32(h[8:])|set)
		return h
	}
	for says, change := range map[string]func(h []byte) []byte{
		"version 0x930":                       func(h []byte) []byte { h[0], h[1] = 9, 0x30; return h },
		"version 0x1040, which needs 0x1140":  func(h []byte) []byte { h[4] = 0x11; return h },
		"method 128":                          func(h []byte) []byte { h[6] = 128; return h },
		"part of an archive of several parts": func(h []byte) []byte { return flags(h, lzopMulti) },
		"filter 17": func(h []byte) []byte {
			return slices.Insert(flags(h, lzopFilter), 12, 0, 0, 0, 17)
		},
	} {
		_, err := unpackAll(lzopHeader(file, change))
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want ErrUnsupported and %q", err, says)
		}
	}
	extra := []byte("\x00\x00\x00\x05extra")
	changed := lzopHeader(file, func(h []byte) []byte { return flags(h, lzopHeaderCRC|lzopExtra) })
	changed = slices.Insert(changed, lzopFirstBlock,
		binary.BigEndian.AppendUint32(extra, crc32.ChecksumIEEE(extra))...)
	got, err := unpackAll(changed)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("CRC-32 and an extra field: %d bytes, error %v", len(got), err)
	}
	changed[lzopFirstBlock+5]++
	if _, err := unpackAll(changed); !errors.Is(err, ErrCorrupt) {
		t.Errorf("damaged extra field: error %v", err)
	}
}
