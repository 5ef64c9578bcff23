package elfx

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const elfMagic = "\x7fELF"

// Constants of the ELF format (System V gABI, chapter 4 and 5, and its SHF_COMPRESSED chapter).
const (
	shtProgbits   = 1
	shtSymtab     = 2
	shtNobits     = 8
	shfAlloc      = 1 << 1
	shfCompressed = 1 << 11
	shnXindex     = 0xffff
	chZlib        = 1 // ELFCOMPRESS_ZLIB
	chZstd        = 2 // ELFCOMPRESS_ZSTD
)

// maxTable bounds the section header table and the table of its names: a million sections.
const maxTable = 64 << 20

// elfLayout is what differs between the two classes: offsets of fields and sizes of structures.
type elfLayout struct {
	word                                 int // bytes of an address, offset or xword
	ehsize, ehShoff, ehShentsize         int
	shsize, shFlags, shOff, shSize, link int
	chsize, chLen                        int
	symsize, symValue, symInfo           int
}

var (
	elf32 = elfLayout{
		word: 4, ehsize: 52, ehShoff: 32, ehShentsize: 46,
		shsize: 40, shFlags: 8, shOff: 16, shSize: 20, link: 24, chsize: 12, chLen: 4,
		symsize: 16, symValue: 4, symInfo: 12,
	}
	elf64 = elfLayout{
		word: 8, ehsize: 64, ehShoff: 40, ehShentsize: 58,
		shsize: 64, shFlags: 8, shOff: 24, shSize: 32, link: 40, chsize: 24, chLen: 8,
		symsize: 24, symValue: 8, symInfo: 4,
	}
)

// elfSection is one section header.
type elfSection struct {
	typ       uint32
	flags     uint64
	off, size uint64
	link      uint32
	nameOff   uint32
}

// elfFile reads section headers of an input, field by field and in any byte order.
type elfFile struct {
	in     *input
	load   func(off, n int64) ([]byte, error)
	order  binary.ByteOrder
	layout *elfLayout
	table  []byte // the section headers
	entry  int    // bytes of one
	names  []byte
}

// uword reads an address-sized field.
func (f *elfFile) uword(b []byte) uint64 {
	if f.layout.word == 4 {
		return uint64(f.order.Uint32(b))
	}
	return f.order.Uint64(b)
}

// newELF reads the section headers and their names with the function load. A file without any has
// an empty table.
func newELF(in *input, head []byte, load func(off, n int64) ([]byte, error)) (*elfFile, error) {
	f := &elfFile{in: in, load: load}
	if len(head) < 52 {
		return nil, fmt.Errorf("%w: ELF header of %d bytes", ErrCorrupt, len(head))
	}
	switch head[4] {
	case 1:
		f.layout = &elf32
	case 2:
		f.layout = &elf64
	default:
		return nil, fmt.Errorf("%w: ELF class %d", ErrCorrupt, head[4])
	}
	switch head[5] {
	case 1:
		f.order = binary.LittleEndian
	case 2:
		f.order = binary.BigEndian
	default:
		return nil, fmt.Errorf("%w: ELF data encoding %d", ErrCorrupt, head[5])
	}
	if len(head) < f.layout.ehsize {
		return nil, fmt.Errorf("%w: ELF header of %d bytes", ErrCorrupt, len(head))
	}
	return f, f.readTable(head)
}

// readTable reads the section header table that the header announces.
func (f *elfFile) readTable(head []byte) error {
	off := f.uword(head[f.layout.ehShoff:])
	counts := head[f.layout.ehShentsize:]
	f.entry = int(f.order.Uint16(counts))
	count, names := uint64(f.order.Uint16(counts[2:])), uint32(f.order.Uint16(counts[4:]))
	if off == 0 {
		return nil // no sections, as in an image stripped by sstrip
	}
	if f.entry < f.layout.shsize {
		return fmt.Errorf("%w: section headers of %d bytes", ErrCorrupt, f.entry)
	}
	if count == 0 || names == shnXindex { // the counts did not fit: section 0 holds them
		if err := f.readHeaders(off, 1); err != nil {
			return err
		}
		first := f.section(0)
		if count == 0 {
			count = first.size
		}
		if names == shnXindex {
			names = first.link
		}
	}
	if err := f.readHeaders(off, count); err != nil {
		return err
	}
	if uint64(names) >= count {
		return fmt.Errorf("%w: section names in section %d of %d", ErrCorrupt, names, count)
	}
	return f.readNames(f.section(int(names)))
}

