package btf

import (
	"iter"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// An element is one of the vlen entries behind a record: a small value that points
// at its words, as Type points at the record.
type element struct {
	sec *raw.Section
	off uint32
}

func (e element) word(i uint32) uint32 {
	if e.sec == nil {
		return 0
	}
	return e.sec.SmallWord(e.off + 4*i)
}

func (e element) name() string {
	if e.sec == nil {
		return ""
	}
	return e.sec.Name(e.off)
}

func (e element) appendName(dst []byte) []byte {
	if e.sec == nil {
		return dst
	}
	return e.sec.AppendName(dst, e.off)
}

func (e element) nameIs(s string) bool {
	if e.sec == nil {
		return s == ""
	}
	return e.sec.NameIs(e.word(0), s)
}

func (e element) target(id TypeID) Type {
	if e.sec == nil {
		return Type{}
	}
	return typeByID(e.sec, id)
}

// elements returns where the elements of t start and how many there are, if its
// kind is in the set.
func (t Type) elements(set raw.KindSet) (e element, kind Kind, n uint32) {
	info := t.info()
	if kind = Kind(raw.InfoKind(info)); !kind.in(set) {
		return element{}, kind, 0
	}
	return element{t.sec, t.off + raw.HeaderSize}, kind, raw.InfoVlen(info)
}

// A Member is a field of a STRUCT or UNION. The zero Member is a nameless one at
// offset 0 without a type. Its accessors behave like those of Type.
type Member struct {
	element
	bitfields bool // kind_flag of the struct
}

// Name returns the field's name, "" if it has none; see Type.Name for its cost.
func (m Member) Name() string { return m.name() }

// AppendName appends the name to dst, allocating only to grow it.
func (m Member) AppendName(dst []byte) []byte { return m.appendName(dst) }

// NameIs reports whether the name is s, without allocating.
func (m Member) NameIs(s string) bool { return m.nameIs(s) }

// TargetID returns the id of the field's type, unchecked.
func (m Member) TargetID() TypeID { return TypeID(m.word(1)) }

// Target returns the field's type; void if no type has the TargetID.
func (m Member) Target() Type { return m.target(m.TargetID()) }

// BitOffset returns where the field starts, in bits from the start of the struct: 24
// bits of the record if the struct has kind_flag set, else 32.
//
// A bitfield in a struct without kind_flag (the form before Linux 4.20) has an INT
// with an offset of its own, which is not included here; see Bits.
func (m Member) BitOffset() uint32 {
	off := m.word(2)
	if m.bitfields {
		off &= 0xffffff
	}
	return off
}

// BitfieldSize returns the width in bits if the struct has kind_flag set and the field
// is a bitfield; else 0. See Bits for the older form.
func (m Member) BitfieldSize() uint32 {
	if !m.bitfields {
		return 0
	}
	return m.word(2) >> 24
}

// Bits returns where a bitfield starts, in bits from the start of the struct, and its width
// in bits, in both forms that BTF has; ok is false if the field is no bitfield. In the
// older form, a field is a bitfield if its INT has an offset or is narrower than its size.
func (m Member) Bits() (offset, size uint32, ok bool) {
	if m.bitfields {
		size = m.BitfieldSize()
		return m.BitOffset(), size, size != 0
	}
	return m.bitsOf(m.Target().Underlying())
}

// bitsOf is Bits where the field's type is t, and the struct has no kind_flag.
func (m Member) bitsOf(t Type) (offset, size uint32, ok bool) {
	i, isInt := t.Int()
	bytes, _ := t.Size()
	if !isInt || i.Offset == 0 && uint64(i.Bits) == 8*uint64(bytes) {
		return 0, 0, false
	}
	return m.BitOffset() + uint32(i.Offset), uint32(i.Bits), true
}

// Members ranges over the fields of a STRUCT or UNION with their indexes, in the
// order of the record. It is empty for other kinds and does not allocate.
func (t Type) Members() iter.Seq2[int, Member] {
	return func(yield func(int, Member) bool) {
		e, _, n := t.elements(raw.Composites)
		flag := t.KindFlag()
		for i := range n {
			if !yield(int(i), Member{e, flag}) {
				return
			}
			e.off += 12
		}
	}
}

// Member returns field i of a STRUCT or UNION; ok is false if there is none.
func (t Type) Member(i int) (m Member, ok bool) {
	e, ok := t.element(i, raw.Composites)
	return Member{e, ok && t.KindFlag()}, ok
}

// element returns element i of t, if t's kind is in the set and has so many.
func (t Type) element(i int, set raw.KindSet) (element, bool) {
	e, kind, n := t.elements(set)
	if i < 0 || uint64(i) >= uint64(n) {
		return element{}, false
	}
	e.off += uint32(i) * raw.ElementWords(raw.Kind(kind)) * 4
	return e, true
}

// An Enumerator is a value of an ENUM or ENUM64. Its accessors behave like those of
// Type.
type Enumerator struct {
	element
	wide, signed bool
}

// Name returns the value's name; see Type.Name for its cost.
func (e Enumerator) Name() string { return e.name() }

// AppendName appends the name to dst, allocating only to grow it.
func (e Enumerator) AppendName(dst []byte) []byte { return e.appendName(dst) }

// NameIs reports whether the name is s, without allocating.
func (e Enumerator) NameIs(s string) bool { return e.nameIs(s) }

// Int64 returns the value, sign-extended from 32 bits if the enum is marked as signed.
// An unsigned value above the greatest int64 comes out negative: see Uint64.
func (e Enumerator) Int64() int64 {
	if e.wide || !e.signed {
		return int64(e.Uint64())
	}
	return int64(int32(e.word(1)))
}

// Uint64 returns the value's bits: all 64 of an ENUM64. The 32 bits of an ENUM's value are
// sign-extended if the ENUM is marked as signed.
func (e Enumerator) Uint64() uint64 {
	switch {
	case e.wide:
		return uint64(e.word(1)) | uint64(e.word(2))<<32
	case e.signed:
		return uint64(int64(int32(e.word(1))))
	}
	return uint64(e.word(1))
}

// Enumerators ranges over the values of an ENUM or ENUM64 with their indexes, in the
// order of the record. It is empty for other kinds and does not allocate.
func (t Type) Enumerators() iter.Seq2[int, Enumerator] {
	return func(yield func(int, Enumerator) bool) {
		e, kind, n := t.elements(raw.Enums)
		flag := t.KindFlag()
		for i := range n {
			if !yield(int(i), Enumerator{e, kind == KindEnum64, flag}) {
				return
			}
			e.off += raw.ElementWords(raw.Kind(kind)) * 4
		}
	}
}

// Enumerator returns value i of an ENUM or ENUM64; ok is false if there is none.
func (t Type) Enumerator(i int) (v Enumerator, ok bool) {
	e, ok := t.element(i, raw.Enums)
	return Enumerator{e, ok && t.Kind() == KindEnum64, ok && t.KindFlag()}, ok
}

// A Param is a parameter of a FUNC_PROTO. Its accessors behave like those of Type.
type Param struct {
	element
	last bool
}

// Name returns the parameter's name, "" if it has none; see Type.Name for its cost.
func (p Param) Name() string { return p.name() }

// AppendName appends the name to dst, allocating only to grow it.
func (p Param) AppendName(dst []byte) []byte { return p.appendName(dst) }

// NameIs reports whether the name is s, without allocating.
func (p Param) NameIs(s string) bool { return p.nameIs(s) }

// TargetID returns the id of the parameter's type, unchecked; 0 for the ellipsis.
func (p Param) TargetID() TypeID { return TypeID(p.word(1)) }

// Target returns the parameter's type; void for the ellipsis and if no type has the
// TargetID.
func (p Param) Target() Type { return p.target(p.TargetID()) }

// IsVariadic reports whether p is the ellipsis: the last parameter, without name and
// type.
func (p Param) IsVariadic() bool { return p.last && p.word(0) == 0 && p.word(1) == 0 }

// Params ranges over the parameters of a FUNC or FUNC_PROTO with their indexes, the ellipsis
// included. It is empty for other kinds and does not allocate.
func (t Type) Params() iter.Seq2[int, Param] {
	return func(yield func(int, Param) bool) {
		e, _, n := t.proto().elements(1 << KindFuncProto)
		for i := range n {
			if !yield(int(i), Param{e, i+1 == n}) {
				return
			}
			e.off += 8
		}
	}
}

// Param returns parameter i of a FUNC or FUNC_PROTO; ok is false if there is none.
func (t Type) Param(i int) (p Param, ok bool) {
	t = t.proto()
	e, ok := t.element(i, 1<<KindFuncProto)
	return Param{e, ok && i+1 == t.Vlen()}, ok
}

// A VarSecinfo places a variable in a DATASEC. Its accessors behave like those of
// Type.
type VarSecinfo struct{ element }

// TargetID returns the id of the variable, unchecked.
func (v VarSecinfo) TargetID() TypeID { return TypeID(v.word(0)) }

// Target returns the variable: a VAR, or a FUNC in the .ksyms section of an object
// file; void if none has that id.
func (v VarSecinfo) Target() Type { return v.target(v.TargetID()) }

// Offset returns where the variable lies, in bytes from the start of the section.
//
// In BTF of a BPF object that was not linked, the size of a DATASEC and the offsets of its
// global variables are 0: the compiler leaves them to the loader; elfx fills them in with
// Options.FixDatasec.
func (v VarSecinfo) Offset() uint32 { return v.word(1) }

// Size returns the variable's size in bytes.
func (v VarSecinfo) Size() uint32 { return v.word(2) }

// VarSecinfos ranges over the variables of a DATASEC with their indexes. It is empty
// for other kinds and does not allocate.
func (t Type) VarSecinfos() iter.Seq2[int, VarSecinfo] {
	return func(yield func(int, VarSecinfo) bool) {
		e, _, n := t.elements(1 << KindDatasec)
		for i := range n {
			if !yield(int(i), VarSecinfo{e}) {
				return
			}
			e.off += 12
		}
	}
}

// VarSecinfo returns variable i of a DATASEC; ok is false if there is none.
func (t Type) VarSecinfo(i int) (v VarSecinfo, ok bool) {
	e, ok := t.element(i, 1<<KindDatasec)
	return VarSecinfo{e}, ok
}
