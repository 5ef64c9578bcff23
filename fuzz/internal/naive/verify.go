package naive

import "slices"

// A Verdict is what is wrong with the references of a section.
type Verdict struct {
	// Fault is the first reference to something missing; nil if there is none.
	Fault *Fault
	// Cycle reports a cycle along single targets or by-value containment, if there is no Fault.
	Cycle bool
	// OnCycle has the types that are part of a cycle of targets.
	OnCycle map[uint32]bool
}

// Verify checks the layout section, and the references of the section's own types, once.
func (b *Blob) Verify() Verdict {
	b.verifyOnce.Do(func() { b.verdict = b.verify() })
	return b.verdict
}

func (b *Blob) verify() Verdict {
	if f := b.header.checkLayout(); f != nil {
		return Verdict{Fault: f}
	}
	for _, t := range b.Types {
		if f := t.checkRefs(); f != nil {
			return Verdict{Fault: f}
		}
	}
	if on := b.targetCycles(); len(on) > 0 {
		return Verdict{Cycle: true, OnCycle: on}
	}
	return Verdict{Cycle: b.containsItself()}
}

// checkLayout looks at each byte of the layout section.
func (h header) checkLayout() *Fault {
	if h.layout.len == 0 {
		return nil
	}
	if h.layout.len%4 != 0 {
		return corrupt(28, "layout length")
	}
	if h.layoutOff%4 != 0 {
		return corrupt(24, "layout offset")
	}
	for at := h.layout.off; at < h.layout.off+h.layout.len; at++ {
		for _, s := range []span{h.types, h.str} {
			if at >= s.off && at < s.off+s.len {
				return corrupt(24, "layout overlaps")
			}
		}
	}
	return nil
}

// shapes says which words are what, by kind: the header's last and the fixed trailer, then those
// of each element; i is an id, s a string, - neither.
var shapes = [128][2]string{
	kindPtr: {"i"}, kindTypedef: {"i"}, kindVolatile: {"i"}, kindConst: {"i"},
	kindRestrict: {"i"}, kindFunc: {"i"}, kindVar: {"i-"}, kindDeclTag: {"i-"},
	kindTypeTag: {"i"}, kindArray: {"-ii-"}, kindStruct: {"-", "si-"},
	kindUnion: {"-", "si-"}, kindFuncProto: {"i", "si"}, kindEnum: {"-", "s-"},
	kindEnum64: {"-", "s--"}, kindDatasec: {"-", "i--"},
}

// checkRefs checks word after word.
func (t Type) checkRefs() *Fault {
	shape := shapes[t.Kind()]
	at := 2
	check := func(what byte) *Fault {
		w := t.word(at)
		_, ok := t.Blob.ByID(w)
		if what == 's' {
			ok = w == 0 || w < t.Blob.strEnd()
		}
		if what != '-' && !ok {
			return &Fault{Offset: t.Offset + int64(at)*4, ID: t.ID, Why: "missing " + string(what)}
		}
		at++
		return nil
	}
	for _, c := range []byte(shape[0]) {
		if f := check(c); f != nil {
			return f
		}
	}
	if t.Kind() == kindFunc {
		if to, _ := t.Blob.ByID(t.word(2)); to.Kind() != kindFuncProto {
			return &Fault{Offset: t.Offset + 8, ID: t.ID, Why: "FUNC of no FUNC_PROTO"}
		}
	}
	for at*4 < len(t.Rec) && shape[1] != "" {
		for _, c := range []byte(shape[1]) {
			if f := check(c); f != nil {
				return f
			}
		}
	}
	return nil
}

// own returns the index of an id in the section.
func (b *Blob) own(id uint32) (int, bool) {
	return int(id - b.First), id >= b.First && id < b.End()
}

// targetCycles takes away types whose target leaves the section or is taken away already,
// then those that no remaining one targets: what is left lies on cycles.
func (b *Blob) targetCycles() map[uint32]bool {
	next := make([]edge, 0, len(b.Types))
	for i, t := range b.Types {
		if t.is(kindPtr, kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag, kindArray) {
			id, _ := t.target()
			if j, ok := b.own(id); ok {
				next = append(next, edge{i, j})
			}
		}
	}
	alive := peel(len(b.Types), next)
	var reverse []edge
	for _, e := range next {
		if alive[e.from] && alive[e.to] {
			reverse = append(reverse, edge{e.to, e.from})
		}
	}
	on := map[uint32]bool{}
	for i, ok := range peel(len(b.Types), reverse) {
		if ok && alive[i] {
			on[b.First+uint32(i)] = true
		}
	}
	return on
}

// containsItself looks for cycles among structs, unions and what passes a value through.
func (b *Blob) containsItself() bool {
	var next []edge
	add := func(i int, id uint32) {
		if j, ok := b.own(id); ok {
			next = append(next, edge{i, j})
		}
	}
	var elems []Elem
	for i, t := range b.Types {
		switch t.Kind() {
		case kindStruct, kindUnion:
			elems = t.AppendElems(elems[:0])
			for _, e := range elems {
				add(i, e.TargetID)
			}
		case kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag, kindArray:
			id, _ := t.target()
			add(i, id)
		}
	}
	return slices.Contains(peel(len(b.Types), next), true)
}

// An edge leads from one node, an index, to another.
type edge struct{ from, to int }

// peel removes nodes without successors, of n, until none is left, and tells which stay: those
// from which a cycle can be reached.
func peel(n int, edges []edge) (alive []bool) {
	left := make([]int, n)            // edges that lead from a node
	last := make([]int, n)            // one more than the index of the last edge to a node
	before := make([]int, len(edges)) // the same for the edge to that node before this one
	for i, e := range edges {
		left[e.from]++
		before[i], last[e.to] = last[e.to], i+1
	}
	alive = make([]bool, n)
	var free []int
	for i := range n {
		if alive[i] = left[i] > 0; !alive[i] {
			free = append(free, i)
		}
	}
	for len(free) > 0 {
		i := free[len(free)-1]
		free = free[:len(free)-1]
		for at := last[i]; at > 0; at = before[at-1] {
			from := edges[at-1].from
			if left[from]--; left[from] == 0 {
				alive[from] = false
				free = append(free, from)
			}
		}
	}
	return alive
}
