package derived

import (
	"fmt"
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

// FuzzPath resolves any path from any type of any BTF: scanning and by tables alike, a field or
// an error of less than 1 KiB, and a member that is found is one that the oracle has there.
func FuzzPath(f *testing.F) {
	addBlobs(f, func(data []byte) {
		f.Add(data, uint32(9), "sk->sk_list.next")
		f.Add(data, uint32(20), "cb[40]")
	})
	f.Fuzz(func(t *testing.T, data []byte, id uint32, expr string) {
		if len(data) > 1<<16 || len(expr) > 1000 {
			t.Skip("large inputs slow the engine down")
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		_, end := spec.IDs()
		root, _ := spec.TypeByID(btf.TypeID(id) % end)
		var r path.Resolver
		got, err := path.Resolve(root, expr)
		for range 2 {
			again, againErr := r.Resolve(root, expr)
			if again != got || fmt.Sprint(err) != fmt.Sprint(againErr) {
				t.Fatalf("%v %q: %+v (%v), by tables %+v (%v)", root, expr, got, err, again, againErr)
			}
		}
		if err != nil && len(err.Error()) > 1024 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
		path.Find(spec, expr)
		checkMembers(t, spec, root)
	})
}

// checkMembers resolves the direct members of a type by name, the first of each name.
func checkMembers(t *testing.T, spec *btf.Spec, root btf.Type) {
	seen := map[string]bool{}
	for i, m := range root.Members() {
		name := m.Name()
		if i == 100 || name == "" || name != clean(name) {
			break // behind an anonymous member, names may be hidden
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		got, err := path.Resolve(root, name)
		if err != nil || got.Member != m || got.Type != m.Target() {
			t.Fatalf("%v.%s: %+v, %v", root, name, got, err)
		}
		want := uint64(m.BitOffset())
		if off, _, ok := m.Bits(); ok {
			want = uint64(off)
		}
		if uint32(got.BitOffset) != uint32(want) {
			t.Fatalf("%v.%s: offset %d, want %d", root, name, got.BitOffset, want)
		}
	}
}

// clean drops what ends a name in a path.
func clean(name string) string {
	out := []byte{}
	for i := range len(name) {
		switch name[i] {
		case '.', '[', ']', ' ', '\t', '\n', '-':
		default:
			out = append(out, name[i])
		}
	}
	return string(out)
}
