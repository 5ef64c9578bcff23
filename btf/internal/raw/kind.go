package raw

import "strconv"

// Kind is the kind of a record, as package btf documents it.
type Kind uint8

// The kinds; see the constants of package btf, which have the same values.
const (
	Void Kind = iota
	Int
	Ptr
	Array
	Struct
	Union
	Enum
	Fwd
	Typedef
	Volatile
	Const
	Restrict
	Func
	FuncProto
	Var
	Datasec
	Float
	DeclTag
	TypeTag
	Enum64

	// LastKind is the highest kind that this module knows.
	LastKind = Enum64
	// MaxKinds is how many kinds fit into the field: 7 bits, BTF_MAX_KIND 0x7f.
	MaxKinds = 128
)

var kindNames = [...]string{
	"VOID", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE",
	"CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG",
	"TYPE_TAG", "ENUM64",
}

// String returns the kernel's name of the kind without its prefix, or "KIND(33)".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "KIND(" + strconv.Itoa(int(k)) + ")"
}

// HasName reports whether types of the kind carry a name, which may be empty.
func (k Kind) HasName() bool { return k != Void && !k.In(Nameless) }

// KindSet is a set of the known kinds, a bit each.
type KindSet uint32

// The sets of kinds that are treated alike.
const (
	Modifiers = 1<<Volatile | 1<<Const | 1<<Restrict | 1<<TypeTag
	Nameless  = 1<<Ptr | 1<<Array | 1<<Volatile | 1<<Const | 1<<Restrict | 1<<FuncProto
	// Anonymous holds the kinds that are meaningful without a name.
	Anonymous = 1<<Struct | 1<<Union | 1<<Enum | 1<<Enum64
	// Sized holds the kinds whose third header word is a size in bytes.
	Sized = 1<<Int | 1<<Struct | 1<<Union | 1<<Enum | 1<<Enum64 | 1<<Datasec | 1<<Float
	// Typed holds the kinds whose third header word is the id of another type.
	Typed = 1<<Ptr | 1<<Typedef | 1<<Volatile | 1<<Const | 1<<Restrict | 1<<Func |
		1<<FuncProto | 1<<Var | 1<<DeclTag | 1<<TypeTag
	Composites = 1<<Struct | 1<<Union
	Enums      = 1<<Enum | 1<<Enum64
	Tags       = 1<<DeclTag | 1<<TypeTag
	// WithElements holds the kinds whose vlen counts elements behind the record.
	WithElements = Composites | Enums | 1<<FuncProto | 1<<Datasec
)

// In reports whether k is in the set. Unknown kinds are in none: Go defines a shift by more
// than the width as 0.
func (k Kind) In(s KindSet) bool { return s>>k&1 != 0 }

// HeaderSize is sizeof(struct btf_type): name_off, info, and size or type.
const HeaderSize = 12

// Trailer says how many bytes follow a record's header: Info fixed ones, and Elem for each of
// its vlen elements. It mirrors struct btf_layout (Linux 7.1).
type Trailer struct {
	Info, Elem uint8
	Known      bool
}

// Trailers is indexed by kind. A section starts from Builtin and adds what its layout section
// says about unknown kinds.
type Trailers [MaxKinds]Trailer

// Builtin has the trailers of the known kinds.
var Builtin = Trailers{
	Int:       {Info: 4, Known: true},
	Ptr:       {Known: true},
	Array:     {Info: 12, Known: true},
	Struct:    {Elem: 12, Known: true},
	Union:     {Elem: 12, Known: true},
	Enum:      {Elem: 8, Known: true},
	Fwd:       {Known: true},
	Typedef:   {Known: true},
	Volatile:  {Known: true},
	Const:     {Known: true},
	Restrict:  {Known: true},
	Func:      {Known: true}, // its vlen is the linkage
	FuncProto: {Elem: 8, Known: true},
	Var:       {Info: 4, Known: true},
	Datasec:   {Elem: 12, Known: true},
	Float:     {Known: true},
	DeclTag:   {Info: 4, Known: true},
	TypeTag:   {Known: true},
	Enum64:    {Elem: 12, Known: true},
}

// ElementWords returns how many 32-bit words an element of a known kind has.
func ElementWords(k Kind) uint32 { return uint32(Builtin[k&0x1f].Elem) / 4 }

// References says where a kind keeps ids and string offsets besides its name: the header's
// third word, words of the fixed trailer, and words of each element. -1 stands for none.
type References struct {
	Header   bool
	Fixed    [2]int8 // words of the record
	ID, Name int8    // words of an element
	Element  string  // what an element is called in errors
}

// References returns where types of the kind keep references.
func (k Kind) References() (r References) {
	r = References{Header: k.In(Typed), Fixed: [2]int8{-1, -1}, ID: -1, Name: -1}
	switch k {
	case Array:
		r.Fixed = [2]int8{3, 4}
	case Struct, Union:
		r.Name, r.ID, r.Element = 0, 1, "member"
	case FuncProto:
		r.Name, r.ID, r.Element = 0, 1, "parameter"
	case Enum, Enum64:
		r.Name, r.Element = 0, "enumerator"
	case Datasec:
		r.ID, r.Element = 0, "variable"
	}
	return r
}

// InfoKind, InfoVlen and InfoFlag take the info word of a record apart: bits 0-23 vlen, 24-30
// kind, 31 kind_flag. Blobs for kernels before 7.2 have 16 bits of vlen and 5 of kind, with
// zeros where these widths now read.
func InfoKind(info uint32) Kind { return Kind(info >> 24 & 0x7f) }

// InfoVlen returns the number of elements.
func InfoVlen(info uint32) uint32 { return info & 0xffffff }

// InfoFlag returns kind_flag.
func InfoFlag(info uint32) bool { return info>>31 != 0 }
