package diff

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Hash returns the same number for two types for which SameDeclaration holds, and so for types
// that are Equal. It depends on nothing else, not even on the machine: a program can store it, and
// compare later to see whether a declaration has changed. It does not resist an attacker who wants
// two declarations to collide.
//
// It reads some 10,000 elements of the declaration at most. It does not recurse.
func Hash(t btf.Type) uint64 {
	h := hasher{sum: 14695981039346656037, budget: 10_000, todo: []btf.Type{t}}
	for len(h.todo) > 0 && h.budget > 0 {
		last := len(h.todo) - 1
		next := h.todo[last]
		h.todo = h.todo[:last]
		h.budget--
		describe(&h, next)
	}
	return h.sum
}

// A hasher walks over a declaration as a comparer does, without regard to what it met before: types
// that are the same may share parts in one kernel, and have copies in another.
type hasher struct {
	sum    uint64
	budget int
	todo   []btf.Type
}

func (h *hasher) more() bool {
	h.budget--
	return h.budget > 0
}

// word and text are FNV-1a, by words of 64 bits where there are such.
func (h *hasher) word(w uint64) { h.sum = (h.sum ^ w) * 1099511628211 }

func (h *hasher) text(s string) {
	for i := range len(s) {
		h.sum = (h.sum ^ uint64(s[i])) * 1099511628211
	}
	h.word(1 << 8)
}

func (h *hasher) name(sec *raw.Section, off uint32) { h.text(prefix(sec, off)) }

// refer takes in a type that is referred to: its name, or itself, later.
func (h *hasher) refer(t btf.Type) {
	if k := family(t); k != 0 {
		h.word(uint64(k))
		h.name(nameOffset(t))
		return
	}
	h.word(uint64(t.Kind()))
	h.todo = append(h.todo, t)
}

// A sink takes in what counts of a record.
type sink interface {
	word(w uint64)
	name(sec *raw.Section, off uint32)
	refer(t btf.Type)
	// more is asked before each element.
	more() bool
}

// describe tells a sink what counts of a record: the same for two that comparer.same takes for the
// same.
func describe(s sink, t btf.Type) {
	k := t.Kind()
	s.word(uint64(k) | uint64(t.Vlen())<<8)
	s.name(nameOffset(t))
	size, _ := t.Size()
	length, _ := t.ArrayLen()
	s.word(uint64(size)<<32 | uint64(length))
	if m := marks(t); m != 0 {
		s.word(m)
	}
	switch k {
	case btf.KindInt:
		i, _ := t.Int()
		s.word(uint64(i.Encoding)<<16 | uint64(i.Offset)<<8 | uint64(i.Bits))
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindFuncProto,
		btf.KindDatasec:
		describeElements(s, t, k)
	case btf.KindVoid, btf.KindFwd, btf.KindFloat:
	default:
		s.refer(t.Target())
	}
}

// marks returns what else tells records of one kind apart: the kind_flag, but for structs and
// unions, whose members say the same in two ways; the linkage; and what a DECL_TAG is about.
func marks(t btf.Type) (m uint64) {
	if k := t.Kind(); t.KindFlag() && k != btf.KindStruct && k != btf.KindUnion {
		m = 1
	}
	linkage, _ := t.Linkage()
	m |= uint64(linkage) << 1
	if i, ok := t.ComponentIndex(); ok {
		m |= uint64(i+2) << 32
	}
	return m
}

func describeElements(s sink, t btf.Type, k btf.Kind) {
	if k == btf.KindFuncProto {
		s.refer(t.Return())
	}
	for i := range t.Vlen() {
		if !s.more() {
			return
		}
		if k != btf.KindDatasec {
			s.name(elementNameOffset(t, i))
		}
		switch k {
		case btf.KindStruct, btf.KindUnion:
			m, _ := t.Member(i)
			s.word(uint64(m.BitOffset())<<8 | uint64(m.BitfieldSize()))
			s.refer(m.Target())
		case btf.KindEnum, btf.KindEnum64:
			e, _ := t.Enumerator(i)
			s.word(e.Uint64())
		case btf.KindFuncProto:
			p, _ := t.Param(i)
			s.refer(p.Target())
		default:
			v, _ := t.VarSecinfo(i)
			s.word(uint64(v.Offset())<<32 | uint64(v.Size()))
			s.refer(v.Target())
		}
	}
}
