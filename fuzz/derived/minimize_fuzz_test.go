package derived

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/minimize"
)

// FuzzMinimize minimizes any kernel for any object: it ends, the answers stay, and what it leaves
// out of its own result is nothing.
func FuzzMinimize(f *testing.F) {
	all := objects(f)
	slices.SortFunc(all, func(a, b object) int { return len(a.btf) - len(b.btf) })
	for _, o := range all[:8] { // the smallest
		f.Add(o.btf, o.ext, o.btf)
	}
	f.Fuzz(func(t *testing.T, data, table, target []byte) {
		if len(data)+len(table)+len(target) > 1<<16 {
			t.Skip("large inputs slow the engine down")
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		kernel, err := btf.Parse(target, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		ext, err := core.Parse(table, spec)
		if err != nil {
			t.Skip("no .BTF.ext")
		}
		r, n := core.NewResolver(kernel), 0
		for relo := range ext.Relocations() {
			if _, err := r.Resolve(relo); err != nil || n > 200 {
				t.Skip("no answer")
			}
			n++
		}
		small, err := minimize.Objects(kernel, ext)
		switch {
		case errors.Is(err, minimize.ErrUnstable), errors.Is(err, btf.ErrUnsupported),
			errors.Is(err, btf.ErrCorrupt):
			t.Skip("nothing to compare")
		case err != nil:
			t.Fatal(err)
		}
		once, err := btf.Parse(small, nil)
		if err != nil {
			t.Fatal(err)
		}
		o := object{"fuzzed", data, table}
		if got, want := answersButIDs(t, o, once), answersButIDs(t, o, kernel); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		again, err := minimize.Objects(once, ext)
		if err != nil || !bytes.Equal(again, small) {
			t.Fatalf("once more: %d bytes, not %d: %v", len(again), len(small), err)
		}
	})
}
