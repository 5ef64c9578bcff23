package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

var bothOrders = []binary.ByteOrder{binary.LittleEndian, binary.BigEndian}

// TestELF reads .BTF out of every class, byte order and compression, with and without symbols.
func TestELF(t *testing.T) {
	for _, class := range []int{32, 64} {
		for _, order := range bothOrders {
			for _, compress := range []uint32{0, chZlib, chZstd} {
				for _, variant := range []string{"plain", "symtab", "extended"} {
					name := fmt.Sprintf("%d/%v/compress=%d/%s", class, order, compress, variant)
					t.Run(name, func(t *testing.T) {
						testELFVariant(t, testELF{
							class: class, order: order,
							extended: variant == "extended", symtab: variant == "symtab",
						}, compress)
					})
				}
			}
		}
	}
}

func testELFVariant(t *testing.T, e testELF, compress uint32) {
	blob, base, ext := smallBTF(e.order), smallBTF(e.order), []byte("an ext section")
	e.sections = []testSection{
		progbits(".text", make([]byte, 100)),
		{name: ".BTF", typ: 1, data: blob, compress: compress},
		{name: ".BTF.ext", typ: 1, data: ext, compress: compress},
		{name: ".BTF.base", typ: 1, data: base, compress: compress},
	}
	file := e.build(t)
	d, err := ExtractBytes(context.Background(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.BTF, blob) || !bytes.Equal(d.Base, base) || !bytes.Equal(d.Ext, ext) {
		t.Errorf("BTF %d, base %d, ext %d bytes: not those put in", len(d.BTF), len(d.Base), len(d.Ext))
	}
	if d.ByteOrder != e.order || d.PointerSize != e.class/8 {
		t.Errorf("got %v, %d-byte pointers", d.ByteOrder, d.PointerSize)
	}
	if want := fmt.Sprintf("ELF%d", e.class); d.Format != want {
		t.Errorf("format %q, want %q", d.Format, want)
	}
	if compress != 0 {
		if d.Offset != -1 {
			t.Errorf("offset %#x of an unpacked section, want -1", d.Offset)
		}
	} else if !bytes.Equal(file[d.Offset:][:len(blob)], blob) {
		t.Errorf("no blob at offset %#x", d.Offset)
	}
}

// TestELFPrefersData finds the .BTF that has bytes behind one that has none.
func TestELFPrefersData(t *testing.T) {
	blob := smallBTF(binary.LittleEndian)
	e := testELF{class: 64, order: binary.LittleEndian, sections: []testSection{
		{name: ".BTF", typ: shtNobits, size: 10}, progbits(".BTF", blob),
	}}
	d, err := ExtractBytes(context.Background(), e.build(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.BTF, blob) {
		t.Errorf("BTF of %d bytes is not the one put in", len(d.BTF))
	}
}

// TestELFRefused checks the class and the words of each refusal.
func TestELFRefused(t *testing.T) {
	le := binary.LittleEndian
	blob := smallBTF(le)
	build := func(sections ...testSection) []byte {
		return testELF{class: 64, order: le, sections: sections}.build(t)
	}
	// edit overwrites a field of the section header of .BTF, the second section.
	edit := func(file []byte, field int, v uint64) []byte {
		shoff := le.Uint64(file[elf64.ehShoff:])
		le.PutUint64(file[int(shoff)+elf64.shsize+field:], v)
		return file
	}
	plain := build(progbits(".BTF", blob))
	claimed := uint64(len(blob))
	packed := testSection{name: ".BTF", typ: 1, data: blob, compress: chZlib}
	tests := []struct {
		name string
		file []byte
		is   error
		says string
	}{
		{"nothing", nil, ErrNoBTF, "the file is empty"},
		{"header cut", plain[:40], ErrCorrupt, "ELF header of 40 bytes"},
		{"cut", plain[:len(plain)-1], ErrCorrupt, "truncated?"},
		{"class", append([]byte("\x7fELF\x03"), plain[5:]...), ErrCorrupt, "class 3"},
		{"encoding", append([]byte("\x7fELF\x02\x00"), plain[6:]...), ErrCorrupt, "encoding 0"},
		{"no .BTF", build(progbits(".text", blob)), ErrNoBTF, "built without BTF"},
		{"DWARF", build(progbits(".debug_info", blob)), ErrNoBTF, "pahole -J"},
		{"NOBITS", build(testSection{name: ".BTF", typ: shtNobits, size: 1 << 40}), ErrNoBTF,
			"no data in this file (SHT_NOBITS"},
		{"not BTF", build(progbits(".BTF", []byte("junk"))), ErrCorrupt, "begins with 6a 75 6e 6b"},
		{"empty", build(progbits(".BTF", nil)), ErrCorrupt, ".BTF section at 0x40 is empty"},
		{"size", edit(bytes.Clone(plain), elf64.shSize, 1<<62), ErrCorrupt, "4611686018427387904 bytes"},
		{"offset", edit(bytes.Clone(plain), elf64.shOff, ^uint64(0)), ErrCorrupt, "truncated?"},
		{"wraps", edit(edit(bytes.Clone(plain), elf64.shOff, ^uint64(0)), elf64.shSize, 2),
			ErrCorrupt, "truncated?"},
		{"type 9", bytes.Replace(build(packed), chdr(1, claimed), chdr(9, claimed), 1),
			ErrUnsupported, "compression type 9"},
		{"claims less", bytes.Replace(build(packed), chdr(1, claimed), chdr(1, 5), 1),
			ErrCorrupt, "its header says 5"},
		{"claims much", bytes.Replace(build(packed), chdr(1, claimed), chdr(1, 1<<40), 1),
			ErrTooLarge, "Options.MaxRatio"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := ExtractBytes(context.Background(), test.file, nil)
			if err == nil {
				t.Fatalf("%s accepted", d.Format)
			}
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q, want class %q and %q", err, test.is, test.says)
			}
		})
	}
}

