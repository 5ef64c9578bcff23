// Package naive decodes BTF in the plainest way, as an oracle for the package btf.
//
// It shares no code with btf, knows the format from Documentation/bpf/btf.rst and
// include/uapi/linux/btf.h alone, and prefers being obviously right to being fast: it has no id
// table, no hashing of its own and no lanes. What it and btf say about the same bytes must be
// equal, down to the offset of the first fault.
package naive

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
)

// The kinds, by the names of the UAPI header.
const (
	kindVoid = iota
	kindInt
	kindPtr
	kindArray
	kindStruct
	kindUnion
	kindEnum
	kindFwd
	kindTypedef
	kindVolatile
	kindConst
	kindRestrict
	kindFunc
	kindFuncProto
	kindVar
	kindDatasec
	kindFloat
	kindDeclTag
	kindTypeTag
	kindEnum64
)

// sizes gives the trailer of each kind in bytes: a fixed part, and one for each of vlen.
// FUNC keeps its linkage in vlen and has neither.
var sizes = [...][2]uint64{
	kindInt: {4, 0}, kindPtr: {}, kindArray: {12, 0}, kindStruct: {0, 12}, kindUnion: {0, 12},
	kindEnum: {0, 8}, kindFwd: {}, kindTypedef: {}, kindVolatile: {}, kindConst: {},
	kindRestrict: {}, kindFunc: {}, kindFuncProto: {0, 8}, kindVar: {4, 0},
	kindDatasec: {0, 12}, kindFloat: {}, kindDeclTag: {4, 0}, kindTypeTag: {},
	kindEnum64: {0, 12},
}

// A Fault is what is wrong with an input.
type Fault struct {
	// Unsupported tells the two classes of fault apart; false is corrupt.
	Unsupported bool
	// Offset is in bytes from the start of the input.
	Offset int64
	// ID is the type at fault, 0 if none.
	ID uint32
	// Overlap says that types and strings overlap.
	Overlap bool
	// Why is for people.
	Why string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("offset %#x, type %d, unsupported %v: %s", f.Offset, f.ID, f.Unsupported, f.Why)
}

// A Blob is one section of BTF with its base.
type Blob struct {
	Base     *Blob
	Order    binary.ByteOrder
	big      bool   // whether Order is binary.BigEndian
	First    uint32 // id of Types[0]
	Types    []Type
	StrStart uint32
	Strings  []byte
	text     string // Strings, of which names are parts

	header header
	layout map[uint8][2]uint64 // of unknown kinds
	long   int                 // sizeof(long), 0 if unknown

	namesOnce sync.Once
	names     map[string][]uint32

	verifyOnce sync.Once
	verdict    Verdict
}

// A Type is one record.
type Type struct {
	Blob *Blob
	ID   uint32
	kind uint8
	// Offset is where the record starts, in bytes from the start of the input.
	Offset int64
	Rec    []byte
}

// Parse decodes data, which it keeps, on top of base, which may be nil.
func Parse(data []byte, base *Blob) (*Blob, *Fault) {
	b, n := &Blob{Base: base}, 0
	if fault := b.scan(data, func(Type) { n++ }); fault != nil {
		return nil, fault
	}
	b.Types = make([]Type, 0, n) // a slice that grows to its size leaves as much behind
	b.scan(data, func(t Type) { b.Types = append(b.Types, t) })
	b.text = string(b.Strings)
	b.long = b.sizeofLong()
	return b, nil
}

// Scan calls visit for each record of a blob that stands alone, and keeps nothing: it is for
// large inputs of which only the structure matters.
func Scan(data []byte, visit func(id uint32, offset int64)) *Fault {
	return new(Blob).scan(data, func(t Type) { visit(t.ID, t.Offset) })
}

func (b *Blob) scan(data []byte, visit func(Type)) *Fault {
	b.First = 1
	if b.Base != nil {
		b.First = b.Base.End()
		b.StrStart = b.Base.strEnd()
	}
	h, fault := b.parseHeader(data)
	if fault != nil {
		return fault
	}
	b.header = h
	b.Strings = h.cut(data, h.str)
	if fault := b.checkStrings(h); fault != nil {
		return fault
	}
	b.readLayout(h.cut(data, h.layout))
	return b.readTypes(h.cut(data, h.types), h.types.off, visit)
}

type span struct{ off, len int64 }

// A header also keeps where the layout starts from the end of the header, as layout_off says.
type header struct {
	types, str, layout span
	layoutOff          int64
}

func (h *header) cut(data []byte, s span) []byte {
	if s.len == 0 {
		return nil
	}
	return data[s.off : s.off+s.len]
}

func corrupt(off int64, why string) *Fault { return &Fault{Offset: off, Why: why} }
func unsupported(off int64, why string) *Fault {
	return &Fault{Unsupported: true, Offset: off, Why: why}
}

