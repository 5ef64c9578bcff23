package elfx

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// smallBTF encodes a blob of a few types: int, a pointer to it, a struct of both, a function.
func smallBTF(order binary.ByteOrder) []byte {
	strs := "\x00int\x00pair\x00value\x00next\x00small_get\x00p\x00"
	var types []byte
	u32 := func(vs ...uint32) {
		for _, v := range vs {
			types = appendU32(types, order, v)
		}
	}
	u32(1, 1<<24, 4, 1<<24|32) // [1] INT int, signed, 32 bits
	u32(0, 2<<24, 3)           // [2] PTR to [3]
	u32(5, 4<<24|2, 16)        // [3] STRUCT pair, 16 bytes
	u32(10, 1, 0, 16, 2, 64)   //     value: int at 0; next: pointer at bit 64
	u32(0, 13<<24|1, 1, 31, 2) // [4] FUNC_PROTO int (struct pair *p)
	u32(21, 12<<24, 4)         // [5] FUNC small_get

	head := []byte{0, 0, 1, 0} // magic, version 1, flags 0
	order.PutUint16(head, 0xeb9f)
	n := uint32(len(types))
	for _, v := range []uint32{24, 0, n, n, uint32(len(strs))} {
		head = appendU32(head, order, v)
	}
	return append(append(head, types...), strs...)
}

func appendU32(b []byte, order binary.ByteOrder, v uint32) []byte {
	return order.(binary.AppendByteOrder).AppendUint32(b, v)
}

// testSection is a section of an ELF file to build.
type testSection struct {
	name     string
	typ      uint32 // 1 is SHT_PROGBITS
	flags    uint64
	data     []byte
	size     uint64 // for SHT_NOBITS
	compress uint32 // an ELFCOMPRESS_ type, or 0
	link     uint32
}

// testELF is an ELF file to build.
type testELF struct {
	class    int // 32 or 64
	order    binary.ByteOrder
	sections []testSection
	extended bool // put the counts into section 0
	symtab   bool // add an empty symbol table
}

// progbits makes an ordinary section.
func progbits(name string, data []byte) testSection {
	return testSection{name: name, typ: 1, data: data}
}

// smallELF builds a file with a .BTF section and nothing else.
func smallELF(tb testing.TB, order binary.ByteOrder) []byte {
	tb.Helper()
	return testELF{class: 64, order: order, sections: []testSection{
		progbits(".BTF", smallBTF(order)),
	}}.build(tb)
}

// layout returns the constants that the reader uses too: a mistake in them would show on the
// files of real compilers.
func (e testELF) layout() *elfLayout {
	if e.class == 32 {
		return &elf32
	}
	return &elf64
}

func (e testELF) appendWord(b []byte, v uint64) []byte {
	if e.class == 32 {
		return appendU32(b, e.order, uint32(v))
	}
	return e.order.(binary.AppendByteOrder).AppendUint64(b, v)
}

// build encodes the file: header, section contents, names, section headers.
func (e testELF) build(tb testing.TB) []byte {
	tb.Helper()
	all := append([]testSection{{}}, e.sections...)
	if e.symtab {
		all = append(all, testSection{name: ".symtab", typ: 2}, testSection{name: ".strtab", typ: 3})
	}
	all = append(all, testSection{name: ".shstrtab", typ: 3})
	var names []byte
	nameOff := make([]uint32, len(all))
	for i, s := range all {
		nameOff[i] = uint32(len(names))
		names = append(append(names, s.name...), 0)
	}
	all[len(all)-1].data = names

	file := make([]byte, e.layout().ehsize)
	offs, sizes := make([]uint64, len(all)), make([]uint64, len(all))
	for i := range all {
		s := &all[i]
		data := s.data
		if s.compress != 0 {
			s.flags |= shfCompressed
			data = e.compressed(tb, s)
		}
		for len(file)%8 != 0 {
			file = append(file, 0)
		}
		offs[i], sizes[i] = uint64(len(file)), uint64(len(data))
		if s.typ == shtNobits {
			sizes[i] = s.size
		}
		file = append(file, data...)
	}
	for len(file)%8 != 0 {
		file = append(file, 0)
	}
	shoff := uint64(len(file))
	for i, s := range all {
		link := s.link
		if i == 0 && e.extended {
			sizes[0], link = uint64(len(all)), uint32(len(all)-1)
		}
		file = appendU32(file, e.order, nameOff[i])
		file = appendU32(file, e.order, s.typ)
		file = e.appendWord(file, s.flags)
		file = e.appendWord(file, 0) // address
		file = e.appendWord(file, offs[i])
		file = e.appendWord(file, sizes[i])
		file = appendU32(file, e.order, link)
		file = appendU32(file, e.order, 0) // info
		file = e.appendWord(file, 1)       // alignment
		file = e.appendWord(file, 0)       // entry size
	}
	e.header(file, shoff, len(all))
	return file
}

// header fills in the ELF header of a relocatable file.
func (e testELF) header(file []byte, shoff uint64, count int) {
	l := e.layout()
	copy(file, "\x7fELF")
	file[4], file[5], file[6] = byte(e.class/32), 1, 1
	if e.order == binary.BigEndian {
		file[5] = 2
	}
	e.order.PutUint16(file[16:], 1)
	e.order.PutUint16(file[18:], 62)
	e.order.PutUint32(file[20:], 1)
	copy(file[l.ehShoff:], e.appendWord(nil, shoff))
	e.order.PutUint16(file[l.ehShentsize:], uint16(l.shsize))
	if e.extended {
		e.order.PutUint16(file[l.ehShentsize+4:], shnXindex)
		return
	}
	e.order.PutUint16(file[l.ehShentsize+2:], uint16(count))
	e.order.PutUint16(file[l.ehShentsize+4:], uint16(count-1))
}

// compressed returns a section's data behind a compression header.
func (e testELF) compressed(tb testing.TB, s *testSection) []byte {
	tb.Helper()
	head := appendU32(nil, e.order, s.compress)
	if e.class == 64 {
		head = appendU32(head, e.order, 0)
	}
	head = e.appendWord(head, uint64(len(s.data)))
	head = e.appendWord(head, 1)
	if s.compress == chZstd {
		return zstdBytes(tb, head, s.data)
	}
	out := bytes.NewBuffer(head)
	w, err := zlib.NewWriterLevel(out, zlib.BestCompression)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(s.data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// zstdBytes appends data to dst as a zstd frame.
func zstdBytes(tb testing.TB, dst, data []byte) []byte {
	tb.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, dst)
}
