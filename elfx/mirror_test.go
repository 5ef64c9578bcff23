package elfx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/modules"
)

// TestDir reads a directory laid out as /sys/kernel/btf is, with modules that are not fit to read.
func TestDir(t *testing.T) {
	kernel, module := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{
		"vmlinux": kernel, "good": module, "with.dots": module, "empty": nil,
		"cut": module[:len(module)/2], "subdirectory/ignored": module,
	})
	c, err := Dir(t.Context(), dir, "", heapOptions)
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
	dir := writeTree(t, map[string][]byte{"base": kernel, "vmlinux": kernel, "m": module})
	c, err := Dir(t.Context(), dir, "base", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	bad := problems(c)
	if got := names(c); !slices.Equal(got, []string{"m"}) || len(bad) != 1 ||
		!errors.Is(bad["vmlinux"], modules.ErrDuplicate) {
		t.Errorf("modules %q, problems %v", got, bad)
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
		_, err := Dir(t.Context(), test.dir, test.base, heapOptions)
		if err == nil || test.is != nil && !errors.Is(err, test.is) ||
			!strings.HasPrefix(err.Error(), "elfx: ") && !strings.Contains(err.Error(), "open ") ||
			!strings.Contains(err.Error(), test.says) {
			t.Errorf("%s, %s: error %v", test.dir, test.base, err)
		}
		if _, err := Tree(t.Context(), test.dir, test.base, heapOptions); err == nil {
			t.Errorf("%s: Tree accepts it", test.dir)
		}
	}
}

