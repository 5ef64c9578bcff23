package elfx

import (
	"context"
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// candidates are the kernel's types that have the name of a distilled one, in one pass over either:
// each may have any number of types of one name, and any number of names.
type candidates struct {
	byName  map[string]*homonyms
	longest int
	asked   []*homonyms // by the id of the distilled type
}

// homonyms counts the kernel's types of one name by all that a distilled type may ask for.
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

// errOverlap is for names that lie in each other, as no tool writes them: reading them all would
// take quadratic time.
var errOverlap = fmt.Errorf("%w: names overlap", btf.ErrUnsupported)

// newCandidates notes the names of the distilled types, reading each place of a name once.
func newCandidates(distilled *btf.Spec) (*candidates, error) {
	sec := store.SectionOf(distilled)
	c := &candidates{byName: make(map[string]*homonyms), asked: make([]*homonyms, 1, sec.Len()+1)}
	byOffset := make(map[uint32]*homonyms)
	budget := max(sec.NameBudget(), minBudget)
	for i := range sec.Len() {
		off := sec.NameOffset(i)
		h := byOffset[off]
		if h == nil {
			name := sec.NameBytes(off)
			if budget -= int64(len(name)); budget < 0 {
				return nil, errOverlap
			}
			if h = c.byName[name]; h == nil {
				h = &homonyms{tallies: make(map[query]tally)}
				c.byName[name] = h
			}
			byOffset[off] = h
			c.longest = max(c.longest, len(name))
		}
		c.asked = append(c.asked, h)
	}
	return c, nil
}

const (
	// shortName is how long a name may be to be read for each type that has it.
	shortName = 64
	// minBudget is how many bytes of names are read of any section.
	minBudget = 1 << 20
)

// countSection goes through the types of a section of the kernel's BTF.
func (c *candidates) countSection(ctx context.Context, sec store.Section) error {
	var offs [1024]uint32
	long := make(map[uint32]*homonyms) // by offset, for names that may be
	budget := max(sec.NameBudget(), minBudget)
	for first := 0; first < sec.Len(); first += len(offs) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, off := range offs[:sec.NameOffsets(offs[:], first)] {
			name := sec.NamePrefix(off, min(c.longest, shortName)+1)
			h := c.byName[name]
			if len(name) > shortName {
				var ok bool
				if h, ok = long[off]; !ok {
					name = sec.NamePrefix(off, c.longest+1)
					if budget -= int64(len(name)); budget < 0 {
						return errOverlap
					}
					h = c.byName[name]
					long[off] = h
				}
			}
			if h != nil && name != "" {
				h.add(sec.TypeAt(first + i))
			}
		}
	}
	return nil
}

// match returns the id of the one counterpart of a distilled type. embedded says that the module
// holds it by value.
func (c *candidates) match(t btf.Type, embedded bool) (btf.TypeID, error) {
	want := query{kind: t.Kind()}
	switch want.kind {
	case btf.KindInt, btf.KindFloat, btf.KindEnum, btf.KindEnum64, btf.KindStruct, btf.KindUnion:
		want = queryOf(t)
	case btf.KindFwd:
		want = query{kind: t.FwdKind(), fwd: true}
	default:
		return 0, errors.New("a kind that no distilled base holds")
	}
	have := c.asked[t.ID()]
	if have == c.byName[""] {
		return 0, errors.New("without a name")
	}
	loose := query{kind: want.kind, fwd: want.fwd}
	composite := want.kind == btf.KindStruct || want.kind == btf.KindUnion
	if composite && !embedded && have.composites < 2 {
		want = loose
	}
	found := have.tallies[want]
	switch {
	case found.n == 1:
		return found.first, nil
	case found.n > 1:
		return 0, fmt.Errorf("types %d and %d of the kernel both match", found.first, found.second)
	case have.tallies[loose].n > 0:
		return 0, errors.New("the kernel's has another size or encoding")
	}
	return 0, errors.New("the kernel has none")
}

// add counts a type of the kernel.
func (h *homonyms) add(t btf.Type) {
	switch kind := t.Kind(); kind {
	case btf.KindInt, btf.KindFloat, btf.KindEnum, btf.KindEnum64:
		q := queryOf(t)
		h.addMatch(q, t)
		h.addMatch(query{kind: q.kind}, t)
	case btf.KindStruct, btf.KindUnion:
		h.composites++
		h.addMatch(queryOf(t), t)
		h.addMatch(query{kind: kind}, t)
		h.addMatch(query{kind: kind, fwd: true}, t)
	case btf.KindFwd:
		h.addMatch(query{kind: t.FwdKind(), fwd: true}, t)
	}
}

// addMatch adds a type to those that answer a query.
func (h *homonyms) addMatch(q query, t btf.Type) {
	found := h.tallies[q]
	switch found.n++; found.n {
	case 1:
		found.first = t.ID()
	case 2:
		found.second = t.ID()
	}
	h.tallies[q] = found
}

// queryOf is the query that t answers, or asks, with its size and encoding.
func queryOf(t btf.Type) query {
	q := query{kind: t.Kind(), sized: true}
	if q.kind == btf.KindEnum64 {
		q.kind = btf.KindEnum
	}
	q.size, _ = t.Size()
	integer, _ := t.Int()
	q.enc = integer.Encoding
	return q
}

// maxNameShown is how much of a name an error shows, and maxMismatches how many types it lists, so
// that a kilobyte is enough for it.
const (
	maxNameShown  = 40
	maxMismatches = 6
)

// describeMismatch describes a distilled type that has no counterpart.
func describeMismatch(sec store.Section, t btf.Type, why error) string {
	name := sec.NamePrefix(sec.NameOffset(int(t.ID()-sec.FirstID())), maxNameShown+1)
	if len(name) > maxNameShown {
		name = name[:maxNameShown] + "..."
	}
	size, ok := t.Size()
	if !ok {
		return fmt.Sprintf("%v %s (type %d): %v", t.Kind(), name, t.ID(), why)
	}
	return fmt.Sprintf("%v %s (type %d, %d bytes): %v", t.Kind(), name, t.ID(), size, why)
}
