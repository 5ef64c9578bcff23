package btf

import (
	"fmt"
	"iter"
)

// A Type is a view of one type: 16 bytes that point at a record. It is comparable,
// works as a map key, and is equal to another Type exactly if both are the same
// record of the same open section; a base type is the same through every split. The
// zero Type is void.
//
// Accessors never fail or panic, and allocate or lock only where said. Asked what
// the kind does not have, or where the bytes are corrupt, they answer with zero
// values. So they do after the section is closed, as if the record were all zeros;
// only the id and the section stay.
type Type struct {
	sec *Section
	off uint32 // of the record, in the type section
	id  ID
}

// ID returns the type's id, which is unique within a chain of sections.
func (t Type) ID() ID { return t.id }

// IsVoid reports whether t is void, the zero Type.
func (t Type) IsVoid() bool { return t.sec == nil }

// Section returns the section that stores the type, nil for void.
func (t Type) Section() *Section { return t.sec }

// Offset returns where the record starts, in bytes from the start of the section's
// blob; 0 for void.
func (t Type) Offset() int64 {
	if t.sec == nil {
		return 0
	}
	return t.sec.header.TypesOff + int64(t.off)
}

// word returns the i-th word of the record, or 0.
func (t Type) word(i uint32) uint32 {
	if t.sec == nil {
		return 0
	}
	return t.sec.word(t.off + 4*i)
}

func (t Type) info() uint32 { return t.word(1) }

// Kind returns the kind; KindVoid for void.
func (t Type) Kind() Kind { return Kind(t.kindByte() & 0x7f) }

// kindByte returns the byte of the info word with kind and kind_flag: its last in
// little-endian BTF, its first in big-endian. One byte needs no swapping, so that Kind
// is small enough to be inlined everywhere.
func (t Type) kindByte() byte {
	if t.sec == nil {
		return 0
	}
	types, o := t.sec.types, int(t.off)+int(t.sec.kindAt)
	if uint(o) >= uint(len(types)) {
		return 0
	}
	return types[o]
}

// Vlen returns how many members, enumerators, parameters or variables follow the
// record: its vlen where the kind has elements, else 0. For an unknown kind it is
// the raw vlen.
func (t Type) Vlen() int {
	info := t.info()
	if k := infoKind(info); !k.in(setElements) && k <= lastKind {
		return 0
	}
	return int(infoVlen(info))
}

// KindFlag returns the kind_flag bit. Its meaning depends on the kind: see
// Member.BitfieldSize, IsSigned, FwdKind and IsAttribute.
func (t Type) KindFlag() bool { return t.kindByte()>>7 != 0 }

// Name returns the type's name, "" if it has none. Names are bytes in no declared
// encoding. For bytes on the heap the result is a substring of them and free; it
// keeps them alive. For mapped bytes it is a copy, one allocation. Either way it
// stays valid after Close.
func (t Type) Name() string {
	if t.sec == nil {
		return ""
	}
	return t.sec.name(t.word(0))
}

// AppendName appends the name to dst. It allocates only to grow dst.
func (t Type) AppendName(dst []byte) []byte {
	if t.sec == nil {
		return dst
	}
	return append(dst, t.sec.nameBytes(t.word(0))...)
}

// NameIs reports whether the name is s, without allocating.
func (t Type) NameIs(s string) bool {
	if t.sec == nil {
		return s == ""
	}
	return nameIs(t.sec, t.sec.word(t.off), s)
}

// NameOffset returns where the name starts in the strings, those of all bases first; 0 is
// the empty name. Types with the same offset in a chain have the same name.
func (t Type) NameOffset() uint32 {
	if t.sec == nil {
		return 0
	}
	return t.sec.word(t.off)
}

// nameIs is NameEquals that takes a missing string for the empty one, as Name does.
func nameIs(sec *Section, off uint32, s string) bool {
	if s == "" {
		t := sec.tail(off)
		return t == "" || t[0] == 0
	}
	return sec.NameEquals(off, s)
}

