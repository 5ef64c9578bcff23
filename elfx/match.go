package elfx

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// homonyms counts the kernel's types of one name by all that a distilled type may ask for. They
// are looked up once a name: distilled types may share one, as may the kernel's.
type homonyms struct {
	composites int // structs and unions
	tallies    map[query]tally
}

// query is what a distilled type asks of its counterpart.
type query struct {
	kind  btf.Kind // ENUM for an ENUM64, too, because one is distilled to an ENUM
	fwd   bool     // a FWD of a type of this kind will do as well
	sized bool     // size and encoding count
	size  uint32
	enc   btf.IntEncoding // of an INT
}

// tally is how many types answer a query, and the first two of them.
type tally struct {
	n             int
	first, second btf.TypeID
}

// match returns the id of the one counterpart of t.
func (r *relocation) match(t btf.Type) (btf.TypeID, error) {
	want := query{kind: t.Kind()}
	switch want.kind {
	case btf.KindInt, btf.KindFloat, btf.KindEnum, btf.KindEnum64, btf.KindStruct, btf.KindUnion:
		want = sized(t)
	case btf.KindFwd:
		want = query{kind: t.FwdKind(), fwd: true}
	default:
		return 0, mismatch(t, "a kind that no distilled base holds")
	}
	name := t.Name()
	if name == "" {
		return 0, mismatch(t, "without a name")
	}
	have := r.homonyms(name)
	loose := query{kind: want.kind, fwd: want.fwd}
	composite := want.kind == btf.KindStruct || want.kind == btf.KindUnion
	if composite && !r.embedded[t.ID()] && have.composites < 2 {
		want = loose
	}
	found := have.tallies[want]
	switch {
	case found.n == 1:
		return found.first, nil
	case found.n > 1:
		return 0, mismatch(t, fmt.Sprintf("types %d and %d of the kernel both match",
			found.first, found.second))
	case have.tallies[loose].n > 0:
		return 0, mismatch(t, "the kernel's has another size or encoding")
	}
	return 0, mismatch(t, "the kernel has none")
}

// homonyms returns what the kernel has of a name.
func (r *relocation) homonyms(name string) *homonyms {
	h := r.known[name]
	if h != nil {
		return h
	}
	h = &homonyms{tallies: make(map[query]tally)}
	r.known[name] = h
	for t := range r.base.TypesByName(name) {
		switch kind := t.Kind(); kind {
		case btf.KindInt, btf.KindFloat, btf.KindEnum, btf.KindEnum64:
			q := sized(t)
			h.count(q, t)
			h.count(query{kind: q.kind}, t)
		case btf.KindStruct, btf.KindUnion:
			h.composites++
			h.count(sized(t), t)
			h.count(query{kind: kind}, t)
			h.count(query{kind: kind, fwd: true}, t)
		case btf.KindFwd:
			h.count(query{kind: t.FwdKind(), fwd: true}, t)
		}
	}
	return h
}

// count adds a type to those that answer a query.
func (h *homonyms) count(q query, t btf.Type) {
	found := h.tallies[q]
	switch found.n++; found.n {
	case 1:
		found.first = t.ID()
	case 2:
		found.second = t.ID()
	}
	h.tallies[q] = found
}

// sized is the query that t answers, or asks, with its size and encoding.
func sized(t btf.Type) query {
	q := query{kind: t.Kind(), sized: true}
	if q.kind == btf.KindEnum64 {
		q.kind = btf.KindEnum
	}
	q.size, _ = t.Size()
	integer, _ := t.Int()
	q.enc = integer.Encoding
	return q
}

// mismatch describes a distilled type that has no counterpart.
func mismatch(t btf.Type, why string) error {
	size, ok := t.Size()
	if !ok {
		return fmt.Errorf("%v %s (type %d): %s", t.Kind(), t.Name(), t.ID(), why)
	}
	return fmt.Errorf("%v %s (type %d, %d bytes): %s", t.Kind(), t.Name(), t.ID(), size, why)
}
