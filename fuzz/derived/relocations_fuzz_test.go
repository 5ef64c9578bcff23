package derived

import (
	"fmt"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/objects"
)

// FuzzRelocations answers the relocations of any object on any kernel: it ends, errors are short,
// an answer comes from a type of the kernel, and the second time is the same.
func FuzzRelocations(f *testing.F) {
	for _, o := range readObjects(f)[:8] {
		f.Add(o.BTF, o.Ext, o.BTF)
	}
	f.Fuzz(func(t *testing.T, data, table, target []byte) {
		if len(data)+len(table)+len(target) > 1<<16 {
			t.Skip("large inputs slow the engine down")
		}
		object, err := btf.Parse(data, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		kernel, err := btf.Parse(target, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		ext, err := core.Parse(table, object)
		if err != nil {
			t.Skip("no .BTF.ext")
		}
		for f := range ext.Funcs() {
			_ = f.Func.String()
		}
		for l := range ext.Lines() {
			_ = l.Text
		}
		r := core.NewResolver(kernel)
		n := 0
		for relo := range ext.Relocations() {
			if n++; n == 200 {
				break
			}
			v, err := r.Resolve(relo)
			if err != nil {
				if len(err.Error()) > 1024 {
					t.Fatalf("an error of %d bytes", len(err.Error()))
				}
				continue
			}
			if v.Candidate.IsVoid() && v.Target != 0 && relo.Kind != core.TypeIDLocal {
				t.Fatalf("%v: %v, of no type", relo, v)
			}
			if again, err := r.Resolve(relo); err != nil || again != v {
				t.Fatalf("%v: %v, then %v, %v", relo, v, again, err)
			}
		}
	})
}

// readObjects returns the real objects that relocations are answered for.
func readObjects(t blobs.TB) []objects.Object {
	t.Helper()
	all, err := objects.All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// answers returns what package core says of an object's relocations on a kernel, in the form of the
// driver over libbpf.
func answers(t blobs.TB, o objects.Object, kernel core.Source) (lines []string, missing int) {
	t.Helper()
	spec, err := cache.Parse(o.BTF, nil)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := core.Parse(o.Ext, spec)
	if err != nil {
		t.Fatalf("%s: %v", o.Name, err)
	}
	r := core.NewResolver(kernel)
	for relo := range ext.Relocations() {
		v, err := r.Resolve(relo)
		switch {
		case err != nil:
			lines = append(lines, "error")
		case v.Poison:
			lines = append(lines, fmt.Sprint(v.Local, " none"))
			missing++
		default:
			lines = append(lines, fmt.Sprint(v.Local, " ", v.Target))
		}
	}
	return lines, missing
}
