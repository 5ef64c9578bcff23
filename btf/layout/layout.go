// Package layout computes what BTF does not state: the alignment of types, whether structs are
// packed, and where structs have gaps.
//
//	align := layout.Align(task)
//	for gap := range layout.Gaps(task) { … }
//
// The rules are libbpf's (1.7, btf__align_of in btf.c, btf_is_struct_packed in btf_dump.c);
// bpftool uses them to write C. They derive the alignment from the members, as a compiler
// does. Of a wider alignment that __attribute__((aligned)) asked for, BTF shows only the gaps.
//
// Sizes are what btf.Type.Sizeof returns.
package layout

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/btfkit/btfkit/btf"
)

// Align returns the alignment of a value of the type, in bytes, as a Ruler does.
func Align(t btf.Type) uint32 { return new(Ruler).Align(t) }

// Packed reports whether a struct or union is packed, as a Ruler does.
func Packed(t btf.Type) bool { return new(Ruler).Packed(t) }

// A Ruler measures types and remembers the alignment of each struct and union that it met, so
// that measuring all types of a kernel takes time linear in their members. The zero Ruler is
// ready to use, for types of any number of Specs. It must not be used concurrently.
type Ruler struct {
	aligns map[btf.Type]uint32 // of structs and unions; unknown while they are being measured
	stack  []frame
}

// unknown is the alignment of a struct that is being measured: one that is met again contains
// itself.
const unknown = 0

// A frame is a struct or union that is being measured.
type frame struct {
	t    btf.Type
	next int    // member to look at
	max  uint32 // the greatest alignment so far
}

// Align returns the alignment of a value of the type, in bytes: 1 for packed structs; 0 for kinds
// without an alignment (void, FWD, FUNC, FUNC_PROTO, VAR, DATASEC, tags on declarations), for a
// struct with a member of such a kind, for corrupt types and for types that contain themselves.
// It does not recurse; time is linear in the members of the structs that t contains by value.
func (r *Ruler) Align(t btf.Type) uint32 {
	align, open := r.look(t)
	if !open {
		return align
	}
	r.push(t)
	for len(r.stack) > 0 {
		r.step()
	}
	align, _ = r.look(t)
	return align
}

// maxLinks is how many typedefs, modifiers and arrays may follow one another.
const maxLinks = 1024

// element looks behind modifiers, typedefs and arrays; void if there are too many.
func element(t btf.Type) btf.Type {
	for range maxLinks {
		if k := t.Kind(); !k.IsModifier() && k != btf.KindTypedef && k != btf.KindArray {
			return t
		}
		t = t.Target()
	}
	return btf.Type{}
}

// look returns the alignment of a type; open says that it is a struct or union that has to be
// measured first.
func (r *Ruler) look(t btf.Type) (align uint32, open bool) {
	t = element(t)
	switch t.Kind() {
	case btf.KindInt, btf.KindEnum, btf.KindEnum64, btf.KindFloat:
		size, _ := t.Size()
		return min(size, uint32(t.Spec().PointerSize())), false
	case btf.KindPtr:
		return uint32(t.Spec().PointerSize()), false
	case btf.KindStruct, btf.KindUnion:
		align, known := r.aligns[t]
		return align, !known
	}
	return 0, false
}

func (r *Ruler) push(t btf.Type) {
	t = element(t)
	if r.aligns == nil {
		r.aligns = map[btf.Type]uint32{}
	}
	r.aligns[t] = unknown
	r.stack = append(r.stack, frame{t: t, max: 1})
}

// step goes on with the innermost struct, up to the first member that has to be measured before.
func (r *Ruler) step() {
	top := &r.stack[len(r.stack)-1]
	for {
		m, ok := top.t.Member(top.next)
		if !ok {
			r.pop(whole(top.t, top.max))
			return
		}
		align, open := r.look(m.Target())
		switch {
		case open:
			r.push(m.Target())
			return
		case align == 0:
			r.pop(0)
			return
		case misplaced(m, align):
			r.pop(1)
			return
		}
		top.max = max(top.max, align)
		top.next++
	}
}

