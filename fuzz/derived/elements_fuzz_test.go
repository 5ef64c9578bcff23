package derived

import (
	"iter"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/elements"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// An element is a type's id, a name and, of an enumerator, its value, of a member, its place.
type element struct {
	id    uint32
	name  string
	value uint64
}

// oracleElements returns all named elements of a blob and its bases, by name.
func oracleElements(b *naive.Blob) (enumerators, members map[string][]element) {
	enumerators, members = map[string][]element{}, map[string][]element{}
	for _, section := range b.Chain() {
		for _, t := range section.Types {
			into := map[uint8]map[string][]element{uint8(btf.KindEnum): enumerators,
				uint8(btf.KindEnum64): enumerators, uint8(btf.KindStruct): members,
				uint8(btf.KindUnion): members}[t.Kind()]
			if into == nil {
				continue
			}
			for _, e := range t.Elems() {
				if e.Name != "" {
					into[e.Name] = append(into[e.Name], element{t.ID, e.Name, e.Value + uint64(e.Offset)})
				}
			}
		}
	}
	return enumerators, members
}

// values and places list what the package found, as the oracle does.
func values(seq iter.Seq2[btf.Type, btf.Enumerator]) (found []element) {
	for t, e := range seq {
		found = append(found, element{uint32(t.ID()), e.Name(), e.Uint64()})
	}
	return found
}

func places(seq iter.Seq2[btf.Type, btf.Member]) (found []element) {
	for t, m := range seq {
		found = append(found, element{uint32(t.ID()), m.Name(), uint64(m.BitOffset())})
	}
	return found
}

// FuzzElements finds elements of any BTF by name: the functions, an Index and the oracle agree.
func FuzzElements(f *testing.F) {
	addBlobs(f, func(data []byte) { f.Add(data, []byte(nil), "next", "^SKB") })
	f.Fuzz(func(t *testing.T, base, own []byte, name, expr string) {
		if len(base)+len(own) > 1<<16 || len(expr) > 100 {
			t.Skip("large inputs slow the engine down")
		}
		spec, oracle := parseChain(t, base, own)
		index := elements.NewIndex(spec)
		enumerators, members := oracleElements(oracle)
		names := []string{name}
		for name := range members {
			if names = append(names, name); len(names) > 20 {
				break
			}
		}
		for _, name := range names {
			for i, got := range [][]element{values(index.Enumerators(name)),
				values(elements.EnumeratorsByName(spec, name))} {
				if want := enumerators[name]; !slices.Equal(got, want) {
					t.Fatalf("%d: enumerators %q: %v, want %v", i, name, got, want)
				}
			}
			for i, got := range [][]element{places(index.Members(name)),
				places(elements.MembersByName(spec, name))} {
				if want := members[name]; !slices.Equal(got, want) {
					t.Fatalf("%d: members %q: %v, want %v", i, name, got, want)
				}
			}
		}
		if m, err := btf.NewMatcher(expr); err == nil {
			for _, e := range values(elements.EnumeratorsByMatch(spec, m)) {
				if !m.MatchString(e.name) || e.name == "" {
					t.Fatalf("%q matches %q", e.name, expr)
				}
			}
		}
	})
}
