package btf

import "strconv"

// Kind says what a record describes. Values and names are those of the kernel's
// UAPI header include/uapi/linux/btf.h. A kind has 7 bits since Linux 7.2
// (5 before); one above KindEnum64 is unknown to this package.
type Kind uint8

// The kinds, with the kernel that introduced each where that was not the first (4.18).
const (
	KindVoid      Kind = 0 // BTF_KIND_UNKN: the implicit type 0, never stored
	KindInt       Kind = 1
	KindPtr       Kind = 2
	KindArray     Kind = 3
	KindStruct    Kind = 4
	KindUnion     Kind = 5
	KindEnum      Kind = 6
	KindFwd       Kind = 7
	KindTypedef   Kind = 8
	KindVolatile  Kind = 9
	KindConst     Kind = 10
	KindRestrict  Kind = 11
	KindFunc      Kind = 12 // 4.20
	KindFuncProto Kind = 13 // 4.20
	KindVar       Kind = 14 // 5.2
	KindDatasec   Kind = 15 // 5.2
	KindFloat     Kind = 16 // 5.13
	KindDeclTag   Kind = 17 // 5.16
	KindTypeTag   Kind = 18 // 5.17
	KindEnum64    Kind = 19 // 6.0

	lastKind = KindEnum64
	maxKinds = 128 // 7 bits, BTF_MAX_KIND 0x7f
)

var kindNames = [...]string{
	"VOID", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE",
	"CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG",
	"TYPE_TAG", "ENUM64",
}

// String returns the kernel's name of the kind without its prefix, such as
// "FUNC_PROTO"; "VOID" for kind 0 and "KIND(33)" for an unknown one.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "KIND(" + strconv.Itoa(int(k)) + ")"
}

// IsModifier reports whether the kind only qualifies its target: VOLATILE, CONST,
// RESTRICT or TYPE_TAG. A TYPEDEF is not a modifier.
func (k Kind) IsModifier() bool { return k.in(setModifier) }

// HasName reports whether types of this kind carry a name, which may be empty
// (anonymous). PTR, ARRAY, VOLATILE, CONST, RESTRICT, FUNC_PROTO and void do not.
func (k Kind) HasName() bool { return k != KindVoid && !k.in(setNameless) }

// kindSet is a set of the known kinds, a bit each.
type kindSet uint32

const (
	setModifier = 1<<KindVolatile | 1<<KindConst | 1<<KindRestrict | 1<<KindTypeTag
	setNameless = 1<<KindPtr | 1<<KindArray | 1<<KindVolatile | 1<<KindConst |
		1<<KindRestrict | 1<<KindFuncProto
	// setAnonymous holds the kinds that are meaningful without a name.
	setAnonymous = 1<<KindStruct | 1<<KindUnion | 1<<KindEnum | 1<<KindEnum64
	// setSized holds the kinds whose third header word is a size in bytes.
	setSized = 1<<KindInt | 1<<KindStruct | 1<<KindUnion | 1<<KindEnum | 1<<KindEnum64 |
		1<<KindDatasec | 1<<KindFloat
	// setTyped holds the kinds whose third header word is the id of another type.
	setTyped = 1<<KindPtr | 1<<KindTypedef | 1<<KindVolatile | 1<<KindConst |
		1<<KindRestrict | 1<<KindFunc | 1<<KindFuncProto | 1<<KindVar | 1<<KindDeclTag |
		1<<KindTypeTag
	setComposite = 1<<KindStruct | 1<<KindUnion
	setEnum      = 1<<KindEnum | 1<<KindEnum64
	setTag       = 1<<KindDeclTag | 1<<KindTypeTag
	// setElements holds the kinds whose vlen counts trailing elements.
	setElements = setComposite | setEnum | 1<<KindFuncProto | 1<<KindDatasec
)

// in reports whether k is in the set. Unknown kinds are in none: Go defines a
// shift by more than the width as 0.
func (k Kind) in(s kindSet) bool { return s>>k&1 != 0 }

// kindMask is a set of all 128 kinds; the zero set stands for all.
type kindMask [maxKinds / 64]uint64

func (s kindMask) has(k Kind) bool { return s == kindMask{} || s[k/64]>>(k%64)&1 != 0 }

// headerSize is sizeof(struct btf_type): name_off, info, and size or type.
const headerSize = 12

// trailer gives the bytes behind a record's header: info fixed ones, and elem for
// each of its vlen elements. It mirrors struct btf_layout (Linux 7.1).
type trailer struct {
	info, elem uint8
	known      bool
}

// trailers is indexed by kind. A section starts from builtinTrailers and adds what
// its layout section says about unknown kinds.
type trailers [maxKinds]trailer

var builtinTrailers = trailers{
	KindInt:       {info: 4, known: true},
	KindPtr:       {known: true},
	KindArray:     {info: 12, known: true},
	KindStruct:    {elem: 12, known: true},
	KindUnion:     {elem: 12, known: true},
	KindEnum:      {elem: 8, known: true},
	KindFwd:       {known: true},
	KindTypedef:   {known: true},
	KindVolatile:  {known: true},
	KindConst:     {known: true},
	KindRestrict:  {known: true},
	KindFunc:      {known: true}, // its vlen is the linkage
	KindFuncProto: {elem: 8, known: true},
	KindVar:       {info: 4, known: true},
	KindDatasec:   {elem: 12, known: true},
	KindFloat:     {known: true},
	KindDeclTag:   {info: 4, known: true},
	KindTypeTag:   {known: true},
	KindEnum64:    {elem: 12, known: true},
}

// infoKind, infoVlen and infoFlag take the info word of a record apart: bits 0-23
// vlen, 24-30 kind, 31 kind_flag. Blobs for kernels before 7.2 have 16 bits of
// vlen and 5 of kind, with zeros where these widths now read.
func infoKind(info uint32) Kind   { return Kind(info >> 24 & 0x7f) }
func infoVlen(info uint32) uint32 { return info & 0xffffff }
func infoFlag(info uint32) bool   { return info>>31 != 0 }
