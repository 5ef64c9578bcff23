// Package elements finds the elements of types by their own names: the enumerators of enums, and
// the members of structs and unions.
//
//	for enum, e := range elements.EnumeratorsByName(kernel, "TCP_ESTABLISHED") {
//		fmt.Println(enum, e.Int64())
//	}
//
// Each call of a function reads all types, which takes a millisecond or two for a kernel. An
// Index, once built, finds a name in some 50 ns.
package elements

import (
	"iter"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Source has the types whose elements are searched: it is a *btf.Spec, or a
// *modules.Collection for a kernel with its modules.
type Source interface {
	TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type]
}

// MaxMatched is the length in bytes up to which names are matched against an expression; longer
// ones, which no kernel has, match nothing. Without a bound, overlapping names would take time
// quadratic in the input.
const MaxMatched = 1024

// EnumeratorsByName ranges over the enumerators with the name, and the ENUM or ENUM64 of each, in
// the order of src. No element has the empty name.
func EnumeratorsByName(src Source, name string) iter.Seq2[btf.Type, btf.Enumerator] {
	return func(yield func(btf.Type, btf.Enumerator) bool) {
		enumerators(src, named(name))(yield)
	}
}

// EnumeratorsByMatch ranges over the enumerators whose name matches, as EnumeratorsByName does.
func EnumeratorsByMatch(src Source, m *btf.Matcher) iter.Seq2[btf.Type, btf.Enumerator] {
	return enumerators(src, matching(m))
}

// MembersByName ranges over the members with the name, and the STRUCT or UNION of each, which may
// be an anonymous one, in the order of src.
func MembersByName(src Source, name string) iter.Seq2[btf.Type, btf.Member] {
	return func(yield func(btf.Type, btf.Member) bool) { members(src, named(name))(yield) }
}

// MembersByMatch ranges over the members whose name matches, as MembersByName does.
func MembersByMatch(src Source, m *btf.Matcher) iter.Seq2[btf.Type, btf.Member] {
	return members(src, matching(m))
}

// A filter accepts names, each given by where it starts.
type filter func(sec *raw.Section, off uint32) bool

// named returns a filter for one range over elements.
func named(name string) filter {
	c := comparer{name: name}
	return func(sec *raw.Section, off uint32) bool { return name != "" && c.matches(sec, off) }
}

// A comparer compares the names of many elements with one, which is not empty: in time linear in
// the sections, as long as elements of one come together, though a long name may be shared by all
// elements.
type comparer struct {
	name string
	sec  *raw.Section
	test raw.NameTest
}

func (c *comparer) matches(sec *raw.Section, off uint32) bool {
	if sec != c.sec {
		c.sec, c.test = sec, sec.NameTest(c.name)
	}
	return c.test.Matches(off)
}

func matching(m *btf.Matcher) filter {
	return func(sec *raw.Section, off uint32) bool {
		name := sec.NamePrefix(off, MaxMatched+1)
		return name != "" && len(name) <= MaxMatched && m.MatchString(name)
	}
}

func enumerators(src Source, accept filter) iter.Seq2[btf.Type, btf.Enumerator] {
	return func(yield func(btf.Type, btf.Enumerator) bool) {
		for t := range src.TypesByKind(btf.KindEnum, btf.KindEnum64) {
			for i := range selected(t, accept) {
				if e, ok := t.Enumerator(i); !ok || !yield(t, e) {
					return
				}
			}
		}
	}
}

func members(src Source, accept filter) iter.Seq2[btf.Type, btf.Member] {
	return func(yield func(btf.Type, btf.Member) bool) {
		for t := range src.TypesByKind(btf.KindStruct, btf.KindUnion) {
			for i := range selected(t, accept) {
				if m, ok := t.Member(i); !ok || !yield(t, m) {
					return
				}
			}
		}
	}
}

// selected ranges over the indexes of the elements of t whose names are accepted.
func selected(t btf.Type, accept filter) iter.Seq[int] {
	return func(yield func(int) bool) {
		sec, off := btf.Internal.Record(t)
		step := 4 * raw.ElementWords(raw.Kind(t.Kind()))
		off += raw.HeaderSize
		for i := range t.Vlen() {
			if accept(sec, sec.Word(off)) && !yield(i) {
				return
			}
			off += step
		}
	}
}
