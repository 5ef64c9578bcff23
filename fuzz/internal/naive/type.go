package naive

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Facts is all that a record says outside of its elements. What it refers to, TargetID apart, is
// 0 where the type is missing.
type Facts struct {
	ID                                    uint32
	Offset                                int64
	Kind                                  uint8
	Flag                                  bool
	Vlen                                  int
	Name                                  string
	HasName, Anonymous, Opaque, Attribute bool
	Size                                  uint32
	SizeOK                                bool
	TargetID, Target, Index, Return       uint32
	ArrayLen                              uint32
	ArrayOK                               bool
	Encoding, IntOffset, IntBits          uint8
	IntOK, Signed                         bool
	Linkage                               uint32
	LinkageOK                             bool
	Component                             int
	ComponentOK                           bool
	FwdKind                               uint8
}

// An Elem is all that one element of a record says.
type Elem struct {
	Name              string
	TargetID, Target  uint32
	Offset, Width     uint32 // of a member in bits; of a variable in bytes, and its size
	BitsOff, BitsSize uint32
	BitsOK            bool
	Value             uint64
	Signed, Variadic  bool
}

func (t Type) word(i int) uint32 {
	if t.Blob.big {
		return binary.BigEndian.Uint32(t.Rec[4*i:])
	}
	return binary.LittleEndian.Uint32(t.Rec[4*i:])
}

// IsVoid tells type 0.
func (t Type) IsVoid() bool { return t.Blob == nil }

// Kind returns the kind, 0 for void.
func (t Type) Kind() uint8 { return t.kind }

// vlen is the raw vlen.
func (t Type) vlen() int { return int(t.word(1) & 0xffffff) }

func (t Type) flag() bool { return t.word(1)&(1<<31) != 0 }

// Name returns the name, "" for void.
func (t Type) Name() string {
	if t.IsVoid() {
		return ""
	}
	return t.Blob.String(t.word(0))
}

func (t Type) is(kinds ...uint8) bool {
	for _, k := range kinds {
		if t.kind == k {
			return true
		}
	}
	return false
}

// ref returns id if there is such a type, else 0.
func (t Type) ref(id uint32) uint32 {
	if _, ok := t.Blob.ByID(id); !ok {
		return 0
	}
	return id
}

func (t Type) hasElements() bool {
	return t.is(kindStruct, kindUnion, kindEnum, kindEnum64, kindFuncProto, kindDatasec)
}

// IsAnonymous tells structs, unions and enums without a name.
func (t Type) IsAnonymous() bool {
	return t.is(kindStruct, kindUnion, kindEnum, kindEnum64) && t.Name() == ""
}

// target returns the id of the one type that t is about.
func (t Type) target() (uint32, bool) {
	switch t.Kind() {
	case kindPtr, kindTypedef, kindVolatile, kindConst, kindRestrict, kindFunc, kindVar,
		kindDeclTag, kindTypeTag:
		return t.word(2), true
	case kindArray:
		return t.word(3), true
	}
	return 0, false
}

// Facts decodes the record; t is not void.
func (t Type) Facts() Facts {
	f := Facts{ID: t.ID, Offset: t.Offset, Kind: t.Kind(), Flag: t.flag(), Name: t.Name(),
		Anonymous: t.IsAnonymous(), Opaque: t.Kind() > kindEnum64}
	f.HasName = !t.is(kindPtr, kindArray, kindVolatile, kindConst, kindRestrict, kindFuncProto)
	if t.hasElements() || f.Opaque {
		f.Vlen = t.vlen()
	}
	if t.is(kindInt, kindStruct, kindUnion, kindEnum, kindEnum64, kindFloat, kindDatasec) {
		f.Size, f.SizeOK = t.word(2), true
	}
	if id, ok := t.target(); ok {
		f.TargetID, f.Target = id, t.ref(id)
	}
	switch f.Kind {
	case kindInt:
		w := t.word(3)
		f.Encoding, f.IntOffset, f.IntBits, f.IntOK = uint8(w>>24&15), uint8(w>>16), uint8(w), true
		f.Signed = f.Encoding&1 != 0
	case kindArray:
		f.Index = t.ref(t.word(4))
		f.ArrayLen, f.ArrayOK = t.word(5), true
	case kindEnum, kindEnum64:
		f.Signed = f.Flag
	case kindFwd:
		f.FwdKind = kindStruct
		if f.Flag {
			f.FwdKind = kindUnion
		}
	case kindFunc:
		f.Linkage, f.LinkageOK = uint32(t.vlen()), true
	case kindVar:
		f.Linkage, f.LinkageOK = t.word(3), true
	case kindDeclTag:
		f.Component, f.ComponentOK, f.Attribute = int(int32(t.word(3))), true, f.Flag
	case kindTypeTag:
		f.Attribute = f.Flag
	}
	if proto, ok := t.proto(); ok {
		f.Return = proto.ref(proto.word(2))
	}
	return f
}

