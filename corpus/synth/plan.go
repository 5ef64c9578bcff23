package synth

import (
	"math/rand/v2"
	"slices"

	"github.com/btfkit/btfkit/btf"
)

// A plan is the kind of each type, by order of id, before any of them is made: types refer to
// later ones too.
type plan struct {
	first btf.TypeID
	kinds []entry
	named int // entries with a name

	// The ids of each kind. Anonymous enums and structs are among them.
	ints, protos, structs, enums, pointers, fwds, vars []btf.TypeID
	// next is the id that each link refers to, by index; 0 for what ends a chain, and for other
	// kinds.
	next []btf.TypeID
}

// An entry is a kind, with the bit anonymous set for a type that could have a name and has none.
type entry uint8

const anonymous entry = 0x80

func (e entry) kind() btf.Kind { return btf.Kind(e &^ anonymous) }
func (e entry) named() bool    { return e&anonymous == 0 && e.kind().HasName() }

// isLink tells the kinds that chains are made of.
func (e entry) isLink() bool {
	k := e.kind()
	return k == btf.KindPtr || k == btf.KindTypedef || k.IsModifier() && k != btf.KindTypeTag
}

// newPlan draws the kinds, orders them, and notes where each kind is.
func newPlan(s Shape, first btf.TypeID) *plan {
	p := &plan{first: first, kinds: drawKinds(s)}
	if s.Sorted {
		slices.SortStableFunc(p.kinds, func(a, b entry) int {
			switch {
			case a.named() == b.named():
				return 0
			case b.named():
				return -1
			}
			return 1
		})
	}
	p.next = make([]btf.TypeID, len(p.kinds))
	for i, e := range p.kinds {
		if e.named() {
			p.named++
		}
		if list := p.list(e.kind()); list != nil {
			*list = append(*list, first+btf.TypeID(i))
		}
	}
	p.link(s.Chain)
	return p
}

// list returns where the ids of a kind are kept, nil if nothing refers to the kind by choice.
func (p *plan) list(k btf.Kind) *[]btf.TypeID {
	switch k {
	case btf.KindInt:
		return &p.ints
	case btf.KindFuncProto:
		return &p.protos
	case btf.KindStruct:
		return &p.structs
	case btf.KindEnum:
		return &p.enums
	case btf.KindPtr:
		return &p.pointers
	case btf.KindFwd:
		return &p.fwds
	case btf.KindVar:
		return &p.vars
	}
	return nil
}

// link joins the links, in the order of their ids, to chains of n.
func (p *plan) link(n int) {
	inChain, last := 0, -1
	for i, e := range p.kinds {
		if !e.isLink() {
			continue
		}
		if inChain > 0 && inChain < n {
			p.next[last] = p.first + btf.TypeID(i)
		} else {
			inChain = 0
		}
		inChain++
		last = i
	}
}

// drawKinds draws s.Types kinds by weight, after those that others need.
func drawKinds(s Shape) []entry {
	kinds := make([]entry, 0, s.Types)
	for _, need := range []struct{ kind, by btf.Kind }{
		{btf.KindInt, btf.KindVoid}, // all need it
		{btf.KindFuncProto, btf.KindFunc},
		{btf.KindDatasec, btf.KindVar},
		{btf.KindVar, btf.KindVar},
		{btf.KindStruct, btf.KindDeclTag},
	} {
		if need.by == btf.KindVoid || s.Mix[need.by] > 0 {
			kinds = append(kinds, entry(need.kind))
		}
	}
	if s.Types < len(kinds) {
		return kinds[:s.Types]
	}
	var weights [btf.KindEnum64 + 1]int
	total := 0
	for k, weight := range s.Mix {
		weights[k] = weight
		total += weight
	}
	if total == 0 {
		weights[btf.KindInt], total = 1, 1
	}
	r := rand.New(rand.NewPCG(s.Seed, 0))
	for len(kinds) < s.Types {
		n, k := r.IntN(total), btf.Kind(0)
		for n >= weights[k] {
			n -= weights[k]
			k++
		}
		e := entry(k)
		switch k {
		case btf.KindStruct, btf.KindUnion, btf.KindEnum:
			if r.IntN(8) == 0 {
				e |= anonymous
			}
		}
		kinds = append(kinds, e)
	}
	return kinds
}
