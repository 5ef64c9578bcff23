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
	ends   map[link]btf.Type // where chains lead to
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

// A link is a type that says of a value what another does; arrays says whether one of an array's
// elements is meant.
type link struct {
	t      btf.Type
	arrays bool
}

// marked is how many links lie between two of which is noted where they lead.
const marked = 8

// end looks behind modifiers and typedefs, and arrays if that is asked. It notes where chains lead,
// which many types may share; void for a cycle.
func (r *Ruler) end(t btf.Type, arrays bool) btf.Type {
	var passed []link
	for n := 1; ; n++ {
		if k := t.Kind(); !k.IsModifier() && k != btf.KindTypedef && (k != btf.KindArray || !arrays) {
			break
		}
		if n%marked == 0 {
			mark := link{t, arrays}
			if end, known := r.ends[mark]; known {
				t = end
				break
			}
			if r.ends == nil {
				r.ends = map[link]btf.Type{}
			}
			r.ends[mark] = btf.Type{}
			passed = append(passed, mark)
		}
		t = t.Target()
	}
	for _, mark := range passed {
		r.ends[mark] = t
	}
	return t
}

// look returns the alignment of a type; open says that it is a struct or union that has to be
// measured first.
func (r *Ruler) look(t btf.Type) (align uint32, open bool) {
	t = r.end(t, true)
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
	t = r.end(t, true)
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
	t = r.end(t, false)
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
// Rust, or where types lie behind more typedefs, modifiers and arrays than the kernel allows, 32.
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
	end := uint64(0) // of the members before
	pass := func(i int, off, size uint64) bool {
		from, gap := end, min(off, all)
		end = max(end, off+size)
		return gap <= from || yield(Gap{from, gap - from, i})
	}
	if ascends(t) {
		for i, p := range places(t) {
			if !pass(i, p.off, p.size) {
				return
			}
		}
	} else {
		for _, p := range sorted(t) {
			if !pass(p.i, p.off, p.size) {
				return
			}
		}
	}
	if all > end {
		yield(Gap{end, all - end, t.Vlen()})
	}
}

// A place is where a member starts and how wide it is, in bits.
type place struct {
	off, size uint64
	i         int
}

// places ranges over the places of the members.
func places(t btf.Type) iter.Seq2[int, place] {
	return func(yield func(int, place) bool) {
		w := btf.Internal.Widths()
		for i, m := range t.Members() {
			shift, size, _ := w.Of(m, m.Target())
			if !yield(i, place{uint64(m.BitOffset()) + shift, min(size, math.MaxUint64/2), i}) {
				return
			}
		}
	}
}

// ascends reports whether no member starts before the one before it.
func ascends(t btf.Type) bool {
	last := uint64(0)
	for _, p := range places(t) {
		if p.off < last {
			return false
		}
		last = p.off
	}
	return true
}

// sorted returns the places of the members by where they start.
func sorted(t btf.Type) (all []place) {
	for _, p := range places(t) {
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(a.off, b.off) })
	return all
}
