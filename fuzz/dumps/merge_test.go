package dumps

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/merge"
)

// TestBpftoolMerge merges the modules of one kernel, and wants the types and the C that bpftool
// makes of several files (7.8 and later).
func TestBpftoolMerge(t *testing.T) {
	tool := findBpftool(t)
	if tool.minor < 8 {
		t.Skipf("bpftool 7.%d merges no files; 7.8 does (Linux 7.2)", tool.minor)
	}
	for _, group := range []string{"deb-7.2-amd64", "deb-7.2-arm64", "deb-6.12-cloud-amd64"} {
		t.Run(group, func(t *testing.T) { compareMerged(t, tool, group) })
	}
}

func compareMerged(t *testing.T, tool bpftool, group string) {
	var (
		kernel  *blob
		base    *btf.Spec
		modules []*btf.Spec
		args    []string
	)
	dir := t.TempDir()
	file := func(b *blob) string {
		path := filepath.Join(dir, filepath.Base(b.name))
		if err := os.WriteFile(path, b.data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, b := range allBlobs(t) {
		if !strings.HasPrefix(b.name, group+"/") || b.base == nil {
			continue
		}
		if kernel == nil {
			kernel = b.base
			base = kernel.open(t, cache.Backend{})
			args = []string{"-B", file(kernel), "btf", "dump"}
		}
		module, err := cache.Parse(b.data, base)
		if err != nil {
			t.Fatal(err)
		}
		modules = append(modules, module)
		args = append(args, "file", file(b))
	}
	data, err := merge.Modules(base, modules...)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := cache.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []form{forms[0], cForms[0]} {
		want, err := run(tool.path, append(args, f.args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := f.write(&got, spec); err != nil {
			t.Fatal(err)
		}
		compare(t, f.name, got.Bytes(), want)
	}
	first, end := spec.Own().IDs()
	t.Logf("%d modules, %d types", len(modules), end-first)
}
