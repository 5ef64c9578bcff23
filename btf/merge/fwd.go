package merge

import "github.com/btfkit/btfkit/btf"

// What forward declarations stand for. A module that only points at a struct may know no more
// than its name, where another has its definition: a FWD, or for an enum one without values. All
// of one name and kind are one class.

// define lets the forward declaration n, and those that look the same, stand for a definition, and
// reports whether it stood for none.
func (g *graph) define(n, definition uint32) bool {
	d := &g.definitions[g.label[n]]
	if *d != none {
		return false
	}
	*d = definition
	return true
}

// A tag is a name that a definition goes by.
type tag struct {
	name string
	kind btf.Kind // STRUCT for UNION, too, and ENUM for ENUM64
}

// tagOf returns what n defines, or declares if it is forward; ok is false if it does neither.
func (g *graph) tagOf(n uint32) (t tag, forward, ok bool) {
	typ := g.types[n]
	t = tag{g.name(n), btf.KindStruct}
	switch k := typ.Kind(); k {
	case btf.KindFwd:
		forward = true
	case btf.KindStruct, btf.KindUnion:
	case btf.KindEnum, btf.KindEnum64:
		t.kind, forward = btf.KindEnum, typ.Vlen() == 0
	default:
		return t, false, false
	}
	return t, forward, t.name != ""
}

// isForwardOf reports whether fwd declares what to defines.
func (g *graph) isForwardOf(fwd, to uint32) bool {
	f, forward, ok := g.tagOf(fwd)
	t, toForward, toOK := g.tagOf(to)
	k := g.types[fwd].FwdKind()
	return ok && toOK && forward && !toForward && f == t &&
		(k == btf.KindVoid || k == g.types[to].Kind())
}

// defineUnique looks for forward declarations whose name has one definition, and reports whether
// there was any that stood for none.
func (g *graph) defineUnique() bool {
	definitions := map[tag]uint32{}
	for i := range g.types {
		n := uint32(i)
		t, forward, ok := g.tagOf(n)
		if !ok || forward || g.representative(n) != n {
			continue
		}
		if _, ok := definitions[t]; ok {
			n = none // of several
		}
		definitions[t] = n
	}
	found := false
	for i := range g.types {
		n := uint32(i)
		t, forward, ok := g.tagOf(n)
		if !ok || !forward || g.first[g.class[n]] < g.baseEnd {
			continue // those of the base had their chance when the base was made
		}
		if to, ok := definitions[t]; ok && to != none && g.isForwardOf(n, to) {
			found = g.define(n, to) || found
		}
	}
	return found
}

// maxSteps is how many pairs of types defineInContext looks at in all. Where that is not enough,
// FWDs are left as they are, which is no error: all modules of a kernel take a tenth.
const maxSteps = 1 << 26

// A pair has two types that are taken for the same, by their representatives.
type pair struct{ known, new uint32 }

// defineInContext looks for structs that differ from an earlier one in nothing but that one has
// forward declarations where the other has definitions of the name, and reports whether any of
// these stood for none. It helps where several definitions of a name exist.
func (g *graph) defineInContext() bool {
	found := false
	alike := map[uint32][]uint32{} // representatives by label
	for i, t := range g.types {
		n := uint32(i)
		k := t.Kind()
		if k != btf.KindStruct && k != btf.KindUnion && k != btf.KindTypedef ||
			g.representative(n) != n {
			continue
		}
		for _, known := range alike[g.label[n]] {
			if n < g.baseEnd {
				break
			}
			if fwds, ok := g.compatible(known, n); ok {
				for _, f := range fwds {
					found = g.define(f.known, f.new) || found
				}
				break
			}
		}
		alike[g.label[n]] = append(alike[g.label[n]], n)
	}
	return found
}

// compatible reports whether two types are equal if forward declarations are taken for definitions,
// and which for which.
func (g *graph) compatible(known, other uint32) (fwds []pair, ok bool) {
	same := map[uint32]uint32{}
	todo := []pair{{known, other}}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p.known, p.new = g.representative(p.known), g.representative(p.new)
		if p.known == p.new {
			continue
		}
		if before, ok := same[p.known]; ok {
			if before != p.new {
				return nil, false
			}
			continue
		}
		if g.steps++; g.steps > maxSteps {
			return nil, false
		}
		same[p.known] = p.new
		switch {
		case g.isForwardOf(p.known, p.new):
			fwds = append(fwds, p)
		case g.isForwardOf(p.new, p.known):
			fwds = append(fwds, pair{p.new, p.known})
		case g.label[p.known] != g.label[p.new]:
			return nil, false
		default:
			a := g.refs[g.refsAt[p.known]:g.refsAt[p.known+1]]
			b := g.refs[g.refsAt[p.new]:g.refsAt[p.new+1]]
			for i := range a {
				todo = append(todo, pair{a[i], b[i]})
			}
		}
	}
	return fwds, true
}
