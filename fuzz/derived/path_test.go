package derived

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/path"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// TestPaths resolves every named member of every struct of all blobs, those of anonymous members
// included, and wants the place and width that the oracle finds by walking.
func TestPaths(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range all() {
		b := open(t, name)
		var r path.Resolver
		n := 0
		for _, s := range b.oracle.Composites() {
			root, err := b.spec.TypeByID(btf.TypeID(s.ID))
			if err != nil {
				t.Fatal(err)
			}
			n += checkFields(t, &r, root, s)
		}
		total += n
	}
	t.Logf("%d members", total)
	if total < 300_000 {
		t.Errorf("%d members in all: where are the kernels?", total)
	}
}

// checkFields compares the members of one struct, and returns how many there are.
func checkFields(t *testing.T, r *path.Resolver, root btf.Type, s naive.Type) int {
	t.Helper()
	seen := map[string]bool{}
	for _, want := range s.Fields() {
		if seen[want.Name] {
			continue // a member that another one hides
		}
		seen[want.Name] = true
		got, err := path.Resolve(root, want.Name)
		if err != nil {
			t.Fatalf("%v.%s: %v", root, want.Name, err)
		}
		if again, err := r.Resolve(root, want.Name); again != got || err != nil {
			t.Fatalf("%v.%s: a Resolver finds %+v (%v), not %+v", root, want.Name, again, err, got)
		}
		if got.BitOffset != want.Offset || got.BitSize != want.Size || got.Bitfield != want.Bitfield ||
			uint32(got.Type.ID()) != want.Type || !got.Member.NameIs(want.Name) || got.Derefs != 0 {
			t.Fatalf("%v.%s: %+v, want %+v", root, want.Name, got, want)
		}
	}
	return len(seen)
}

// TestPathsDeep resolves paths of several steps, through structs, arrays and pointers, against the
// sums of what the oracle finds step by step.
func TestPathsDeep(t *testing.T) {
	t.Parallel()
	b := open(t, newest)
	n := 0
	for _, s := range b.oracle.Composites() {
		if s.Name() == "" {
			continue
		}
		root, _ := b.spec.TypeByID(btf.TypeID(s.ID))
		for _, f := range s.Fields() {
			inner, _ := b.oracle.ByID(f.Type)
			inner = inner.SkipModifiers()
			for i, g := range inner.Fields() {
				if i == 4 {
					break
				}
				got, err := path.Resolve(root, f.Name+"."+g.Name)
				if err != nil || got.BitOffset != f.Offset+g.Offset || got.BitSize != g.Size {
					t.Fatalf("%v.%s.%s: %+v (%v), want offset %d", root, f.Name, g.Name, got, err,
						f.Offset+g.Offset)
				}
				n++
			}
			if elem, length := inner.Array(); length > 0 {
				got, err := path.Resolve(root, f.Name+"[1]")
				size, _ := elem.Sizeof()
				if length == 1 {
					if err == nil {
						t.Fatalf("%v.%s[1]: there is one element", root, f.Name)
					}
				} else if err != nil || got.BitOffset != f.Offset+8*size || got.BitSize != 8*size {
					t.Fatalf("%v.%s[1]: %+v, %v", root, f.Name, got, err)
				}
				n++
			}
			if target, ok := inner.Pointer(); ok {
				fields := target.SkipModifiers().Fields()
				for _, g := range fields[:min(1, len(fields))] {
					got, err := path.Resolve(root, f.Name+"->"+g.Name)
					if err != nil || got.Derefs != 1 || got.DerefOffsets[0] != f.Offset/8 ||
						got.BitOffset != g.Offset {
						t.Fatalf("%v.%s->%s: %+v, %v", root, f.Name, g.Name, got, err)
					}
					n++
				}
			}
		}
	}
	t.Logf("%d paths", n)
	if n < 30_000 {
		t.Errorf("%d paths", n)
	}
}
