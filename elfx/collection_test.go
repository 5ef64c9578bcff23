package elfx

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
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

// TestDir reads a directory laid out as /sys/kernel/btf is, with modules that are not fit to read.
func TestDir(t *testing.T) {
	kernel, module := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{
		"vmlinux": kernel, "good": module, "with.dots": module, "empty": nil,
		"cut": module[:len(module)/2], "subdirectory/ignored": module,
	})
	c, err := Dir(context.Background(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, want := names(c), []string{"cut", "empty", "good", "with.dots"}; !slices.Equal(got, want) {
		t.Errorf("modules %q, want %q", got, want)
	}
	bad := problems(c)
	if len(bad) != 2 || !errors.Is(bad["empty"], ErrNoBTF) || !errors.Is(bad["cut"], btf.ErrCorrupt) {
		t.Errorf("problems %v", bad)
	}
	for name, err := range bad {
		if !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("problem %q does not say the path", err)
		}
	}
	if spec, err := c.Module(t.Context(), "good"); err != nil || spec.Base() != c.Base() {
		t.Errorf("module good: %v", err)
	}
}

// TestDirBase takes the name of the kernel's file, and refuses what is no directory of BTF.
func TestDirBase(t *testing.T) {
	kernel, module := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"base": kernel, "vmlinux": module})
	c, err := Dir(context.Background(), dir, "base", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(c); !slices.Equal(got, []string{"vmlinux"}) || len(problems(c)) > 0 {
		t.Errorf("modules %q, problems %v", got, problems(c))
	}
	c.Close()
	for _, test := range []struct {
		dir, base string
		is        error
		says      string
	}{
		{dir, "missing", fs.ErrNotExist, "missing"},
		{filepath.Join(dir, "missing"), "", fs.ErrNotExist, "missing"},
		{filepath.Join(dir, "base"), "", nil, "base: not a directory"},
	} {
		_, err := Dir(context.Background(), test.dir, test.base, heapOptions)
		if err == nil || test.is != nil && !errors.Is(err, test.is) ||
			!strings.HasPrefix(err.Error(), "elfx: ") && !strings.Contains(err.Error(), "open ") ||
			!strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: error %v", test.dir, test.base, err)
		}
		if _, err := Tree(context.Background(), test.dir, test.base, heapOptions); err == nil {
			t.Errorf("%s: Tree accepts it", test.dir)
		}
	}
}

// TestTree reads a tree with modules of several kinds at several depths.
func TestTree(t *testing.T) {
	kernel, module := kernelAndModule(t)
	ko := inELF(t, module)
	dir := writeTree(t, map[string][]byte{
		"boot/vmlinuz-7.2":                  bzImageOf(zstdBytes(t, nil, inELF(t, kernel))),
		"boot/System.map-7.2":               []byte("not BTF"),
		"lib/modules/7.2/kernel/a.ko":       ko,
		"lib/modules/7.2/kernel/x/b.ko.zst": zstdBytes(t, nil, ko),
		"lib/modules/7.2/kernel/x-y.ko.xz":  nil,
		"lib/modules/7.2/kernel/c.ko":       signed(ko, 200),
		"lib/modules/7.2/kernel/old.ko":     ko[:100],
		"lib/modules/7.2/updates/old.ko":    ko,
		"lib/modules/7.2/kernel/d.ko":       inELF(t, kernel)[:500],
		"lib/modules/7.2/modules.dep":       []byte("no.ko:"),
		"lib/modules/7.2/kernel/e.ko.sig":   ko,
	})
	if err := os.Symlink("..", filepath.Join(dir, "lib/modules/7.2/build")); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "lib/modules/7.2/kernel/linked.ko")
	if err := os.Symlink("a.ko", link); err != nil {
		t.Fatal(err)
	}
	for _, tree := range []string{dir, filepath.Join(dir, "lib/modules/7.2")} {
		c, err := Tree(context.Background(), tree, "", heapOptions)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"a", "b", "c", "d", "linked", "old", "x-y"}
		if got := names(c); !slices.Equal(got, want) {
			t.Errorf("modules %q, want %q", got, want)
		}
		bad := problems(c)
		if len(bad) != 2 || !errors.Is(bad["x-y"], ErrNoBTF) || !errors.Is(bad["d"], ErrCorrupt) {
			t.Errorf("problems %v", bad)
		}
		if _, err := c.Module(t.Context(), "x_y"); !errors.Is(err, ErrNoBTF) {
			t.Errorf("module x_y: error %v, want that of x-y", err)
		}
		c.Close()
	}
}

