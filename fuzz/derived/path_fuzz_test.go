package derived

import (
	"fmt"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/path"
)

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