// proto returns the prototype of a function, or t if it is one.
func (t Type) proto() (Type, bool) {
	if t.is(kindFunc) {
		t, _ = t.follow()
	}
	if !t.is(kindFuncProto) {
		return Type{}, false
	}
	return t, true
}

// NameOffset is where the name starts in the strings of all bases and the section's own.
func (t Type) NameOffset() uint32 { return t.word(0) }

// EncodingName is what bpftool calls the encoding of an INT.
func (t Type) EncodingName() string {
	switch t.word(3) >> 24 & 15 {
	case 0:
		return "(none)"
	case 1:
		return "SIGNED"
	case 2:
		return "CHAR"
	case 4:
		return "BOOL"
	}
	return "UNKN"
}

// LinkageName is what bpftool calls the linkage of a FUNC or VAR.
func (t Type) LinkageName() string {
	l := uint32(t.vlen())
	if t.is(kindVar) {
		l = t.word(3)
	}
	if l > 2 {
		return "(unknown)"
	}
	return [...]string{"static", "global", "extern"}[l]
}

// String describes the type: id, kind, name, and of what only points at or qualifies another, that
// one, up to nine types in all. Of names it shows a hundred bytes.
func (t Type) String() string { return fmt.Sprintf("[%d] %s", t.ID, t.describe(9)) }

func (t Type) describe(left int) string {
	if left == 0 {
		return "..."
	}
	if t.IsVoid() {
		return "void"
	}
	text := fmt.Sprintf("KIND(%d)", t.Kind())
	if int(t.Kind()) < len(kinds) {
		text = kinds[t.Kind()]
	}
	if name := t.Name(); len(name) > 100 {
		text += " " + name[:100] + "..."
	} else if name != "" {
		text += " " + name
	}
	switch id, _ := t.target(); {
	case t.is(kindPtr):
		text += " to " + t.at(id).describe(left-1)
	case t.is(kindArray):
		text += fmt.Sprintf(" of %d %s", t.word(5), t.at(id).describe(left-1))
	case t.is(kindVolatile, kindConst, kindRestrict, kindTypeTag):
		text += " of " + t.at(id).describe(left-1)
	}
	return text
}

// kinds are the names of the UAPI header.
var kinds = strings.Fields("UNKN INT PTR ARRAY STRUCT UNION ENUM FWD TYPEDEF VOLATILE CONST " +
	"RESTRICT FUNC FUNC_PROTO VAR DATASEC FLOAT DECL_TAG TYPE_TAG ENUM64")

// Elems decodes the elements, of a function those of its prototype.
func (t Type) Elems() []Elem { return t.AppendElems(nil) }

// AppendElems appends the elements to dst.
func (t Type) AppendElems(dst []Elem) []Elem {
	if t.is(kindFunc) {
		t, _ = t.proto()
	}
	if !t.hasElements() {
		return dst
	}
	dst = slices.Grow(dst, t.vlen())
	step := int(sizes[t.Kind()][1]) / 4
	for i := range t.vlen() {
		var e Elem
		at := 3 + i*step
		w0, w1 := t.word(at), t.word(at+1)
		if t.Kind() != kindDatasec {
			e.Name = t.Blob.String(w0)
		}
		switch t.Kind() {
		case kindStruct, kindUnion:
			e.TargetID, e.Target = w1, t.ref(w1)
			t.member(&e, t.word(at+2))
		case kindEnum:
			e.Signed, e.Value = t.flag(), uint64(w1)
			if e.Signed {
				e.Value = uint64(int64(int32(w1)))
			}
		case kindEnum64:
			e.Signed, e.Value = t.flag(), uint64(t.word(at+2))<<32+uint64(w1)
		case kindFuncProto:
			e.TargetID, e.Target = w1, t.ref(w1)
			e.Variadic = i == t.vlen()-1 && w0 == 0 && w1 == 0
		case kindDatasec:
			e.TargetID, e.Target = w0, t.ref(w0)
			e.Offset, e.Width = w1, t.word(at+2)
		}
		dst = append(dst, e)
	}
	return dst
}