func (b *Blob) parseHeader(data []byte) (h header, f *Fault) {
	size := int64(len(data))
	switch {
	case size < 24:
		return h, corrupt(0, "short header")
	case data[0] == 0x9f && data[1] == 0xeb:
		b.Order = binary.LittleEndian
	case data[0] == 0xeb && data[1] == 0x9f:
		b.Order, b.big = binary.BigEndian, true
	default:
		return h, corrupt(0, "magic")
	}
	if data[2] != 1 {
		return h, unsupported(2, "version")
	}
	if data[3] != 0 {
		return h, unsupported(3, "flags")
	}
	field := func(at int) int64 { return int64(b.Order.Uint32(data[at:])) }
	n := field(4)
	if n < 24 || n > size {
		return h, corrupt(4, "header length")
	}
	h.types = span{n + field(8), field(12)}
	h.str = span{n + field(16), field(20)}
	if n >= 32 {
		h.layoutOff = field(24)
		h.layout = span{n + h.layoutOff, field(28)}
	}
	for i, s := range []span{h.types, h.str, h.layout} {
		if s.len > 0 && s.off+s.len > size {
			return h, corrupt(int64(8+8*i), "section outside of the input")
		}
	}
	t, s := h.types, h.str
	if t.len > 0 && s.len > 0 && t.off < s.off+s.len && s.off < t.off+t.len {
		return h, &Fault{Offset: 8, Overlap: true, Why: "types and strings overlap"}
	}
	return h, nil
}

func (b *Blob) checkStrings(h header) *Fault {
	n := len(b.Strings)
	switch {
	case uint64(b.StrStart)+uint64(n) > 1<<32-1:
		return corrupt(h.str.off, "too many strings")
	case n == 0:
	case b.Strings[n-1] != 0:
		return corrupt(h.str.off+int64(n)-1, "no final NUL")
	case b.StrStart == 0 && b.Strings[0] != 0:
		return corrupt(h.str.off, "no first NUL")
	}
	return nil
}

func (b *Blob) readLayout(data []byte) {
	b.layout = map[uint8][2]uint64{}
	if b.Base != nil {
		for k, v := range b.Base.layout {
			b.layout[k] = v
		}
	}
	for k := kindEnum64 + 1; k < 128 && k*4+4 <= len(data); k++ {
		delete(b.layout, uint8(k))
		if info, elem := data[k*4], data[k*4+1]; info%4 == 0 && elem%4 == 0 {
			b.layout[uint8(k)] = [2]uint64{uint64(info), uint64(elem)}
		}
	}
}

func (b *Blob) readTypes(data []byte, start int64, visit func(Type)) *Fault {
	id := b.First
	for pos := uint64(0); pos < uint64(len(data)); id++ {
		fault := func(at uint64, unsupported bool, why string) *Fault {
			return &Fault{Unsupported: unsupported, Offset: start + int64(pos+at), ID: id, Why: why}
		}
		rest := data[pos:]
		if len(rest) < 12 {
			return fault(0, false, "short record")
		}
		info := b.Order.Uint32(rest[4:])
		kind := uint8(info >> 24 & 127)
		if kind == kindVoid {
			return fault(4, false, "kind 0")
		}
		trailer, known := b.layout[kind]
		if int(kind) < len(sizes) {
			trailer, known = sizes[kind], true
		}
		if !known {
			return fault(4, true, "unknown kind")
		}
		n := 12 + trailer[0] + trailer[1]*uint64(info&0xffffff)
		if n > uint64(len(rest)) {
			return fault(4, false, "record exceeds section")
		}
		if name := b.Order.Uint32(rest); name != 0 && name >= b.strEnd() {
			return fault(0, false, "name offset")
		}
		visit(Type{b, id, kind, start + int64(pos), rest[:n]})
		pos += n
	}
	return nil
}

// End returns the id behind the last type.
func (b *Blob) End() uint32 { return b.First + uint32(len(b.Types)) }

func (b *Blob) strEnd() uint32 { return b.StrStart + uint32(len(b.Strings)) }

// ByID finds a type; the zero Type is void.
func (b *Blob) ByID(id uint32) (Type, bool) {
	switch {
	case id == 0:
		return Type{}, true
	case b == nil || id >= b.End():
		return Type{}, false
	case id >= b.First:
		return b.Types[id-b.First], true
	}
	return b.Base.ByID(id)
}

// String returns the string at a logical offset, "" if there is none.
func (b *Blob) String(off uint32) string {
	for b != nil && off < b.StrStart {
		b = b.Base
	}
	if b == nil || uint64(off-b.StrStart) >= uint64(len(b.Strings)) {
		return ""
	}
	s, _, ok := strings.Cut(b.text[off-b.StrStart:], "\x00")
	if !ok {
		return ""
	}
	return s
}

// Chain returns the sections, the root first.
func (b *Blob) Chain() []*Blob {
	if b.Base == nil {
		return []*Blob{b}
	}
	return append(b.Base.Chain(), b)
}
