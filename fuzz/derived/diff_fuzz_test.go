package derived

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/diff"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// FuzzDiff compares any BTF with any other: relations are symmetric, Equal implies SameDeclaration,
// and that the same hash; on sound types the oracle's texts decide.
func FuzzDiff(f *testing.F) {
	addBlobs(f, func(data []byte) { f.Add(data, data) })
	f.Fuzz(func(t *testing.T, one, two []byte) {
		if len(one)+len(two) > 1<<15 {
			t.Skip("large inputs slow the engine down")
		}
		a, oracleA := parseChain(t, one, nil)
		b, oracleB := parseChain(t, two, nil)
		_, endA := a.IDs()
		_, endB := b.IDs()
		sound := a.Verify() == nil && b.Verify() == nil
		for i := range min(endA, endB, 200) {
			checkPair(t, a, b, i, i, sound, oracleA, oracleB)
			checkPair(t, a, b, i, (i*7+3)%endB, sound, oracleA, oracleB)
		}
		changes := diff.Between(a, b)
		if back := diff.Between(b, a); len(back) != len(changes) {
			t.Fatalf("%d changes there, %d back", len(changes), len(back))
		}
		for _, c := range changes {
			_ = c.String()
			if c.Old != c.New && diff.SameDeclaration(c.Old, c.New) && len(one)+len(two) < diff.MaxName {
				t.Fatalf("%v is none: they are declared alike", c)
			}
		}
		if sound {
			checkMissing(t, a, b, changes)
		}
		if changes := diff.Between(a, a); len(changes) != 0 {
			t.Fatalf("changes to itself: %v", changes)
		}
	})
}

// checkMissing wants a change for each pair of types that alone have their name and are declared
// differently.
func checkMissing(t *testing.T, a, b *btf.Spec, changes []diff.Change) {
	t.Helper()
	type declared struct {
		kind uint8
		name string
	}
	changed := map[declared]bool{}
	for _, c := range changes {
		if !c.Old.IsVoid() && !c.New.IsVoid() {
			changed[declared{kindOf(uint8(c.New.Kind())), c.Name}] = true
		}
	}
	single := func(spec *btf.Spec) map[declared]btf.Type {
		all := map[declared]btf.Type{}
		for typ := range spec.TypesByKind(btf.KindFunc, btf.KindStruct, btf.KindUnion, btf.KindEnum,
			btf.KindEnum64, btf.KindTypedef, btf.KindVar) {
			key := declared{kindOf(uint8(typ.Kind())), typ.Name()}
			if _, twice := all[key]; twice || key.name == "" {
				typ = btf.Type{}
			}
			all[key] = typ
		}
		return all
	}
	news := single(b)
	for key, old := range single(a) {
		new := news[key]
		if !old.IsVoid() && !new.IsVoid() && !changed[key] && !diff.SameDeclaration(old, new) {
			t.Fatalf("%v and %v differ, and are no change", old, new)
		}
	}
}

func checkPair(t *testing.T, a, b *btf.Spec, i, j btf.TypeID, sound bool,
	oracleA, oracleB *naive.Blob) {
	t.Helper()
	x, _ := a.TypeByID(i)
	y, _ := b.TypeByID(j)
	equal, same := diff.Equal(x, y), diff.SameDeclaration(x, y)
	if diff.Equal(y, x) != equal || diff.SameDeclaration(y, x) != same || equal && !same ||
		same && diff.Hash(x) != diff.Hash(y) {
		t.Fatalf("%v and %v: equal %v, declared alike %v, hashes %x %x", x, y, equal, same,
			diff.Hash(x), diff.Hash(y))
	}
	if !sound || x.IsOpaque() || y.IsOpaque() {
		return
	}
	n, _ := oracleA.ByID(uint32(i))
	m, _ := oracleB.ByID(uint32(j))
	one, endsOne := n.Declaration()
	two, endsTwo := m.Declaration()
	if endsOne && endsTwo && same != (one == two) {
		t.Fatalf("%v and %v: declared alike %v, want %v:\n%s\n%s", x, y, same, !same, one, two)
	}
}