func (t Type) member(e *Elem, w uint32) {
	if t.flag() {
		e.Offset, e.Width = w&0xffffff, w>>24
		e.BitsOff, e.BitsSize, e.BitsOK = e.Offset, e.Width, e.Width != 0
		return
	}
	e.Offset = w
	m, ok := t.Blob.ByID(e.TargetID)
	if !ok {
		return
	}
	f := m.SkipModifiers()
	if f.Kind() != kindInt {
		return
	}
	i := f.Facts()
	if i.IntOffset != 0 || uint64(i.IntBits) != uint64(i.Size)*8 {
		e.BitsOff, e.BitsSize, e.BitsOK = w+uint32(i.IntOffset), uint32(i.IntBits), true
	}
}

// follow returns the next type of a chain.
func (t Type) follow() (Type, bool) {
	if t.IsVoid() {
		return Type{}, false
	}
	id, ok := t.target()
	if !ok {
		return Type{}, false
	}
	return t.Blob.ByID(id)
}

// maxSteps is more than any chain without a cycle has.
func (t Type) maxSteps() uint32 {
	if t.IsVoid() {
		return 1
	}
	return t.Blob.End() + 1
}

// SkipModifiers looks behind modifiers and typedefs; void if there is nothing.
func (t Type) SkipModifiers() Type {
	for range t.maxSteps() {
		if !t.is(kindVolatile, kindConst, kindRestrict, kindTypeTag, kindTypedef) {
			return t
		}
		t, _ = t.follow()
	}
	return Type{}
}

// AppendChain appends to dst the ids that following targets passes, up to limit; whole is false if
// the limit does not tell whether there are more.
func (t Type) AppendChain(dst []uint32, limit int) (ids []uint32, whole bool) {
	for range limit {
		next, ok := t.follow()
		if !ok {
			return dst, true
		}
		dst = append(dst, next.ID)
		t = next
	}
	return dst, false
}

// Sizeof returns the size of a value in bytes.
func (t Type) Sizeof() (uint64, bool) {
	product := uint64(1)
	times := func(n uint64) (uint64, bool) {
		var high uint64
		if high, product = bits.Mul64(product, n); high > 0 || product > math.MaxInt64 {
			return 0, false
		}
		return product, true
	}
	for range t.maxSteps() {
		switch t.Kind() {
		case kindInt, kindStruct, kindUnion, kindEnum, kindEnum64, kindFloat, kindDatasec:
			return times(uint64(t.word(2)))
		case kindPtr:
			return times(uint64(t.Blob.PointerSize()))
		case kindArray:
			if _, ok := times(uint64(t.word(5))); !ok {
				return 0, false
			}
		case kindVolatile, kindConst, kindRestrict, kindTypeTag, kindTypedef, kindVar:
		default:
			return 0, false
		}
		var ok bool
		if t, ok = t.follow(); !ok {
			return 0, false
		}
	}
	return 0, false
}

// PointerSize is the size of a pointer: that of the first INT that spells long, else 8.
func (b *Blob) PointerSize() int {
	if b.long == 0 {
		return 8
	}
	return b.long
}

// sizeofLong returns the size of the first INT that spells long, 0 if there is none.
func (b *Blob) sizeofLong() int {
	if b.Base != nil && b.Base.long != 0 {
		return b.Base.long
	}
	for _, t := range b.Types {
		if t.Kind() == kindInt && (t.word(2) == 4 || t.word(2) == 8) && longs[t.Name()] {
			return int(t.word(2))
		}
	}
	return 0
}

var longs = map[string]bool{
	"long": true, "long int": true, "int long": true, "unsigned long": true,
	"long unsigned": true, "unsigned long int": true, "unsigned int long": true,
	"long unsigned int": true, "long int unsigned": true, "int unsigned long": true,
	"int long unsigned": true,
}
