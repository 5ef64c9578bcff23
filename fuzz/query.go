package fuzz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// Queries is what a Spec is asked about names, with the answers of the oracle.
type Queries struct {
	names map[string][]uint32
}

// NewQueries makes up to limit queries by name: "", names that the blob has, evenly spread,
// and for each some that it hardly has: longer, shorter, the ends of it alone.
func NewQueries(b *naive.Blob, limit int) *Queries {
	q := &Queries{names: map[string][]uint32{"": b.Named(""), "\x00": nil, "a\x00": nil}}
	index := namesOf(b)
	types := int(b.End())
	step := max(1, types*5/max(limit, 1))
	for id := types - 1; id > 0; id -= step {
		t, _ := b.ByID(uint32(id))
		name := t.Name()
		if name == "" {
			continue
		}
		for _, n := range []string{name, name + "_", name[1:], name[:len(name)-1],
			name + "\x00", strings.ToUpper(name)} {
			if n != "" {
				q.names[n] = index[n]
			}
		}
	}
	return q
}

// namesOf groups the ids by name: the same answers as Named, but linear for many names. It
// copies each name, so it is not for large inputs whose names overlap.
func namesOf(b *naive.Blob) map[string][]uint32 {
	index := map[string][]uint32{}
	for _, s := range b.Chain() {
		for _, t := range s.Types {
			if name := t.Name(); name != "" {
				index[name] = append(index[name], t.ID)
			}
		}
	}
	return index
}

// Check asks all queries of spec.
func (q *Queries) Check(spec *btf.Spec) error {
	buf := make([]btf.ID, 1, 64)
	first, _ := spec.Own().IDs()
	for name, want := range q.names {
		buf[0] = 12345 // what is in dst must stay
		got, err := spec.AppendIDs(buf[:1], name)
		if err != nil || got[0] != 12345 || !equalIDs(got[1:], want) {
			return fmt.Errorf("ids named %q: %v, %v; want %v", name, got[1:], err, want)
		}
		if err := checkTypesNamed(spec, name, want); err != nil {
			return err
		}
		own, _ := spec.Own().AppendIDs(nil, name)
		at, _ := slices.BinarySearch(want, uint32(first))
		if !equalIDs(own, want[at:]) {
			return fmt.Errorf("own ids named %q: %v, want %v", name, own, want[at:])
		}
	}
	return nil
}

func equalIDs(got []btf.ID, want []uint32) bool {
	return slices.EqualFunc(got, want, func(a btf.ID, b uint32) bool { return uint32(a) == b })
}

func checkTypesNamed(spec *btf.Spec, name string, want []uint32) error {
	i := 0
	for t := range spec.Named(name) {
		if i >= len(want) || uint32(t.ID()) != want[i] || !t.NameIs(name) {
			return fmt.Errorf("types named %q: %v is wrong, want %v", name, t, want)
		}
		i++
	}
	if i != len(want) {
		return fmt.Errorf("types named %q: %d, want %d", name, i, len(want))
	}
	t, err := spec.TypeByName(name)
	switch {
	case len(want) == 0 && err != btf.ErrNotFound:
		return fmt.Errorf("type named %q: %v, %v; want none", name, t, err)
	case len(want) > 0 && (err != nil || uint32(t.ID()) != want[0]):
		return fmt.Errorf("type named %q: %v, %v; want %d", name, t, err, want[0])
	}
	return checkKinds(spec, name, want)
}

// checkKinds asks for the last type with the name by its kind: the answer is the first of
// that kind.
func checkKinds(spec *btf.Spec, name string, want []uint32) error {
	if len(want) == 0 {
		return nil
	}
	last, err := spec.TypeByID(btf.ID(want[len(want)-1]))
	if err != nil {
		return err
	}
	t, err := spec.TypeByName(name, 127, last.Kind())
	if err != nil {
		return fmt.Errorf("%v named %q: %w", last.Kind(), name, err)
	}
	for _, id := range want {
		candidate, _ := spec.TypeByID(btf.ID(id))
		if candidate.Kind() == last.Kind() || candidate.Kind() == 127 {
			if candidate != t {
				return fmt.Errorf("%v named %q: %v, want %v", last.Kind(), name, t, candidate)
			}
			return nil
		}
	}
	return nil
}
