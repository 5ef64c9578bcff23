package btf

import (
	"fmt"
	"iter"
	"math"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Type is a view of one type: 16 bytes that point at a record. It is comparable,
// works as a map key, and is equal to another Type exactly if both are the same
// record of the same open section; a base type is the same through every split. The
// zero Type is void.
//
// Accessors never fail or panic, and allocate or lock only where said. They return zero
// values for what the kind does not have, and where the bytes are corrupt. After the
// section is closed, every accessor answers as if the record were all zeros, except ID and
// Spec.
type Type struct {
	sec *raw.Section
	off uint32 // of the record, in the type section
	id  TypeID
}

// ID returns the type's id, which is unique within a chain of sections.
func (t Type) ID() TypeID { return t.id }

// IsVoid reports whether t is void, the zero Type.
func (t Type) IsVoid() bool { return t.sec == nil }

// Spec returns the Spec that stores the type, as it was opened; nil for void. It tells in which
// of several modules a type lives, whose ids overlap.
func (t Type) Spec() *Spec {
	if t.sec == nil {
		return nil
	}
	return t.sec.Owner.(*section).spec
}

// word returns the i-th word of the record, or 0.
func (t Type) word(i uint32) uint32 {
	if t.sec == nil {
		return 0
	}
	return t.sec.SmallWord(t.off + 4*i)
}

func (t Type) info() uint32 { return t.word(1) }

// Kind returns the kind; KindVoid for void.
func (t Type) Kind() Kind { return Kind(t.kindByte() & 0x7f) }

// kindByte returns the byte of the info word with kind and kind_flag.
func (t Type) kindByte() byte {
	if t.sec == nil {
		return 0
	}
	return t.sec.KindByte(t.off)
}

// Vlen returns how many members, enumerators, parameters or variables follow the
// record: its vlen where the kind has elements, else 0. For an unknown kind it is
// the raw vlen.
func (t Type) Vlen() int {
	info := t.info()
	if k := raw.InfoKind(info); !k.In(raw.WithElements) && k <= raw.LastKind {
		return 0
	}
	return int(raw.InfoVlen(info))
}

// KindFlag returns the kind_flag bit. Its meaning depends on the kind: see
// Member.BitfieldSize, IsSigned, FwdKind and IsAttribute.
func (t Type) KindFlag() bool { return t.kindByte()>>7 != 0 }

// Name returns the type's name, "" if it has none. Names are bytes in no declared encoding.
// If the blob is on the heap, the result is a substring of the blob, which costs nothing
// and keeps the blob alive. If the blob is mapped, the result is a copy, which costs one
// allocation. Either way it stays valid after Close. The cost is linear in the name, which
// in hostile input may be as long as the input and shared by all types: see NameOffset.
func (t Type) Name() string {
	if t.sec == nil {
		return ""
	}
	return t.sec.Name(t.off)
}

// AppendName appends the name to dst. It allocates only to grow dst.
func (t Type) AppendName(dst []byte) []byte {
	if t.sec == nil {
		return dst
	}
	return t.sec.AppendName(dst, t.off)
}

// NameIs reports whether the name is s, without allocating. It reads no more than len(s)+1
// bytes of the name, however long that is.
func (t Type) NameIs(s string) bool {
	if t.sec == nil {
		return s == ""
	}
	return t.sec.NameIs(t.sec.Word(t.off), s)
}

// NameOffset returns where the name starts in the strings of the chain, in bytes: the
// strings of all bases come first, then those of the section. 0 is the empty name. Types
// with the same offset in a chain have the same name.
func (t Type) NameOffset() uint32 {
	if t.sec == nil {
		return 0
	}
	return t.sec.Word(t.off)
}

// IsAnonymous reports whether t is a struct, union, enum or enum64 without a name.
func (t Type) IsAnonymous() bool { return t.Kind().in(raw.Anonymous) && t.NameIs("") }

// Size returns the size in bytes that the record states: for INT, STRUCT, UNION,
// ENUM, ENUM64, FLOAT and DATASEC. See Sizeof for the size of any type.
//
// In BTF of a BPF object that was not linked, the size of a DATASEC and the offsets of its
// global variables are 0: the compiler leaves them to the loader; elfx fills them in with
// Options.FixDatasec.
func (t Type) Size() (size uint32, ok bool) {
	if t.sec != nil {
		size, ok = t.sec.Size(t.off)
	}
	return
}

// TargetID returns the id of the type that Target returns, unchecked: 0 if the kind has none.
func (t Type) TargetID() TypeID {
	k := t.Kind()
	switch {
	case k == KindArray:
		return TypeID(t.word(3))
	case k.in(raw.Typed) && k != KindFuncProto:
		return TypeID(t.word(2))
	}
	return 0
}

// Target returns the one type that t is about: what a PTR, TYPEDEF, VOLATILE, CONST,
// RESTRICT, TYPE_TAG or DECL_TAG refers to, a VAR's type, a FUNC's FUNC_PROTO, an ARRAY's
// element. It is void where the record says 0, for other kinds, and if no type has the
// TargetID, which Spec.Verify finds.
func (t Type) Target() Type {
	id := t.TargetID()
	if id == 0 {
		return Type{}
	}
	return typeByID(t.sec, id)
}

// typeByID returns the type with the id in the chain of sec, void if there is none.
func typeByID(sec *raw.Section, id TypeID) Type {
	if sec, off, ok := sec.Find(uint32(id)); ok && sec != nil {
		return Type{sec, off, id}
	}
	return Type{}
}

// hasTarget reports whether t's kind has a Target and the type exists; void does.
func (t Type) hasTarget() bool {
	k := t.Kind()
	if k != KindArray && (!k.in(raw.Typed) || k == KindFuncProto) {
		return false
	}
	return t.exists(t.TargetID())
}

// exists reports whether the id exists in the chain of t's section.
func (t Type) exists(id TypeID) bool { return t.sec != nil && uint32(id) < t.sec.End() }

// Targets ranges over the Target of t, then the Target of that type, and so on. It does not
// include t. It ends with void or with a type that has no Target, such as a FUNC_PROTO or a
// STRUCT, which it includes. It also ends on cyclic input. In hostile input, a chain may be as
// long as there are types.
func (t Type) Targets() iter.Seq[Type] {
	return func(yield func(Type) bool) { t.walkTargets(yield) }
}

// walkTargets detects cycles after Brent: it remembers a type, and moves on to a later
// one at every power of two steps.
func (t Type) walkTargets(yield func(Type) bool) {
	mark := t
	for steps, limit := 0, 1; t.hasTarget(); steps++ {
		next := t.Target()
		if next == mark && !next.IsVoid() || !yield(next) {
			return
		}
		if steps == limit {
			mark, limit, steps = next, limit*2, 0
		}
		t = next
	}
}

// Underlying follows VOLATILE, CONST, RESTRICT, TYPE_TAG and TYPEDEF to the type that they
// qualify or name; t itself if it is none of them. It returns void on a corrupt chain, and on
// one of more than 1,024 links, which no compiler makes: the kernel gives up at 32.
func (t Type) Underlying() Type {
	for range maxLinks {
		if k := t.Kind(); !k.IsModifier() && k != KindTypedef {
			return t
		}
		t = t.Target()
	}
	return Type{}
}

// maxLinks bounds what one step of a walk over types costs: chains may be as long as the
// input, so that following one for each member of a struct would be quadratic.
const maxLinks = 1024

// proto returns the FUNC_PROTO of a FUNC, and any other type as it is.
func (t Type) proto() Type {
	if t.Kind() == KindFunc {
		return t.Target()
	}
	return t
}

// Int returns the encoding of an INT; ok is false for other kinds.
func (t Type) Int() (i Int, ok bool) {
	if t.Kind() != KindInt {
		return Int{}, false
	}
	w := t.word(3)
	return Int{Encoding: IntEncoding(w >> 24 & 0xf), Offset: uint8(w >> 16), Bits: uint8(w)}, true
}

// IndexType returns the type of an ARRAY's index; void for other kinds and if no type has
// that id. The type of the elements is Target.
func (t Type) IndexType() Type {
	if t.Kind() != KindArray {
		return Type{}
	}
	return typeByID(t.sec, TypeID(t.word(4)))
}

// ArrayLen returns the number of an ARRAY's elements, which may be 0; ok is false for
// other kinds.
func (t Type) ArrayLen() (n uint32, ok bool) {
	if t.Kind() != KindArray {
		return 0, false
	}
	return t.word(5), true
}

// Return returns what a FUNC or FUNC_PROTO returns; void for other kinds and if no type has
// that id.
func (t Type) Return() Type {
	t = t.proto()
	if t.Kind() != KindFuncProto {
		return Type{}
	}
	return typeByID(t.sec, TypeID(t.word(2)))
}

// Linkage returns the linkage of a FUNC (its vlen) or a VAR; ok is false for other kinds.
// The value may be none of the constants.
func (t Type) Linkage() (l Linkage, ok bool) {
	switch info := t.info(); Kind(raw.InfoKind(info)) {
	case KindFunc:
		return Linkage(raw.InfoVlen(info)), true
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
func (t Type) IsAttribute() bool { return t.Kind().in(raw.Tags) && t.KindFlag() }

// IsSigned reports whether an INT is signed, or an ENUM or ENUM64 is marked as such.
func (t Type) IsSigned() bool {
	if i, ok := t.Int(); ok {
		return i.Encoding&IntSigned != 0
	}
	return t.Kind().in(raw.Enums) && t.KindFlag()
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
func (t Type) IsOpaque() bool { return raw.Kind(t.Kind()) > raw.LastKind }

// Sizeof returns the size in bytes that a value of the type takes: what Size says,
// the target's pointer size, an array's product, and for modifiers, TYPEDEF and VAR
// what their target takes. ok is false for what has no size (void, FWD, FUNC,
// FUNC_PROTO, tags on those), on corrupt or cyclic chains, and above 2^63-1.
//
// The pointer size is the section's, see Spec.PointerSize. The time is linear in the length
// of the chain of targets, which in hostile input may be as long as the input.
func (t Type) Sizeof() (size uint64, ok bool) {
	elems, ok := t.elems(1)
	if t.isSized() || !ok {
		return t.ownSize(elems, ok)
	}
	for next := range t.Targets() {
		if elems, ok = next.elems(elems); next.isSized() || !ok {
			return next.ownSize(elems, ok)
		}
	}
	return 0, false
}

// elems multiplies n with the length of t if that is an ARRAY. ok is false if t is
// nothing that Sizeof looks behind or takes the size of.
func (t Type) elems(n uint64) (product uint64, ok bool) {
	switch k := t.Kind(); {
	case k == KindArray:
		length, _ := t.ArrayLen()
		return multiply(n, uint64(length))
	case t.isSized(), k.IsModifier(), k == KindTypedef, k == KindVar:
		return n, true
	}
	return 0, false
}

// isSized reports whether t has a size that does not depend on its target's.
func (t Type) isSized() bool { return t.Kind().in(raw.Sized | 1<<KindPtr) }

// ownSize returns the size of n values of t, if ok and isSized.
func (t Type) ownSize(n uint64, ok bool) (uint64, bool) {
	switch size, has := t.Size(); {
	case !ok:
		return 0, false
	case has:
		return multiply(n, uint64(size))
	}
	return multiply(n, uint64(t.sec.Owner.(*section).PointerSize()))
}

func multiply(a, b uint64) (uint64, bool) {
	if b != 0 && a > math.MaxInt64/b {
		return 0, false
	}
	return a * b, true
}

// String returns a short description such as "[17] STRUCT sk_buff", "void" for void. A type
// without a name of its own is described by its targets, at most 8 of them: "[27] PTR to CONST
// of STRUCT sk_buff", "[5] ARRAY of 16 INT char". Long names are cut. It allocates.
func (t Type) String() string {
	if t.IsVoid() {
		return "void"
	}
	dst := fmt.Appendf(nil, "[%d] ", t.id)
	for range maxShown {
		if dst = t.appendShort(dst); t.IsVoid() || !t.isLink() {
			return string(dst)
		}
		t = t.Target()
	}
	return string(append(dst, "..."...))
}

// maxShown is how many types, one the target of the other, String shows.
const maxShown = 9

// isLink reports whether String goes on to what t is about.
func (t Type) isLink() bool {
	k := t.Kind()
	return k == KindPtr || k == KindArray || k.IsModifier()
}

// appendShort appends the kind and the name of t, and if it is a link, the words that lead on.
func (t Type) appendShort(dst []byte) []byte {
	if t.IsVoid() {
		return append(dst, "void"...)
	}
	k := t.Kind()
	dst = append(dst, k.String()...)
	if name := t.Name(); name != "" {
		dst = append(append(dst, ' '), raw.Cut(name)...)
	}
	switch {
	case k == KindPtr:
		return append(dst, " to "...)
	case k == KindArray:
		n, _ := t.ArrayLen()
		return fmt.Appendf(dst, " of %d ", n)
	case k.IsModifier():
		return append(dst, " of "...)
	}
	return dst
}

// Int is the encoding of an INT: all that its record says besides size and name.
type Int struct {
	Encoding IntEncoding
	// Offset is where the value starts, in bits from the start of the storage: it is not 0
	// in the older form of bitfields only.
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