// readHeaders reads count section headers at off.
func (f *elfFile) readHeaders(off, count uint64) error {
	if count > maxTable/uint64(f.entry) {
		return fmt.Errorf("%w: %d section headers", ErrUnsupported, count)
	}
	if !f.in.within(off, count*uint64(f.entry)) {
		return fmt.Errorf("%w: %d section headers at %#x of a file of %d bytes, truncated?",
			ErrCorrupt, count, off, f.in.size)
	}
	var err error
	f.table, err = f.load(int64(off), int64(count)*int64(f.entry))
	return err
}

func (f *elfFile) readNames(s elfSection) error {
	if s.typ == shtNobits || !f.in.within(s.off, s.size) {
		return fmt.Errorf("%w: section names: %d bytes at %#x of a file of %d bytes",
			ErrCorrupt, s.size, s.off, f.in.size)
	}
	if s.size > maxTable {
		return fmt.Errorf("%w: section names of %d bytes", ErrUnsupported, s.size)
	}
	var err error
	f.names, err = f.load(int64(s.off), int64(s.size))
	return err
}

// count returns the number of sections.
func (f *elfFile) count() int {
	if f.entry == 0 {
		return 0
	}
	return len(f.table) / f.entry
}

// section decodes the header of section i.
func (f *elfFile) section(i int) elfSection {
	b, l := f.table[i*f.entry:], f.layout
	return elfSection{
		nameOff: f.order.Uint32(b),
		typ:     f.order.Uint32(b[4:]),
		flags:   f.uword(b[l.shFlags:]),
		off:     f.uword(b[l.shOff:]),
		size:    f.uword(b[l.shSize:]),
		link:    f.order.Uint32(b[l.link:]),
	}
}

// maxName is how much of a section's name is looked at: ours are shorter.
const maxName = 64

// nameOf returns the section's name, cut if it is a long one.
func (f *elfFile) nameOf(s elfSection) string {
	return string(cString(f.names, s.nameOff, maxName))
}

// cString returns the bytes of table from off up to a zero, most at most.
func cString(table []byte, off uint32, most int) []byte {
	if uint64(off) >= uint64(len(table)) {
		return nil
	}
	b := table[off:]
	b = b[:min(len(b), most)]
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	return b
}

// firstOfType returns the first section of a type.
func (f *elfFile) firstOfType(typ uint32) (s elfSection, ok bool) {
	for i := range f.count() {
		if s := f.section(i); s.typ == typ {
			return s, true
		}
	}
	return elfSection{}, false
}

// elfSymbol is a symbol of an ELF file.
type elfSymbol struct {
	value    uint64
	exported bool // an object that is global or weak
	hidden   bool // outside of the file it is linked into
}

// What is read of a symbol's type and binding, in one byte, and of its visibility, in the next.
const (
	sttObject   = 1
	stbGlobal   = 1
	stbWeak     = 2
	stvInternal = 1
	stvHidden   = 2
	stvMask     = 3
	sttMask     = 15
	stbShift    = 4
)

// symbol decodes an entry of a symbol table.
func (f *elfFile) symbol(b []byte) elfSymbol {
	info, other := b[f.layout.symInfo], b[f.layout.symInfo+1]
	binding, visibility := info>>stbShift, other&stvMask
	return elfSymbol{
		value:    f.uword(b[f.layout.symValue:]),
		exported: info&sttMask == sttObject && (binding == stbGlobal || binding == stbWeak),
		hidden:   visibility == stvInternal || visibility == stvHidden,
	}
}

// find returns the first section of that name that has bytes in the file, or failing that the
// first one at all.
func (f *elfFile) find(name string) (s elfSection, ok bool) {
	for i := range f.count() {
		if t := f.section(i); f.nameOf(t) == name {
			if t.typ != shtNobits {
				return t, true
			}
			if !ok {
				s, ok = t, true
			}
		}
	}
	return s, ok
}
