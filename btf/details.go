package btf

// Int is what an INT says besides its size.
type Int struct {
	Encoding IntEncoding
	// Offset is where the value starts, in bits from the start of the storage: not 0
	// only in the older form of bitfields.
	Offset uint8
	// Bits is the width of the value in bits.
	Bits uint8
}

// IntEncoding is a set of BTF_INT_* flags; 0 is an unsigned number.
type IntEncoding uint8

// The flags. The kernel accepts at most one of them.
const (
	IntSigned IntEncoding = 1 << iota
	IntChar
	IntBool
)

// String returns the flag's name as bpftool prints it: "SIGNED", "CHAR", "BOOL", or
// "(none)"; "UNKN" for anything else.
func (e IntEncoding) String() string {
	switch e {
	case 0:
		return "(none)"
	case IntSigned:
		return "SIGNED"
	case IntChar:
		return "CHAR"
	case IntBool:
		return "BOOL"
	}
	return "UNKN"
}

// Int returns the encoding of an INT; ok is false for other kinds.
func (t Type) Int() (i Int, ok bool) {
	if t.Kind() != KindInt {
		return Int{}, false
	}
	w := t.word(3)
	return Int{Encoding: IntEncoding(w >> 24 & 0xf), Offset: uint8(w >> 16), Bits: uint8(w)}, true
}

// Elem returns the type of an ARRAY's elements; ok is false for other kinds and if no
// type has that id.
func (t Type) Elem() (elem Type, ok bool) { return t.arrayType(3) }

// IndexType returns the type of an ARRAY's index; ok is false for other kinds and if
// no type has that id.
func (t Type) IndexType() (index Type, ok bool) { return t.arrayType(4) }

func (t Type) arrayType(word uint32) (Type, bool) {
	if t.Kind() != KindArray {
		return Type{}, false
	}
	return t.sec.byID(ID(t.word(word)))
}

// ArrayLen returns the number of an ARRAY's elements, which may be 0; ok is false for
// other kinds.
func (t Type) ArrayLen() (n uint32, ok bool) {
	if t.Kind() != KindArray {
		return 0, false
	}
	return t.word(5), true
}

// Return returns what a FUNC_PROTO returns; ok is false for other kinds and if no
// type has that id.
func (t Type) Return() (ret Type, ok bool) {
	if t.Kind() != KindFuncProto {
		return Type{}, false
	}
	return t.sec.byID(ID(t.word(2)))
}

// Linkage is the visibility of a FUNC or VAR.
type Linkage uint32

// The linkages, BTF_FUNC_* and BTF_VAR_*. Compilers write extern for what is declared
// elsewhere, such as kernel functions; the kernel refuses it.
const (
	LinkageStatic Linkage = iota
	LinkageGlobal
	LinkageExtern
)

// String returns "static", "global", "extern" or "(unknown)".
func (l Linkage) String() string {
	switch l {
	case LinkageStatic:
		return "static"
	case LinkageGlobal:
		return "global"
	case LinkageExtern:
		return "extern"
	}
	return "(unknown)"
}

// Linkage returns the linkage of a FUNC (its vlen) or a VAR; ok is false for other
// kinds. It may be a value that has no name.
func (t Type) Linkage() (l Linkage, ok bool) {
	switch info := t.info(); infoKind(info) {
	case KindFunc:
		return Linkage(infoVlen(info)), true
	case KindVar:
		return Linkage(t.word(3)), true
	}
	return 0, false
}

// ComponentIndex returns which member or parameter of its target a DECL_TAG is about,
// or -1 if it is about the whole; ok is false for other kinds.
func (t Type) ComponentIndex() (index int, ok bool) {
	if t.Kind() != KindDeclTag {
		return 0, false
	}
	return int(int32(t.word(3))), true
}

// IsAttribute reports whether the name of a DECL_TAG or TYPE_TAG is the body of an
// __attribute__ (kind_flag, Linux 6.15), instead of the argument of btf_decl_tag or
// btf_type_tag. It is false for other kinds.
func (t Type) IsAttribute() bool { return t.Kind().in(setTag) && t.KindFlag() }

// IsSigned reports whether an INT is signed, or an ENUM or ENUM64 is marked as such.
func (t Type) IsSigned() bool {
	if i, ok := t.Int(); ok {
		return i.Encoding&IntSigned != 0
	}
	return t.Kind().in(setEnum) && t.KindFlag()
}

// FwdKind returns what a FWD declares, KindStruct or KindUnion; KindVoid for other
// kinds.
func (t Type) FwdKind() Kind {
	switch {
	case t.Kind() != KindFwd:
		return KindVoid
	case t.KindFlag():
		return KindUnion
	}
	return KindStruct
}

// IsOpaque reports whether the kind is unknown to this package and the record was
// sized by the layout section. Such a type has an ID, a Kind and a Name.
func (t Type) IsOpaque() bool { return t.Kind() > lastKind }

// AppendRecord appends the bytes of the whole record, header and trailer, in the
// section's byte order, allocating only to grow dst.
func (t Type) AppendRecord(dst []byte) []byte {
	if t.sec == nil {
		return dst
	}
	info := t.info()
	tr := t.sec.trailers[infoKind(info)]
	size := headerSize + uint64(tr.info) + uint64(infoVlen(info))*uint64(tr.elem)
	if uint64(t.off)+size > uint64(len(t.sec.types)) {
		return dst
	}
	return append(dst, t.sec.types[t.off:uint64(t.off)+size]...)
}