// chdr encodes the start of an Elf64_Chdr.
func chdr(typ uint32, size uint64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(typ))
	return binary.LittleEndian.AppendUint64(b, size)
}

// countingReader counts what is read of it.
type countingReader struct {
	io.ReaderAt
	n int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// TestELFReadsSectionsOnly makes sure that a large vmlinux is not read whole.
func TestELFReadsSectionsOnly(t *testing.T) {
	file := testELF{class: 64, order: binary.LittleEndian, sections: []testSection{
		progbits(".debug_info", make([]byte, 10<<20)),
		progbits(".BTF", smallBTF(binary.LittleEndian)),
	}}.build(t)
	r := &countingReader{ReaderAt: bytes.NewReader(file)}
	if _, err := Extract(context.Background(), r, int64(len(file)), nil); err != nil {
		t.Fatal(err)
	}
	if r.n > 4096 {
		t.Errorf("read %d bytes of a file of %d, want the headers and .BTF only", r.n, len(file))
	}
}

// TestELFManySections reads a file with more sections than e_shnum can count.
func TestELFManySections(t *testing.T) {
	e := testELF{class: 64, order: binary.LittleEndian, extended: true}
	e.sections = make([]testSection, 70_000)
	e.sections[69_000] = progbits(".BTF", smallBTF(e.order))
	file := e.build(t)
	d, err := ExtractBytes(context.Background(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.BTF, smallBTF(e.order)) {
		t.Error("the wrong bytes")
	}
	// The headers of so many count.
	_, err = Extract(context.Background(), bytes.NewReader(file), int64(len(file)),
		&Options{MaxSize: 1 << 20})
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "section headers of 44") {
		t.Errorf("error %v", err)
	}
}

// TestELFMutated feeds 60,000 damaged ELF files of all kinds: any answer is right but a panic, and
// an answer must lie inside the file.
func TestELFMutated(t *testing.T) {
	var seeds [][]byte
	for _, class := range []int{32, 64} {
		for _, order := range bothOrders {
			for _, compress := range []uint32{0, chZlib, chZstd} {
				seeds = append(seeds, testELF{class: class, order: order, sections: []testSection{
					{name: ".BTF", typ: 1, data: smallBTF(order), compress: compress},
					{name: ".BTF.ext", typ: 1, data: []byte{1}},
				}}.build(t))
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var accepted int
	for i := range 60_000 {
		b := mutate(rng, seeds[i%len(seeds)])
		d, err := ExtractBytes(context.Background(), b, nil)
		if err != nil {
			continue
		}
		accepted++
		if d.Offset >= 0 && !bytes.Equal(b[d.Offset:][:len(d.BTF)], d.BTF) {
			t.Fatalf("mutation %d: %d bytes of BTF are not those at %#x", i, len(d.BTF), d.Offset)
		}
	}
	if accepted == 0 || accepted == 60_000 {
		t.Errorf("%d of 60000 mutated files accepted: the mutations do not test anything", accepted)
	}
}

// mutate returns a damaged copy: a few fields set to values that break arithmetic, or a cut.
func mutate(rng *rand.Rand, seed []byte) []byte {
	b := bytes.Clone(seed)
	edges := []uint64{0, 1, 8, 0x7f, 0x80, 0xff, 0xffff, 1 << 31, 1<<32 - 1, 1 << 63, 1<<64 - 1}
	for range 1 + rng.IntN(3) {
		v := edges[rng.IntN(len(edges))]
		if rng.IntN(3) == 0 {
			v = rng.Uint64() >> rng.IntN(64)
		}
		var field [8]byte
		binary.LittleEndian.PutUint64(field[:], v)
		at := rng.IntN(len(b))
		if rng.IntN(2) == 0 { // headers are at the start and the end
			at = max(0, len(b)-1-rng.IntN(320))
		} else if rng.IntN(2) == 0 {
			at = rng.IntN(min(len(b), 64))
		}
		copy(b[at:], field[:1<<rng.IntN(4)])
	}
	if rng.IntN(8) == 0 {
		b = b[:rng.IntN(len(b))]
	}
	return b
}