// TestDirProblems has what is no module among modules.
func TestDirProblems(t *testing.T) {
	kernel, module := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"vmlinux": kernel, "a-b": module, "a_b": module, "c": module,
		"folder/x": nil})
	symlink(t, dir, "gone", "nothing")
	symlink(t, dir, "linked", "c")
	symlink(t, dir, "linked-folder", "folder")
	symlink(t, dir, "loop", "loop")
	c, err := Dir(t.Context(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, want := names(c), []string{"a-b", "c", "linked"}; !slices.Equal(got, want) {
		t.Errorf("modules %q, want %q", got, want)
	}
	bad := problems(c)
	if len(bad) != 3 || !errors.Is(bad["a_b"], modules.ErrDuplicate) ||
		!errors.Is(bad["gone"], fs.ErrNotExist) || bad["loop"] == nil {
		t.Errorf("problems %v", bad)
	}
}

// TestDirExtras opens what kernels show beside the BTF of an object as that object's.
func TestDirExtras(t *testing.T) {
	kernel, module := kernelAndModule(t)
	extra := func(base *btf.Spec) []byte {
		return build(t, base, func(b *builder.Builder) { b.DeclTag("extra", 1, -1) })
	}
	base := parse(t, kernel, nil)
	ofKernel, ofModule := extra(base), extra(parse(t, module, base))
	for _, base := range []string{"vmlinux", "vmlinux-7.2"} {
		dir := writeTree(t, map[string][]byte{base: kernel, base + ".inline": ofKernel, "to-y": module,
			"to-y.inline": ofModule, "to-y.vars": nil, "alone.btf": module, "none.inline": ofModule})
		c, err := Dir(t.Context(), dir, base, heapOptions)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := names(c); !slices.Equal(got, []string{"alone.btf", "none.inline", "to-y"}) {
			t.Errorf("modules %q", got)
		}
		if bad := problems(c); len(bad) != 1 || bad["none.inline"] == nil {
			t.Errorf("problems %v, want one of an extra without an object", bad)
		}
		for _, object := range []string{"vmlinux", "to_y"} {
			spec, err := c.Extra(t.Context(), object, "inline")
			if err != nil {
				t.Errorf("extra of %s: %v", object, err)
				continue
			}
			on, _ := c.Module(t.Context(), object)
			if tag, err := spec.TypeByName("extra"); err != nil || spec.Base() != on {
				t.Errorf("extra of %s: %v, error %v, on the object: %v", object, tag, err, spec.Base() == on)
			}
		}
		if _, err := c.Extra(t.Context(), "to-y", "vars"); !errors.Is(err, ErrNoBTF) {
			t.Errorf("an empty extra: %v", err)
		}
	}
}

// TestDirCancelled ends soon after its context.
func TestDirCancelled(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	files := map[string][]byte{"vmlinux": kernel}
	for i := range 200 {
		files[fmt.Sprintf("m%d", i)] = nil
	}
	dir := writeTree(t, files)
	for n := 0; n < 200; n = n*3 + 1 {
		ctx, late := cancelAfter(t.Context(), n)
		if c, err := Dir(ctx, dir, "", heapOptions); err == nil || *late > 5 {
			t.Fatalf("after %d looks: %v, error %v, %d looks later", n, c, err, *late)
		}
	}
}

// mirror opens a directory with the files, to be changed.
func mirror(t *testing.T, files map[string][]byte) (m *Mirror, dir string) {
	t.Helper()
	dir = writeTree(t, files)
	for name := range files {
		age(t, filepath.Join(dir, name))
	}
	m, err := OpenMirror(t.Context(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m, dir
}

// age makes a file an hour old, so that its next change is seen whatever the clock's resolution.
func age(t *testing.T, path string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// put writes files into a directory, or removes those without contents.
func put(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(dir, name)
		err := os.Remove(path)
		if data != nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// follow says in one line what a Sync found.
func follow(t *testing.T, m *Mirror) (*Changes, string) {
	t.Helper()
	changes, err := m.Sync(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := fmt.Sprintf("+%v -%v ~%v =%d", changes.Added, changes.Removed, changes.Replaced,
		changes.Unchanged)
	for _, p := range changes.Problems {
		s += " !" + p.Module
	}
	return changes, s
}

// TestMirror follows a directory.
func TestMirror(t *testing.T) {
	kernel, module := kernelAndModule(t)
	m, dir := mirror(t, map[string][]byte{"vmlinux": kernel, "a": module, "b": module, "c": module,
		"c.inline": nil, "c.vars": nil, "d": module, "vmlinux.inline": nil})
	other := append(slices.Clone(module), 0)
	specs := make(map[string]*btf.Spec)
	for _, name := range []string{"a", "b", "c"} {
		spec, err := m.Module(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		specs[name] = spec
	}
	for _, step := range []struct {
		name    string
		change  map[string][]byte
		want    string
		modules string
		retired string
	}{
		{"nothing", nil, "+[] -[] ~[] =7", "a b c d", ""},
		{"add", map[string][]byte{"e": module}, "+[e] -[] ~[] =7", "a b c d e", ""},
		{"remove", map[string][]byte{"a": nil, "d": nil}, "+[] -[a d] ~[] =6", "b c e", "a"},
		{"replace with its extras", map[string][]byte{"c": other}, "+[] -[] ~[c c.inline c.vars] =3",
			"b c e", "c"},
		{"replace an extra", map[string][]byte{"vmlinux.inline": []byte("new")},
			"+[] -[] ~[vmlinux.inline] =5", "b c e", ""},
		{"remove an extra", map[string][]byte{"c.vars": nil}, "+[] -[c.vars] ~[] =5", "b c e", ""},
		{"remove an object", map[string][]byte{"c": nil}, "+[] -[c] ~[c.inline] =3", "b c.inline e", ""},
		{"and bring it back", map[string][]byte{"c": module}, "+[c] -[] ~[c.inline] =3", "b c e", ""},
		{"a name that is taken", map[string][]byte{"x-y": module, "x_y": module},
			"+[x-y] -[] ~[] =5 !x_y", "b c e x-y", ""},
		{"that is free again", map[string][]byte{"x-y": nil}, "+[x_y] -[x-y] ~[] =5", "b c e x_y", ""},
		{"all", map[string][]byte{"b": nil, "c": nil, "c.inline": nil, "e": nil, "vmlinux.inline": nil,
			"x_y": nil}, "+[] -[b c c.inline e vmlinux.inline x_y] ~[] =0", "", "b"},
	} {
		put(t, dir, step.change)
		changes, got := follow(t, m)
		if got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		if got := strings.Join(names(m.Collection), " "); got != step.modules {
			t.Errorf("%s: modules %s, want %s", step.name, got, step.modules)
		}
		var want []*btf.Spec
		if step.retired != "" {
			want = append(want, specs[step.retired])
		}
		if !slices.Equal(changes.Retired, want) {
			t.Errorf("%s: retired %v, want %q", step.name, changes.Retired, step.retired)
		}
		if got := m.Problems(); len(got) != len(changes.Problems) {
			t.Errorf("%s: problems %v, want %v", step.name, got, changes.Problems)
		}
	}
	for name, spec := range specs {
		if fn, err := spec.TypeByName("toy_xmit"); err != nil || m.ModuleOf(fn) != name {
			t.Errorf("%s after it went: %v of %q, error %v", name, fn, m.ModuleOf(fn), err)
		}
	}
}

// TestMirrorIdentity tells files that were changed from those that were not.
func TestMirrorIdentity(t *testing.T) {
	kernel, module := kernelAndModule(t)
	m, dir := mirror(t, map[string][]byte{"vmlinux": kernel, "m": module})
	path := filepath.Join(dir, "m")
	for _, step := range []struct {
		name     string
		change   func() error
		timeless bool
		want     string
	}{
		{"written anew", func() error { return os.WriteFile(path, module, 0o600) }, false, "~[m] =0"},
		{"longer, of the same age", func() error {
			age(t, path)
			follow(t, m)
			info, err := os.Stat(path)
			return errors.Join(err, os.Truncate(path, int64(len(module))+1),
				os.Chtimes(path, info.ModTime(), info.ModTime()))
		}, false, "~[m] =0"},
		{"another file of the same age and size", func() error {
			info, err := os.Stat(path)
			return errors.Join(err, os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600),
				os.Truncate(path, info.Size()), os.Chtimes(path, info.ModTime(), info.ModTime()),
				os.Remove(path+".old"))
		}, false, "~[m] =0"},
		{"read only", func() error { return os.Chmod(path, 0o400) }, false, "~[] =1"},
		{"younger where times say nothing", func() error {
			return os.Chtimes(path, time.Now(), time.Now())
		}, true, "~[] =1"},
	} {
		m.timeless = step.timeless
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		if _, got := follow(t, m); got != "+[] -[] "+step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}

// TestMirrorErrors changes nothing where it cannot tell what there is.
func TestMirrorErrors(t *testing.T) {
	kernel, module := kernelAndModule(t)
	m, dir := mirror(t, map[string][]byte{"vmlinux": kernel, "m": module})
	put(t, dir, map[string][]byte{"m": nil})
	ctx, _ := cancelAfter(t.Context(), 1)
	if _, err := m.Sync(ctx); err == nil || m.Len() != 1 {
		t.Errorf("cancelled: error %v, %d modules", err, m.Len())
	}
	put(t, dir, map[string][]byte{"vmlinux": append(kernel, 0)})
	if _, err := m.Sync(t.Context()); err == nil || m.Len() != 1 ||
		!strings.Contains(err.Error(), "vmlinux is another file") {
		t.Errorf("another kernel: error %v, %d modules", err, m.Len())
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sync(t.Context()); !errors.Is(err, fs.ErrNotExist) || m.Len() != 1 {
		t.Errorf("a directory that is gone: error %v, %d modules", err, m.Len())
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sync(t.Context()); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("closed: error %v", err)
	}
}

// TestMirrorOthers leaves modules alone that others added.
func TestMirrorOthers(t *testing.T) {
	kernel, module := kernelAndModule(t)
	m, dir := mirror(t, map[string][]byte{"vmlinux": kernel, "m": module})
	if err := AddBytes(m.Collection, "mine", module, heapOptions); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Remove("m"); err != nil {
		t.Fatal(err)
	}
	put(t, dir, map[string][]byte{"m": nil, "mine": module})
	if _, got := follow(t, m); got != "+[] -[m] ~[] =0 !mine" || m.Len() != 1 {
		t.Errorf("%s, %d modules", got, m.Len())
	}
	if _, err := m.Module(t.Context(), "mine"); err != nil {
		t.Error(err)
	}
}

// TestMirrorRunning follows the running kernel, whose files must not seem to change.
func TestMirrorRunning(t *testing.T) {
	if _, err := os.Stat(filepath.Join(SysDir, "vmlinux")); err != nil {
		t.Skipf("%v: run this on Linux 5.4 or later with CONFIG_DEBUG_INFO_BTF", err)
	}
	if !isSysfs(SysDir) || isSysfs(t.TempDir()) {
		t.Errorf("sysfs: %s %v, a temporary folder %v", SysDir, isSysfs(SysDir), isSysfs(t.TempDir()))
	}
	m, err := OpenMirror(t.Context(), SysDir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if changes, got := follow(t, m); len(changes.Replaced) > 0 {
		t.Error(got)
	}
}
