package path

import (
	"iter"
	"math/bits"

	"github.com/btfkit/btfkit/btf"
)

// maxNesting is how many anonymous structs and unions may lie in one another. The kernel's
// relocations have 64 steps (BPF_CORE_SPEC_MAX_LEN).
const maxNesting = 64

// A hit is a named member, found in a struct or in an anonymous one within.
type hit struct {
	member btf.Member
	offset uint64 // in bits from the start of the outermost struct
	last   bool   // the last member of the struct that it stands in
}

// find returns the first member of a struct or union with the name. The empty name is that of
// no member.
func find(t btf.Type, name string) (hit, bool) {
	for h := range members(t) {
		if h.member.NameIs(name) {
			return h, true
		}
	}
	return hit{}, false
}

// members ranges over the named members of a struct or union, those of anonymous structs and
// unions among them, in the order of their declaration.
func members(t btf.Type) iter.Seq[hit] {
	return func(yield func(hit) bool) {
		var v visitor
		v.visit(t, 0, 0, yield)
	}
}

// A visitor enters each anonymous struct once: in a second one of the same type, all names have
// been met before. So the cost is linear in the input, however often one contains the other.
type visitor struct {
	few  [16]btf.Type
	n    int
	many map[btf.Type]bool
}

func (v *visitor) visit(t btf.Type, off uint64, depth int, yield func(hit) bool) bool {
	last := t.Vlen() - 1
	for i, m := range t.Members() {
		at, carry := bits.Add64(off, uint64(m.BitOffset()), 0)
		if carry != 0 {
			continue
		}
		if !m.NameIs("") {
			if !yield(hit{m, at, i == last}) {
				return false
			}
			continue
		}
		inner := m.Target().Underlying()
		if k := inner.Kind(); k != btf.KindStruct && k != btf.KindUnion {
			continue // padding
		}
		if depth < maxNesting && v.isNew(inner) && !v.visit(inner, at, depth+1, yield) {
			return false
		}
	}
	return true
}

// isNew reports whether t is new.
func (v *visitor) isNew(t btf.Type) bool {
	for _, seen := range v.few[:v.n] {
		if seen == t {
			return false
		}
	}
	if v.n < len(v.few) {
		v.few[v.n] = t
		v.n++
		return true
	}
	if v.many == nil {
		v.many = map[btf.Type]bool{}
	}
	seen := v.many[t]
	v.many[t] = true
	return !seen
}

// Members ranges over the named members of a struct or union, or of a typedef or modifier of one,
// in the order of their declaration. It includes the members of anonymous structs and unions
// inside. Each comes with its place in the outermost struct. It is empty for other kinds.
func Members(t btf.Type) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		w := btf.Internal.Widths()
		for h := range members(t.Underlying()) {
			f := Field{Type: h.member.Target(), Member: h.member, BitOffset: h.offset}
			var shift uint64
			shift, f.BitSize, f.Bitfield = w.Of(f.Member, f.Type)
			f.BitOffset += shift
			if !yield(f) {
				return
			}
		}
	}
}