// pop ends the innermost struct.
func (r *Ruler) pop(align uint32) {
	last := len(r.stack) - 1
	r.aligns[r.stack[last].t] = align
	r.stack = r.stack[:last]
}

// whole returns the alignment of a struct whose members are aligned: 1 if it is cut short.
func whole(t btf.Type, align uint32) uint32 {
	if size, _ := t.Size(); size%align != 0 {
		return 1
	}
	return align
}

// misplaced reports whether a member that is no bitfield is not where its type's alignment wants
// it.
func misplaced(m btf.Member, align uint32) bool {
	return m.BitfieldSize() == 0 && uint64(m.BitOffset())%(8*uint64(align)) != 0
}

// Packed reports whether a struct or union, or a typedef or modifier of one, must have been
// declared as packed, because its end or a member that is no bitfield is not aligned. It is
// false for other kinds. It cannot recognise a packed struct whose members happen to be
// aligned. bpftool applies the rule to structs only.
func (r *Ruler) Packed(t btf.Type) bool {
	t = t.Underlying()
	if k := t.Kind(); k != btf.KindStruct && k != btf.KindUnion {
		return false
	}
	most := uint32(1)
	for _, m := range t.Members() {
		align := r.Align(m.Target())
		if align != 0 && misplaced(m, align) {
			return true
		}
		most = max(most, align)
	}
	size, _ := t.Size()
	return size%most != 0
}

// A Gap is a range of bits of a struct that no member has.
type Gap struct {
	// BitOffset and BitSize say where, in bits from the start of the struct.
	BitOffset, BitSize uint64
	// Before is the index of the member behind the gap. For the padding at the end it is
	// Vlen, which is the index of no member.
	Before int
}

// Gaps ranges over the gaps of a struct or union, or of a typedef or modifier of one: the holes
// between its members, in whole bytes or, beside bitfields, in bits, and the padding at its end.
// It does not look into anonymous members; call it for their types. A sound union's only gap is
// at its end. It is empty for other kinds. It allocates only where members do not ascend, as in
// Rust.
func Gaps(t btf.Type) iter.Seq[Gap] {
	return func(yield func(Gap) bool) {
		t := t.Underlying()
		size, _ := t.Size()
		if k := t.Kind(); k == btf.KindStruct || k == btf.KindUnion {
			yieldGaps(t, 8*uint64(size), yield)
		}
	}
}

// yieldGaps yields the gaps of a struct or union of so many bits.
func yieldGaps(t btf.Type, all uint64, yield func(Gap) bool) {
	end, ok := uint64(0), true
	if ascends(t) {
		for i, m := range t.Members() {
			if end, ok = pass(end, all, i, m, yield); !ok {
				return
			}
		}
	} else {
		for _, p := range sorted(t) {
			m, _ := t.Member(p.i)
			if end, ok = pass(end, all, p.i, m, yield); !ok {
				return
			}
		}
	}
	if all > end {
		yield(Gap{end, all - end, t.Vlen()})
	}
}

// pass moves end, where the members before end, behind a member, and yields the gap between, as far
// as it lies within all bits.
func pass(end, all uint64, i int, m btf.Member, yield func(Gap) bool) (next uint64, ok bool) {
	off, size := extent(m)
	gap := min(off, all)
	return max(end, off+size), gap <= end || yield(Gap{end, gap - end, i})
}

// ascends reports whether no member starts before the one before it.
func ascends(t btf.Type) bool {
	last := uint64(0)
	for _, m := range t.Members() {
		off, _ := extent(m)
		if off < last {
			return false
		}
		last = off
	}
	return true
}

// A place is where a member starts, in bits.
type place struct {
	off uint64
	i   int
}

// sorted returns the members by where they start.
func sorted(t btf.Type) (places []place) {
	for i, m := range t.Members() {
		off, _ := extent(m)
		places = append(places, place{off, i})
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.off, b.off) })
	return places
}

// extent returns where a member starts and how wide it is, in bits.
func extent(m btf.Member) (off, size uint64) {
	if off, size, ok := m.Bits(); ok {
		return uint64(off), uint64(size)
	}
	bytes, _ := m.Target().Sizeof()
	return uint64(m.BitOffset()), 8 * min(bytes, math.MaxUint64/16)
}