// TestTreeKernels prefers the kernel that is easiest to read, goes on to the next one if it holds
// no BTF, and says what it tried.
func TestTreeKernels(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	nobtf := testELF{class: 64, order: byteOrder(kernel), sections: []testSection{
		progbits(".text", nil),
	}}.build(t)
	files := map[string][]byte{
		"vmlinux": nobtf, "a/b/vmlinux": inELF(t, kernel), "vmlinuz": bzImageOf(nobtf),
		"arch/x86/boot/bzImage": []byte("never read"),
	}
	c, err := Tree(context.Background(), writeTree(t, files), "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()

	delete(files, "a/b/vmlinux")
	dir := writeTree(t, files)
	_, err = Tree(context.Background(), dir, "", heapOptions)
	var e *Error
	if !errors.Is(err, ErrNoBTF) || !errors.As(err, &e) || len(e.Tried) != 3 ||
		!strings.Contains(e.Tried[0], filepath.Join(dir, "vmlinux")) {
		t.Errorf("error %v", err)
	}
	empty := t.TempDir()
	_, err = Tree(context.Background(), empty, "", heapOptions)
	if !errors.Is(err, ErrNoBTF) || !strings.Contains(err.Error(), empty) ||
		!strings.HasSuffix(err.Error(), "as base") {
		t.Errorf("error %v, want ErrNoBTF, the folder and the remedy", err)
	}
	other := filepath.Join(writeTree(t, map[string][]byte{"k": kernel}), "k")
	if c, err = Tree(context.Background(), dir, other, heapOptions); err != nil {
		t.Fatalf("with a base of the caller's: %v", err)
	}
	c.Close()
}

// TestDuplicates refuses a second module of a name, "-" and "_" being the same.
func TestDuplicates(t *testing.T) {
	kernel, module := kernelAndModule(t)
	ko := inELF(t, module)
	dir := writeTree(t, map[string][]byte{
		"vmlinux": kernel, "a/snd-x.ko": ko, "b/snd_x.ko.zst": zstdBytes(t, nil, ko),
	})
	_, err := Tree(context.Background(), dir, "", heapOptions)
	if !errors.Is(err, modules.ErrDuplicate) || !strings.Contains(err.Error(), "snd-x.ko") ||
		!strings.Contains(err.Error(), "snd_x.ko.zst") {
		t.Errorf("Tree: error %v, want ErrDuplicate with both paths", err)
	}
	if want := "several kernels below " + dir; !strings.Contains(err.Error(), want) {
		t.Errorf("Tree: error %v, want the remedy", err)
	}
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
	if bad := problems(c); len(bad) != 1 || !errors.Is(bad["junk"], ErrNoBTF) {
		t.Errorf("problems %v", bad)
	}
}

// TestDirDuplicates refuses two files that are one module.
func TestDirDuplicates(t *testing.T) {
	kernel, module := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"vmlinux": kernel, "a-b": module, "a_b": module})
	if _, err := Dir(context.Background(), dir, "", heapOptions); !errors.Is(err, modules.ErrDuplicate) {
		t.Errorf("error %v, want ErrDuplicate", err)
	}
}

// TestOutsideTree goes from a folder of modules to the system around it.
func TestOutsideTree(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	root := writeTree(t, map[string][]byte{
		"proc/sys/kernel/osrelease": []byte("7.2\n"), "sys/kernel/btf/vmlinux": kernel,
		"usr/lib/modules/7.2/modules.dep": nil, "usr/lib/modules/6.1/modules.dep": nil,
		"usr/lib/modules/6.1/build.log": nil,
	})
	for release, found := range map[string]bool{"7.2": true, "6.1": false} {
		dir := filepath.Join(root, "usr/lib/modules", release)
		c, err := Tree(context.Background(), dir, "", heapOptions)
		if found != (err == nil) {
			t.Errorf("%s: error %v", release, err)
		}
		if err == nil {
			c.Close()
		}
	}
	for _, dir := range []string{root, "/lib/other/7.2", "/modules/7.2"} {
		if paths := outsideTree(dir); paths != nil {
			t.Errorf("%s: %q", dir, paths)
		}
	}
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
	if paths[2] != want || len(paths) != 10 {
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
