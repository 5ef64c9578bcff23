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

var missing = map[byte]string{'i': "missing type", 's': "missing string"}

// IDWords returns which words of the record, the first being 0, are ids of types.
func (t Type) IDWords() (at []int) {
	shape := shapes[t.Kind()]
	words := shape[0]
	for n := 2 + len(words); shape[1] != "" && 4*n < len(t.Rec); n += len(shape[1]) {
		words += shape[1]
	}
	for i, c := range []byte(words) {
		if c == 'i' {
			at = append(at, 2+i)
		}
	}
	return at
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
			return &Fault{Offset: t.Offset + int64(at)*4, ID: t.ID, Why: missing[what]}
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

// An edge leads from one of the section's own types to another, by their indexes.
type edge struct{ from, to uint32 }

// edge adds what leads from the type of an index to that of an id, if it is in the section.
func (b *Blob) edge(edges []edge, from int, id uint32) []edge {
	if to, ok := b.own(id); ok {
		edges = append(edges, edge{uint32(from), uint32(to)})
	}
	return edges
}

// targetCycles takes away types whose target leaves the section or is taken away already,
// then those that no remaining one targets: what is left lies on cycles.
func (b *Blob) targetCycles() map[uint32]bool {
	var next, reverse []edge
	for i, t := range b.Types {
		if t.is(kindPtr, kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag, kindArray) {
			id, _ := t.target()
			next = b.edge(next, i, id)
		}
	}
	alive := peel(len(b.Types), next)
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
	var elems []Elem
	for i, t := range b.Types {
		switch t.Kind() {
		case kindStruct, kindUnion:
			elems = t.AppendElems(elems[:0])
			for _, e := range elems {
				next = b.edge(next, i, e.TargetID)
			}
		case kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag, kindArray:
			id, _ := t.target()
			next = b.edge(next, i, id)
		}
	}
	return slices.Contains(peel(len(b.Types), next), true)
}

// peel removes nodes that no edge leaves until none is left, and tells which stay: those from
// which a cycle can be reached.
func peel(nodes int, edges []edge) (alive []bool) {
	alive = make([]bool, nodes)
	leaving := make([]uint32, nodes)
	// The edges that arrive at a node are a list: its last, and of each edge the one before. Both
	// are indexes plus one, and 0 is none.
	last, before := make([]uint32, nodes), make([]uint32, len(edges))
	for k, e := range edges {
		leaving[e.from]++
		before[k], last[e.to] = last[e.to], uint32(k)+1
	}
	var free []uint32
	for i, n := range leaving {
		if alive[i] = true; n == 0 {
			free = append(free, uint32(i))
		}
	}
	for len(free) > 0 {
		i := free[len(free)-1]
		free = free[:len(free)-1]
		alive[i] = false
		for k := last[i]; k != 0; k = before[k-1] {
			from := edges[k-1].from
			if leaving[from]--; leaving[from] == 0 {
				free = append(free, from)
			}
		}
	}
	return alive
}
