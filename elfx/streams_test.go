package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const streamDir = "testdata/streams"

// streams are commands that compress with options that change the format of what they write;
// -update runs them. That with --riscv needs xz 5.6 or later.
var streams = map[string][]string{
	"x86.xz":         {"xz", "--check=crc32", "--x86", "--lzma2"},
	"powerpc.xz":     {"xz", "--check=crc32", "--powerpc", "--lzma2"},
	"ia64.xz":        {"xz", "--check=crc32", "--ia64", "--lzma2"},
	"arm.xz":         {"xz", "--check=crc32", "--arm", "--lzma2"},
	"armthumb.xz":    {"xz", "--check=crc32", "--armthumb", "--lzma2"},
	"sparc.xz":       {"xz", "--check=crc32", "--sparc", "--lzma2"},
	"arm64.xz":       {"xz", "--check=crc32", "--arm64", "--lzma2"},
	"riscv.xz":       {"xz", "--check=crc32", "--riscv", "--lzma2"},
	"delta.xz":       {"xz", "--check=crc32", "--delta=dist=4", "--lzma2"},
	"arm64-start.xz": {"xz", "--check=crc64", "--arm64=start=8192", "--lzma2"},
	"riscv-start.xz": {"xz", "--check=sha256", "--riscv=start=4098", "--lzma2"},
	"x86-start.xz":   {"xz", "--check=none", "--x86=start=77", "--lzma2"},
	"chain.xz":       {"xz", "--check=crc32", "--riscv", "--arm64", "--powerpc", "--lzma2"},
	"chain-inner.xz": {"xz", "--check=crc32", "--delta=dist=16", "--x86", "--arm64", "--lzma2"},
	"blocks.xz":      {"xz", "--check=crc32", "--block-size=1000", "--arm64", "--lzma2"},
	"sizes.xz":       {"xz", "--check=crc64", "-T2", "--block-size=1500"},

	"usual.lzma":  {"xz", "--format=lzma"},
	"small.lzma":  {"xz", "--format=lzma", "--lzma1=dict=4KiB"},
	"params.lzma": {"xz", "--format=lzma", "--lzma1=lc=1,lp=2,pb=0"},

	"usual.lzo":  {"lzop"},
	"crc.lzo":    {"lzop", "--crc32"},
	"none.lzo":   {"lzop", "-1", "--no-checksum"},
	"slow.lzo":   {"lzop", "-9", "--crc32"},
	"filter.lzo": {"lzop", "--filter=4"},
	"both.lzo":   {"lzop", "-9", "-C", "-C"}, // checksums of packed and unpacked bytes
	"sums.lzo":   {"lzop", "-9", "-C", "-C", "--crc32"},
	"stored.lzo": {"lzop"},

	"linked.lz4":  {"lz4", "-B4", "-BD", "-BX", "-"},
	"plain.lz4":   {"lz4", "-B5", "--no-frame-crc", "-"},
	"legacy.lz4":  {"lz4", "-l", "-"},
	"fast.zst":    {"zstd", "--fast=5", "--no-check"},
	"long.zst":    {"zstd", "--ultra", "-22", "--long=27"},
	"skipped.zst": {"pzstd", "-c", "-q"},
	"fast.bz2":    {"bzip2", "-1"},
	"stored.gz":   {"gzip", "-n", "-1"},
}

// streamContent is what every stream holds: code of all the machines whose branches xz's filters
// rewrite, BTF, and bytes that do not compress.
func streamContent() []byte {
	rng := rand.New(rand.NewPCG(11, 12))
	code := func(n int, order binary.ByteOrder, instr func(r uint32) uint32) []byte {
		var b []byte
		for range n {
			b = appendU32(b, order, instr(rng.Uint32()))
		}
		return b
	}
	le, be := binary.LittleEndian, binary.BigEndian
	near := func(r uint32) uint32 { return uint32(int32(r) >> (8 + r%16)) } // back or forth
	random := func(n int) []byte { return code(n/4, le, func(r uint32) uint32 { return r }) }
	x86, ia64 := random(0), random(640)
	for range 60 {
		x86 = append(appendU32(append(x86, 0xe8+byte(rng.IntN(2))), le, near(rng.Uint32())), random(4)...)
	}
	for i := 0; i < len(ia64); i += 16 {
		ia64[i] = ia64[i]&^0x1f | byte(0x10+rng.IntN(16))
	}
	riscv := func(r uint32) uint32 {
		return []uint32{0x0ef, 0x2ef, 0x097, 0x117, 0x017, 0xb17}[r%6] | near(r)<<12 // JAL, AUIPC
	}
	thumb := func(r uint32) uint32 { return 0xf800f000 | near(r)&0x07ff07ff }
	return slices.Concat([]byte("code"), x86, random(2), code(60, le, func(r uint32) uint32 {
		return 0xeb000000 | near(r)&0xffffff // ARM: BL
	}), code(60, le, thumb), code(60, le, func(r uint32) uint32 {
		return 0x94000000 | near(r)&0x3ffffff // ARM64: BL
	}), code(90, le, func(r uint32) uint32 {
		return 0x90000000 | near(r)&0x60ffffff // ARM64: ADRP, near and far
	}), code(60, be, func(r uint32) uint32 {
		return 0x48000001 | near(r)&0x3fffffc // PowerPC: bl
	}), code(60, be, func(r uint32) uint32 {
		return 0x40000000 | near(r)&0x3fffffff // SPARC: call
	}), ia64, code(200, le, riscv), smallBTF(le), random(900), []byte("end"))
}

// TestStreams unpacks all of what the tools write with each option, byte for byte, and finds the
// BTF inside.
func TestStreams(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(streams)) {
		content := streamContent()
		if !strings.HasPrefix(name, "stored") {
			content = append(content, content...) // else it does not compress
		}
		path := filepath.Join(streamDir, name)
		if *update {
			if err := os.MkdirAll(streamDir, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, run(t, streams[name], content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for what, test := range map[string]struct{ file, want []byte }{
			"once":  {file, content},
			"twice": {slices.Concat(file, file), slices.Concat(content, content)},
		} {
			if what == "twice" && strings.HasSuffix(name, ".lzma") {
				continue // xz reads one alone, too
			}
			got, err := unpackAll(test.file)
			if err != nil || !bytes.Equal(got, test.want) {
				t.Errorf("%s %s: %d bytes, error %v; want %d bytes", name, what, len(got), err, len(test.want))
			}
		}
		d, err := ExtractBytes(context.Background(), file, nil)
		if err != nil || !bytes.Equal(d.BTF, smallBTF(binary.LittleEndian)) {
			t.Errorf("%s: %v, error %v", name, d, err)
		}
	}
}

// unpackAll unpacks the streams that a file consists of.
func unpackAll(file []byte) ([]byte, error) {
	x := newExtraction(context.Background(), int64(len(file)), nil, 0)
	c := codecOf(file[:min(len(file), 64)])
	if c == nil {
		c = &oddLZMA
	}
	out, read, err := x.unpack(c, file, 0, false)
	if err == nil && read != len(file) {
		err = fmt.Errorf("read %d bytes of %d", read, len(file))
	}
	return out, err
}
