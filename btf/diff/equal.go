// Package diff compares types of different kernels: two types by their structure, and what two
// kernels declare.
//
//	for _, c := range diff.Between(old, new) {
//		fmt.Println(c)
//	}
//
// Ids, the order of records and the place of strings do not count. Names, kinds, sizes, offsets,
// values, and the types that a type refers to count.
package diff

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// MaxName is how many bytes of a name are compared. No kernel has longer ones.
const MaxName = 4096

// Equal reports whether two types, of any Specs, are equal, and all types that they refer to,
// directly or through others. Cycles, such as a list's, are equal if no path through them leads to
// a difference. Time and memory are linear in the types reached; it does not recurse. A type of a
// kind that this package does not know is equal to itself only.
func Equal(a, b btf.Type) bool { return compare(a, b, true) }

// SameDeclaration reports whether two types have the same declaration. It compares as Equal does,
// but of a named struct, union, enum or typedef that a type refers to it compares only the name.
// So a struct has the same declaration in two kernels if its own members have, even if the structs
// that they point to have changed. A FWD that a type refers to counts as the struct or union that
// it declares.
func SameDeclaration(a, b btf.Type) bool { return compare(a, b, false) }

// A comparer looks for a difference between two graphs of types. It takes any two types that have
// to be equal as one class from then on (the algorithm of Hopcroft and Karp), so that it looks at
// no more pairs than there are types, whatever their cycles.
type comparer struct {
	deep    bool
	classes map[btf.Type]btf.Type // a type of the same class, nearer its representative
	todo    [][2]btf.Type
}

func compare(a, b btf.Type, deep bool) bool {
	c := comparer{deep: deep}
	if !c.same(a, b) {
		return false
	}
	for len(c.todo) > 0 {
		last := len(c.todo) - 1
		pair := c.todo[last]
		c.todo = c.todo[:last]
		if c.merge(pair[0], pair[1]) && !c.same(pair[0], pair[1]) {
			return false
		}
	}
	return true
}

// merge makes one class of two types, and reports whether they were in different ones.
func (c *comparer) merge(a, b btf.Type) bool {
	a, b = c.class(a), c.class(b)
	if a == b {
		return false
	}
	if c.classes == nil {
		c.classes = map[btf.Type]btf.Type{}
	}
	c.classes[a] = b
	return true
}

// class returns the representative of a type's class, and shortens the way there.
func (c *comparer) class(t btf.Type) btf.Type {
	for {
		next, ok := c.classes[t]
		if !ok {
			return t
		}
		if far, ok := c.classes[next]; ok {
			c.classes[t] = far
		}
		t = next
	}
}

// refer notes that two types have to be the same that others refer to. It reports whether that is
// not excluded yet.
func (c *comparer) refer(a, b btf.Type) bool {
	if a == b {
		return true
	}
	if !c.deep {
		if ka, kb := family(a), family(b); ka != 0 || kb != 0 {
			return ka == kb && sameName(a, b)
		}
	}
	if a.Kind() != b.Kind() {
		return false
	}
	c.todo = append(c.todo, [2]btf.Type{a, b})
	return true
}

// family returns what a type is called in C if it is referred to by name; 0 if it is not.
func family(t btf.Type) btf.Kind {
	k := t.Kind()
	switch k {
	case btf.KindFwd:
		return t.FwdKind()
	case btf.KindEnum64:
		k = btf.KindEnum
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindTypedef:
	default:
		return 0
	}
	if t.NameIs("") {
		return 0
	}
	return k
}

// same compares two records, and notes what they refer to.
func (c *comparer) same(a, b btf.Type) bool {
	k := a.Kind()
	if a == b {
		return true
	}
	if k != b.Kind() || a.IsVoid() || a.Vlen() != b.Vlen() || !sameName(a, b) ||
		a.KindFlag() != b.KindFlag() && k != btf.KindStruct && k != btf.KindUnion {
		return false
	}
	sizeA, _ := a.Size()
	sizeB, _ := b.Size()
	if sizeA != sizeB {
		return false
	}
	switch k {
	case btf.KindInt:
		ia, _ := a.Int()
		ib, _ := b.Int()
		return ia == ib
	case btf.KindFloat, btf.KindFwd:
		return true
	case btf.KindArray:
		na, _ := a.ArrayLen()
		nb, _ := b.ArrayLen()
		return na == nb && c.refer(a.Target(), b.Target())
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindFuncProto,
		btf.KindDatasec:
		return c.sameElements(a, b)
	case btf.KindFunc, btf.KindVar:
		la, _ := a.Linkage()
		lb, _ := b.Linkage()
		return la == lb && c.refer(a.Target(), b.Target())
	case btf.KindDeclTag:
		ia, _ := a.ComponentIndex()
		ib, _ := b.ComponentIndex()
		return ia == ib && c.refer(a.Target(), b.Target())
	}
	return !a.IsOpaque() && c.refer(a.Target(), b.Target())
}

// sameElements compares the elements of two records of the same kind and vlen.
func (c *comparer) sameElements(a, b btf.Type) bool {
	for i := range a.Vlen() {
		if !sameElementNames(a, b, i) || !c.sameElement(a, b, i) {
			return false
		}
	}
	return a.Kind() != btf.KindFuncProto || c.refer(a.Return(), b.Return())
}

func (c *comparer) sameElement(a, b btf.Type, i int) bool {
	switch a.Kind() {
	case btf.KindStruct, btf.KindUnion:
		ma, _ := a.Member(i)
		mb, _ := b.Member(i)
		return ma.BitOffset() == mb.BitOffset() && ma.BitfieldSize() == mb.BitfieldSize() &&
			c.refer(ma.Target(), mb.Target())
	case btf.KindEnum, btf.KindEnum64:
		ea, _ := a.Enumerator(i)
		eb, _ := b.Enumerator(i)
		return ea.Uint64() == eb.Uint64()
	case btf.KindFuncProto:
		pa, _ := a.Param(i)
		pb, _ := b.Param(i)
		return c.refer(pa.Target(), pb.Target())
	}
	va, _ := a.VarSecinfo(i)
	vb, _ := b.VarSecinfo(i)
	return va.Offset() == vb.Offset() && va.Size() == vb.Size() && c.refer(va.Target(), vb.Target())
}

// sameName compares the names of two types.
func sameName(a, b btf.Type) bool { return name(a) == name(b) }

// name returns a type's name, as far as it counts. It aliases the section's bytes.
func name(t btf.Type) string { return prefix(nameOffset(t)) }

// sameElementNames compares the names of two elements; those of a DATASEC have none.
func sameElementNames(a, b btf.Type, i int) bool {
	return a.Kind() == btf.KindDatasec || elementName(a, i) == elementName(b, i)
}

// elementName returns an element's name as name does that of a type. The element must exist.
func elementName(t btf.Type, i int) string { return prefix(elementNameOffset(t, i)) }

// nameOffset returns where a type's name is, and the section that knows; nil for void.
func nameOffset(t btf.Type) (sec *raw.Section, off uint32) {
	if sec, off = btf.Internal.Record(t); sec != nil {
		off = sec.Word(off)
	}
	return sec, off
}

// elementNameOffset returns where an element's name is.
func elementNameOffset(t btf.Type, i int) (sec *raw.Section, off uint32) {
	sec, off = btf.Internal.Record(t)
	step := 4 * raw.ElementWords(raw.Kind(t.Kind()))
	return sec, sec.Word(off + raw.HeaderSize + uint32(i)*step)
}

func prefix(sec *raw.Section, off uint32) string {
	if sec == nil {
		return ""
	}
	return sec.NamePrefix(off, MaxName)
}
