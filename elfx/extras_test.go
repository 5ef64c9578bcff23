package elfx

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/modules"
)

// withExtra is an ELF file with BTF and an extra on it, a typedef of the name "inlined".
func withExtra(t *testing.T, data []byte, object *btf.Spec, more ...testSection) []byte {
	t.Helper()
	extra := build(t, object, func(b *builder.Builder) { b.Typedef("inlined", 1) })
	return testELF{class: 64, order: binary.LittleEndian, sections: append([]testSection{
		progbits(".BTF", data), progbits(".BTF.inline", extra),
		progbits(".BTF.cut", extra[:len(extra)-4]),
	}, more...)}.build(t)
}

// wantExtra opens an extra and checks that it lies on its object.
func wantExtra(t *testing.T, c *modules.Collection, object string) {
	t.Helper()
	spec, err := c.Extra(t.Context(), object, "inline")
	if err != nil {
		t.Fatal(err)
	}
	base, err := c.Module(t.Context(), object)
	if err != nil || spec.Base() != base {
		t.Errorf("the extra of %s lies on %p, not %p, error %v", object, spec.Base(), base, err)
	}
	found, err := spec.TypeByName("inlined")
	if name := c.ModuleOf(found); err != nil || name != object+".inline" {
		t.Errorf("type of %q, error %v", name, err)
	}
}

// TestTreeExtras opens the section .BTF.inline of a kernel and of modules, in a tree, a directory,
// and added one by one: for those who ask, and no earlier.
func TestTreeExtras(t *testing.T) {
	kernel, module := kernelAndModule(t)
	base := parse(t, kernel, nil)
	ko := zstdBytes(t, nil, withExtra(t, module, parse(t, module, base)))
	files := map[string][]byte{"vmlinux": withExtra(t, kernel, base), "snd-m.ko.zst": ko,
		"plain.ko": inELF(t, module)}
	dir := writeTree(t, files)
	tree, err := Tree(t.Context(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	folder, err := Dir(t.Context(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	single := modules.New(parse(t, kernel, nil))
	defer single.Close()
	if err := errors.Join(AddFile(single, filepath.Join(dir, "snd-m.ko.zst"), heapOptions),
		AddBytes(single, "bytes", ko, heapOptions)); err != nil {
		t.Fatal(err)
	}
	wantExtra(t, tree, "vmlinux")
	wantExtra(t, tree, "snd-m") // which was not open
	wantExtra(t, folder, "vmlinux")
	wantExtra(t, folder, "snd-m.ko.zst")
	wantExtra(t, single, "snd-m")
	wantExtra(t, single, "bytes")
	if err := tree.OpenAll(t.Context(), 2, nil); err != nil || tree.Len() != 2 ||
		len(tree.Problems()) != 0 {
		t.Errorf("%d modules, problems %v, error %v", tree.Len(), tree.Problems(), err)
	}
	if _, err := tree.TypeByName("inlined"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("a query finds what an extra has: error %v", err)
	}
	for _, module := range []string{"plain", "vmlinux"} {
		if _, err := tree.Extra(t.Context(), module, "none"); !errors.Is(err, btf.ErrNotFound) {
			t.Errorf("an extra that %s has not: error %v", module, err)
		}
	}
}

// TestTreeExtraErrors says which file an extra was to be read from, and why that fails.
func TestTreeExtraErrors(t *testing.T) {
	kernel, module := kernelAndModule(t)
	base := parse(t, kernel, nil)
	object := parse(t, module, base)
	part := build(t, nil, func(b *builder.Builder) {
		b.Int("int", 4, btf.Int{Bits: 32, Encoding: btf.IntSigned})
	})
	onPart := build(t, parse(t, part, nil), func(b *builder.Builder) { b.Ptr(1) })
	distilled := withExtra(t, onPart, parse(t, onPart, parse(t, part, nil)),
		progbits(".BTF.base", part))
	gone := withExtra(t, module, object)
	dir := writeTree(t, map[string][]byte{"vmlinux": kernel, "distilled.ko": distilled,
		"changed.ko": gone, "cut.ko": gone, "removed.ko": gone})
	c, err := Tree(t.Context(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if bad := problems(c); len(bad) != 0 {
		t.Fatalf("problems %v", bad)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "removed.ko")),
		os.WriteFile(filepath.Join(dir, "changed.ko"), inELF(t, module), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		module, extra, says string
		is                  error
	}{
		{"distilled", "inline", "distilled base", ErrUnsupported},
		{"changed", "inline", "there before", ErrNoBTF},
		{"removed", "inline", "removed.ko", os.ErrNotExist},
		{"cut", "cut", ".BTF.cut", btf.ErrCorrupt},
	} {
		_, err := c.Extra(t.Context(), test.module, test.extra)
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) ||
			!strings.Contains(err.Error(), test.module+".ko") {
			t.Errorf("%s: error %v, want %v and %q", test.module, err, test.is, test.says)
		}
	}
}
