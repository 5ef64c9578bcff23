package elfx

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/modules"
)

// heapOptions opens everything without an index.
var heapOptions = CollectionOptions{Kernel: heap}

// writeTree makes files below a new directory.
func writeTree(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inELF puts BTF into an ELF file.
func inELF(t *testing.T, data []byte) []byte {
	t.Helper()
	return testELF{class: 64, order: byteOrder(data), sections: []testSection{
		progbits(".BTF", data),
	}}.build(t)
}

// kernelAndModule returns a kernel's BTF and a module's split on it.
func kernelAndModule(t *testing.T) (kernel, module []byte) {
	t.Helper()
	kernel = btftest.Kernel(nil)
	return kernel, btftest.Module(parse(t, kernel, nil), nil)
}

// names returns the collection's modules.
func names(c *modules.Collection) []string { return slices.Collect(c.Names()) }

// problems opens all modules and returns what is wrong with them, by name.
func problems(c *modules.Collection) map[string]error {
	m := make(map[string]error)
	if err := c.OpenAll(context.Background(), 2, nil); err != nil {
		m["OpenAll"] = err
	}
	for _, p := range c.Problems() {
		m[p.Module] = p.Err
	}
	return m
}

// TestOpenAll opens modules in parallel, with one report of progress each.
func TestOpenAll(t *testing.T) {
	kernel, module := kernelAndModule(t)
	files := map[string][]byte{"vmlinux": kernel}
	for _, name := range strings.Fields("a b c d e f g h i j k l m n o p") {
		files[name+".ko.zst"] = zstdBytes(t, nil, inELF(t, module))
	}
	files["b.ko.zst"] = []byte("damaged")
	c, err := Tree(context.Background(), writeTree(t, files), "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var seen []int
	err = c.OpenAll(context.Background(), 4, func(done, total int) {
		if total != 16 {
			t.Errorf("total %d, want 16", total)
		}
		seen = append(seen, done)
	})
	if err != nil || len(seen) != 16 || !slices.IsSorted(seen) || len(problems(c)) != 1 {
		t.Errorf("progress %v, problems %v, error %v", seen, problems(c), err)
	}
}

// TestLazyAfterCancel opens a module after the context that the search had is over.
func TestLazyAfterCancel(t *testing.T) {
	kernel, module := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"vmlinux": kernel, "m.ko": inELF(t, module)})
	ctx, cancel := context.WithCancel(context.Background())
	c, err := Tree(ctx, dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	if _, err := c.Module(t.Context(), "m"); err != nil {
		t.Error(err)
	}
	if _, err := Tree(ctx, dir, "", heapOptions); !errors.Is(err, context.Canceled) {
		t.Errorf("Tree after cancel: error %v", err)
	}
}

// TestOpenKernel goes through the paths in libbpf's order, below another root.
func TestOpenKernel(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	paths := KernelPaths("/", "7.2")
	want := filepath.FromSlash("/lib/modules/7.2/build/vmlinux")
	if paths[2] != want || len(paths) != 14 {
		t.Errorf("paths %q", paths)
	}
	files := map[string][]byte{"proc/sys/kernel/osrelease": []byte("7.2\n")}
	for i, path := range slices.Backward(append([]string{"/sys/kernel/btf/vmlinux"}, paths...)) {
		files[strings.TrimPrefix(filepath.ToSlash(path), "/")] = kernel
		root := writeTree(t, files)
		spec, got, err := OpenKernel(context.Background(), root, heap, nil)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		spec.Close()
		if want := filepath.Join(root, path); got != want {
			t.Errorf("opened %s, want %s", got, want)
		}
	}
	root := t.TempDir()
	_, _, err := OpenKernel(context.Background(), root, heap, nil)
	osrelease := filepath.Join(root, "proc/sys/kernel/osrelease")
	if !errors.Is(err, ErrNoBTF) || !strings.Contains(err.Error(), "give the path") ||
		!strings.Contains(err.Error(), "release of the running kernel: open "+osrelease) {
		t.Errorf("error %v, want ErrNoBTF, a remedy and why there is no release", err)
	}
}

// TestOpenFileMaps hands files of raw BTF to the backend by path, and nothing else.
func TestOpenFileMaps(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"raw": kernel, "elf": inELF(t, kernel)})
	for name, want := range map[string]string{"raw": "open", "elf": "parse"} {
		var used string
		b := watchedBackend{heap, func(call string) { used = call }}
		spec, err := OpenFile(context.Background(), filepath.Join(dir, name), nil, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		spec.Close()
		if used != want {
			t.Errorf("%s: %s was called, want %s", name, used, want)
		}
	}
}

