package derived

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/minimize"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/objects"
)

// FuzzMinimize minimizes any kernel for any object: it ends, the answers stay, and what it leaves
// out of its own result is nothing.
func FuzzMinimize(f *testing.F) {
	all := readObjects(f)
	slices.SortFunc(all, func(a, b objects.Object) int { return len(a.BTF) - len(b.BTF) })
	for _, o := range all[:8] { // the smallest
		f.Add(o.BTF, o.Ext, o.BTF)
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
		o := objects.Object{Name: "fuzzed", BTF: data, Ext: table}
		if got, want := answersButIDs(t, o, once), answersButIDs(t, o, kernel); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		again, err := minimize.Objects(once, ext)
		if err != nil || !bytes.Equal(again, small) {
			t.Fatalf("once more: %d bytes, not %d: %v", len(again), len(small), err)
		}
	})
}

// parseObject reads an object's relocations.
func parseObject(t blobs.TB, o objects.Object) *core.Ext {
	t.Helper()
	spec, err := btf.Parse(o.BTF, nil)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := core.Parse(o.Ext, spec)
	if err != nil {
		t.Fatal(err)
	}
	return ext
}

// answersButIDs is answers without the ids of a kernel's types.
func answersButIDs(t blobs.TB, o objects.Object, kernel *btf.Spec) []string {
	t.Helper()
	lines, _ := answers(t, o, kernel)
	i := 0
	for relo := range parseObject(t, o).Relocations() {
		if value, id, _ := strings.Cut(lines[i], " "); relo.Kind == core.TypeIDTarget && id != "0" {
			lines[i] = value + " id"
		}
		i++
	}
	return lines
}
