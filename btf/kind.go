package btf

import "github.com/btfkit/btfkit/btf/internal/raw"

// TypeID numbers a type. 0 is void. The first stored type of a base is 1; the first of a split
// section follows the last of its base.
type TypeID uint32

// Kind says what a record describes. Values and names are those of the kernel's UAPI header
// include/uapi/linux/btf.h. A kind has 7 bits since Linux 7.2, and had 5 before. This
// package knows no kind above KindEnum64.
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
)

// String returns the kernel's name of the kind without its prefix, such as
// "FUNC_PROTO"; "VOID" for kind 0 and "KIND(33)" for an unknown one.
func (k Kind) String() string { return raw.Kind(k).String() }

// IsModifier reports whether the kind only qualifies its target: VOLATILE, CONST,
// RESTRICT or TYPE_TAG. A TYPEDEF is not a modifier.
func (k Kind) IsModifier() bool { return k.in(raw.Modifiers) }

// HasName reports whether types of this kind carry a name, which may be empty
// (anonymous). PTR, ARRAY, VOLATILE, CONST, RESTRICT, FUNC_PROTO and void do not.
func (k Kind) HasName() bool { return raw.Kind(k).HasName() }

func (k Kind) in(s raw.KindSet) bool { return raw.Kind(k).In(s) }

// kindMask is a set of all 128 kinds; the zero set stands for all.
type kindMask [raw.MaxKinds / 64]uint64

func maskOf(kinds []Kind) (m kindMask) {
	for _, k := range kinds {
		m[k%raw.MaxKinds/64] |= 1 << (k % 64)
	}
	return m
}

func (m *kindMask) has(k Kind) bool { return *m == kindMask{} || m[k/64]>>(k%64)&1 != 0 }