// watchedBackend reports which of its methods is called.
type watchedBackend struct {
	btf.Backend
	called func(method string)
}

func (w watchedBackend) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	w.called("open")
	return w.Backend.Open(path, base)
}

func (w watchedBackend) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) {
	w.called("parse")
	return w.Backend.Parse(data, base)
}

// TestOpenFileLimits applies the limits and the context to raw BTF, whoever reads it.
func TestOpenFileLimits(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	path := filepath.Join(writeTree(t, map[string][]byte{"raw": kernel}), "raw")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	size := int64(len(kernel))
	for i, test := range []struct {
		ctx     context.Context
		maxSize int64
		is      error
	}{
		{context.Background(), size, nil},
		{context.Background(), -1, nil},
		{context.Background(), size - 1, ErrTooLarge},
		{cancelled, size, context.Canceled},
	} {
		spec, err := OpenFile(test.ctx, path, nil, heap, &Options{MaxSize: test.maxSize})
		if !errors.Is(err, test.is) || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%d: %v, error %v, want %v and the path", i, spec, err, test.is)
		}
		if err == nil {
			spec.Close()
		}
	}
}

// TestNoBackend says so before anything is read.
func TestNoBackend(t *testing.T) {
	dir := writeTree(t, map[string][]byte{"vmlinux": btftest.Kernel(nil)})
	c := modules.New(parse(t, btftest.Kernel(nil), nil))
	defer c.Close()
	_, dirErr := Dir(context.Background(), dir, "", CollectionOptions{})
	_, treeErr := Tree(context.Background(), dir, "", CollectionOptions{})
	_, _, kernelErr := OpenKernel(context.Background(), dir, nil, nil)
	_, fileErr := OpenFile(context.Background(), filepath.Join(dir, "vmlinux"), nil, nil, nil)
	_, dataErr := OpenData(t.Context(), &Data{BTF: btftest.Kernel(nil)}, nil, nil)
	for i, err := range []error{dirErr, treeErr, kernelErr, fileErr, dataErr,
		AddFile(c, "x", CollectionOptions{}), AddBytes(c, "x", nil, CollectionOptions{})} {
		if !errors.Is(err, errNoBackend) {
			t.Errorf("%d: error %v", i, err)
		}
	}
}

// TestSeveralKinds keeps the kernel and the modules in different backends.
func TestSeveralKinds(t *testing.T) {
	kernel, module := kernelAndModule(t)
	var calls bytes.Buffer
	backend := func(name string) btf.Backend {
		return watchedBackend{heap, func(string) { calls.WriteString(name) }}
	}
	dir := writeTree(t, map[string][]byte{"vmlinux": kernel, "m": module})
	o := CollectionOptions{Kernel: backend("k"), Modules: backend("m")}
	c, err := Dir(context.Background(), dir, "", o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Module(t.Context(), "m"); err != nil || calls.String() != "km" {
		t.Errorf("backends called: %q, error %v", calls.String(), err)
	}
}

// TestAdd adds modules by hand: one of each name, "-" and "_" being the same.
func TestAdd(t *testing.T) {
	kernel, module := kernelAndModule(t)
	ko := inELF(t, module)
	dir := writeTree(t, map[string][]byte{"a/snd-x.ko": ko, ".ko": ko})
	c := modules.New(parse(t, kernel, nil))
	defer c.Close()
	if err := AddFile(c, filepath.Join(dir, "a/snd-x.ko"), heapOptions); err != nil {
		t.Fatal(err)
	}
	if err := AddBytes(c, "snd_x", module, heapOptions); !errors.Is(err, modules.ErrDuplicate) {
		t.Errorf("AddBytes: error %v, want ErrDuplicate", err)
	}
	if err := AddBytes(c, "other", zstdBytes(t, nil, ko), heapOptions); err != nil {
		t.Fatal(err)
	}
	if err := AddBytes(c, "junk", []byte("junk"), heapOptions); err != nil {
		t.Fatal(err)
	}
	if got := names(c); !slices.Equal(got, []string{"junk", "other", "snd-x"}) {
		t.Errorf("modules %q", got)
	}
	if err := AddFile(c, filepath.Join(dir, ".ko"), heapOptions); err == nil {
		t.Error("a module without a name was added")
	}
	if bad := problems(c); len(bad) != 1 || !errors.Is(bad["junk"], ErrNoBTF) {
		t.Errorf("problems %v", bad)
	}
}