// HasName reports whether the kind has a name at all, which may be empty.
func (t Type) HasName() bool { return t.Kind().HasName() }

// IsAnonymous reports whether t is a struct, union, enum or enum64 without a name.
func (t Type) IsAnonymous() bool { return t.Kind().in(setAnonymous) && t.NameIs("") }

// Size returns the size in bytes that the record states: for INT, STRUCT, UNION,
// ENUM, ENUM64, FLOAT and DATASEC. See Sizeof for the size of any type.
func (t Type) Size() (uint32, bool) {
	if !t.Kind().in(setSized) {
		return 0, false
	}
	return t.sec.word(t.off + 8), true
}

// TargetID returns the id of the type that Target returns, unchecked.
func (t Type) TargetID() (ID, bool) {
	k := t.Kind()
	switch {
	case k == KindArray:
		return ID(t.word(3)), true
	case k.in(setTyped) && k != KindFuncProto:
		return ID(t.word(2)), true
	}
	return 0, false
}

// Target returns the one type that t is about: what a PTR, TYPEDEF, VOLATILE,
// CONST, RESTRICT, TYPE_TAG or DECL_TAG refers to, a VAR's type, a FUNC's
// FUNC_PROTO, an ARRAY's element. It is void, with ok true, where the record says
// 0. ok is false for other kinds and if the id does not exist.
func (t Type) Target() (target Type, ok bool) {
	id, ok := t.TargetID()
	if !ok {
		return Type{}, false
	}
	return t.sec.byID(id)
}

// Chain ranges over Target of t, the Target of that, and so on. It does not include
// t; it includes a void at the end, stops behind a type that has no Target, such as
// a FUNC_PROTO or a STRUCT, and ends on cyclic input, too.
func (t Type) Chain() iter.Seq[Type] {
	return func(yield func(Type) bool) { t.walkChain(yield) }
}

// walkChain detects cycles after Brent: it remembers a type, and moves on to a later
// one at every power of two steps.
func (t Type) walkChain(yield func(Type) bool) {
	mark := t
	for steps, limit := 0, 1; ; steps++ {
		next, ok := t.Target()
		if !ok || next == mark && next != (Type{}) {
			return
		}
		if !yield(next) {
			return
		}
		if steps == limit {
			mark, limit, steps = next, limit*2, 0
		}
		t = next
	}
}

// SkipModsAndTypedefs follows VOLATILE, CONST, RESTRICT, TYPE_TAG and TYPEDEF to the type
// that they qualify or name. It returns void on a corrupt chain, and on one of more than
// 1,024 links, which no compiler makes: the kernel gives up at 32.
func (t Type) SkipModsAndTypedefs() Type {
	for range maxSkip {
		if k := t.Kind(); !k.IsModifier() && k != KindTypedef {
			return t
		}
		var ok bool
		if t, ok = t.Target(); !ok {
			return Type{}
		}
	}
	return Type{}
}

// maxSkip bounds what one step of a walk over types costs: chains may be as long as the
// input, so that following one for each member of a struct would be quadratic.
const maxSkip = 1024

// FuncProto returns the FUNC_PROTO of a FUNC, or t itself if it is one; ok is false for
// other kinds and if there is none.
func (t Type) FuncProto() (proto Type, ok bool) {
	if t.Kind() == KindFunc {
		t, _ = t.Target()
	}
	if t.Kind() != KindFuncProto {
		return Type{}, false
	}
	return t, true
}

// String returns a short description such as "[17] STRUCT sk_buff", "void" for void.
// It allocates.
func (t Type) String() string {
	if t.IsVoid() {
		return "void"
	}
	if name := t.Name(); name != "" {
		return fmt.Sprintf("[%d] %v %s", t.id, t.Kind(), name)
	}
	return fmt.Sprintf("[%d] %v", t.id, t.Kind())
}
