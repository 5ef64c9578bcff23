package elfx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf/modules"
)

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
	symlink(t, dir, "boot/vmlinuz", "nothing")
	_, err = Tree(context.Background(), dir, "", heapOptions)
	if err == nil || !strings.Contains(err.Error(), filepath.Join("boot",
		"vmlinuz")+": does not exist") {
		t.Errorf("error %v, want one that speaks of a link to nothing", err)
	}
	other := filepath.Join(writeTree(t, map[string][]byte{"k": kernel}), "k")
	if c, err = Tree(context.Background(), dir, other, heapOptions); err != nil {
		t.Fatalf("with a base of the caller's: %v", err)
	}
	c.Close()
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

// symlink makes a link in a tree.
func symlink(t *testing.T, dir, name, target string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.FromSlash(target), path); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
}

// survey opens a tree whose modules are empty files. It returns the file of each module, and what
// else there is of problems, by path; all below dir, with slashes.
func survey(t *testing.T, dir string) (files map[string]string, others map[string]error) {
	t.Helper()
	c, err := Tree(t.Context(), dir, "", heapOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.OpenAll(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, others = make(map[string]string), make(map[string]error)
	for _, p := range c.Problems() {
		path, err := filepath.Rel(root, p.Path)
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.ToSlash(path)
		if _, err := c.Module(t.Context(), p.Module); p.Module != "" && errors.Is(err, p.Err) {
			files[p.Module] = path
			continue
		}
		if !strings.HasPrefix(p.Err.Error(), "elfx: ") || !strings.Contains(p.Err.Error(), p.Path) {
			t.Errorf("problem %v does not say the path", p.Err)
		}
		others[path] = p.Err
	}
	if len(files) != c.Len() {
		t.Errorf("%d files of %d modules", len(files), c.Len())
	}
	return files, others
}

// wantTree compares what survey returns.
func wantTree(t *testing.T, dir string, files map[string]string, others ...string) {
	t.Helper()
	got, problems := survey(t, dir)
	if fmt.Sprint(got) != fmt.Sprint(files) {
		t.Errorf("modules %v, want %v", got, files)
	}
	var paths []string
	for path := range problems {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	slices.Sort(others)
	if !slices.Equal(paths, others) {
		t.Errorf("other problems %v, want %q", problems, others)
	}
}

// emptyTree makes a kernel and empty files.
func emptyTree(t *testing.T, files ...string) (dir string) {
	t.Helper()
	kernel, _ := kernelAndModule(t)
	contents := map[string][]byte{"vmlinux": kernel}
	for _, name := range files {
		contents[name] = nil
	}
	return writeTree(t, contents)
}

// TestTreeChoice has several files of one module, of which modprobe would load one.
func TestTreeChoice(t *testing.T) {
	const r, debug = "lib/modules/6.0.0/", "usr/lib/debug/lib/modules/6.0.0/"
	for _, test := range []struct {
		name  string
		files string // the first is to be chosen
		dep   string // modules.dep of r
		loser string // a problem
	}{
		{"updates", r + "updates/foo.ko " + r + "extra/foo.ko", "", ""},
		{"extra", r + "extra/foo.ko " + r + "kernel/drivers/foo.ko", "", ""},
		{"weak-updates", r + "kernel/foo.ko " + r + "weak-updates/foo/foo.ko", "", ""},
		{"override", r + "override/foo.ko " + r + "updates/foo.ko", "", ""},
		{"updates for an older kernel", r + "weak-updates/foo.ko", "", ""},
		{"no folder", r + "foo.ko " + r + "weak-updates/foo.ko", "", ""},
		{"a file called updates", r + "extra/foo.ko " + r + "updates.ko " + r + "foo.ko", "", ""},
		{"deeper folders do not count",
			r + "updates/x/foo.ko " + r + "a/updates/foo.ko " + r + "kernel/updates/foo.ko", "", ""},
		{"similar folders do not count", r + "extra/foo.ko " + r + "updates2/foo.ko", "", ""},
		{"parents do not count",
			"updates/" + r + "extra/foo.ko " + "updates/" + r + "kernel/foo.ko", "", ""},
		{"no release", "updates/foo.ko kernel/foo.ko", "", ""},
		{"where the kernel was built", r + "kernel/foo.ko " + r + "build/foo.ko", "", ""},
		{"where it was built, last", r + "weak-updates/foo.ko " + r + "build/foo.ko", "", ""},
		{"debug", r + "kernel/foo.ko " + debug + "kernel/foo.ko", "", ""},
		{"debug, in updates", r + "weak-updates/foo.ko " + debug + "updates/foo.ko", "", ""},
		{"debug alone", debug + "kernel/foo.ko", "", ""},
		{"debug of its own", debug + "extra/foo.ko " + debug + "kernel/foo.ko", "", ""},
		{"a guess", r + "kernel/a/foo.ko " + r + "kernel/b/foo.ko", "", r + "kernel/b/foo.ko"},
		{"a guess between extensions", r + "foo.ko " + r + "foo.ko.xz", "", r + "foo.ko.xz"},
		{"a guess between spellings", "a/f-oo.ko b/f_oo.ko", "", "b/f_oo.ko"},
		{"listed", r + "weak-updates/foo.ko " + r + "updates/foo.ko", "weak-updates/foo.ko: x.ko\n", ""},
		{"listed, no guess", r + "b/foo.ko " + r + "a/foo.ko", "b/foo.ko:", ""},
		{"listed by the whole path", r + "b/foo.ko " + r + "a/foo.ko", "/" + r + "b/foo.ko:", ""},
		{"listed in another spelling", r + "b/f-oo.ko " + r + "a/f_oo.ko", "b/f-oo.ko:\r\n", ""},
		{"listed, but missing", r + "extra/foo.ko " + r + "a/foo.ko", "c/foo.ko:", ""},
		{"listed twice", r + "b/foo.ko " + r + "extra/foo.ko", "b/foo.ko:\nextra/foo.ko:", ""},
		{"needed, not listed", r + "extra/foo.ko " + r + "a/foo.ko", "x.ko: a/foo.ko", ""},
		{"listed outside", r + "extra/foo.ko " + debug + "kernel/foo.ko", "kernel/foo.ko:", ""},
		{"a tree in a tree",
			"lib/modules/5/copy/" + r + "extra/foo.ko lib/modules/5/copy/" + r + "foo.ko", "", ""},
		{"listed nonsense", r + "extra/foo.ko " + r + "foo.ko",
			"::\n:\n\x00\n../../foo.ko:\nfoo.ko\n/foo.ko:\n" + strings.Repeat("x/", 5000) + "foo.ko:", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := strings.Fields(test.files)
			if test.dep != "" {
				files = append(files, r+"modules.dep")
			}
			dir := emptyTree(t, files...)
			if test.dep != "" {
				path := filepath.Join(dir, filepath.FromSlash(r+"modules.dep"))
				if err := os.WriteFile(path, []byte(test.dep), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]string{ModuleName(files[0]): files[0]}
			for _, path := range files {
				if strings.HasSuffix(path, "updates.ko") {
					want["updates"] = path
				}
			}
			wantTree(t, dir, want, strings.Fields(test.loser)...)
		})
	}
}

// TestTreeDebugList prefers a module to its copy in usr/lib/debug, which has a modules.dep, too.
func TestTreeDebugList(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"vmlinux": kernel, "lib/modules/6.0.0/foo.ko": nil,
		"usr/lib/debug/lib/modules/6.0.0/foo.ko":      nil,
		"usr/lib/debug/lib/modules/6.0.0/modules.dep": []byte("foo.ko:")})
	wantTree(t, dir, map[string]string{"foo": "lib/modules/6.0.0/foo.ko"})
}

// TestKernelOrder tries first the kernel whose release the modules have, then what is easy to read.
func TestKernelOrder(t *testing.T) {
	join := func(paths string) []string {
		var list []string
		for _, path := range strings.Fields(paths) {
			list = append(list, filepath.FromSlash(path))
		}
		return list
	}
	for _, test := range []struct{ modules, want string }{
		{"", "/z/vmlinux /a/b/vmlinux /vmlinux-6.1 /vmlinux-6.2 /vmlinuz /6.2.efi"},
		{"/lib/modules/6.2/m.ko",
			"/z/vmlinux /a/b/vmlinux /vmlinux-6.2 /vmlinuz /6.2.efi /vmlinux-6.1 /6.1.efi"},
		{"/lib/modules/6.2/m.ko", "/lib/modules/6.2/vmlinuz /b/vmlinuz-6.2 /lib/modules/6.1/vmlinuz"},
		{"/elsewhere/m.ko", "/vmlinux /vmlinux-6.1 /vmlinuz"},
	} {
		want := join(test.want)
		found := &tree{images: slices.Sorted(slices.Values(want))}
		for _, path := range strings.Fields(test.modules) {
			home, below := (&walker{root: filepath.FromSlash("/")}).splitHome(filepath.FromSlash(path))
			found.modules = append(found.modules, moduleFile{path, home, below})
		}
		if got := found.kernels(); !slices.Equal(got, want) {
			t.Errorf("with %q: %q, want %q", test.modules, got, want)
		}
	}
}

// TestTreeGuess says what it guessed between, and what to do about several kernels.
func TestTreeGuess(t *testing.T) {
	dir := emptyTree(t, "lib/modules/1/foo.ko", "lib/modules/2/foo.ko", "lib/modules/2/a/foo.ko")
	files, others := survey(t, dir)
	if files["foo"] != "lib/modules/1/foo.ko" || len(others) != 2 {
		t.Errorf("modules %v, problems %v", files, others)
	}
	for _, err := range others {
		if !errors.Is(err, modules.ErrDuplicate) || !strings.Contains(err.Error(),
			"lib/modules/RELEASE") ||
			!strings.Contains(filepath.ToSlash(err.Error()), files["foo"]) {
			t.Errorf("problem %v, want ErrDuplicate, the file that was taken and a remedy", err)
		}
	}
}

// TestTreeReleases leaves out the modules of another kernel than the one it opens.
func TestTreeReleases(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	for _, image := range []string{"boot/vmlinuz-6.2", "boot/vmlinux-6.2.debug", "boot/6.2.efi",
		"lib/modules/6.2/vmlinuz", "usr/lib/debug/boot/vmlinux-6.2"} {
		dir := writeTree(t, map[string][]byte{image: kernel, "boot/vmlinux-6.1.0": kernel,
			"lib/modules/6.1/foo.ko": nil, "lib/modules/6.1/old.ko": nil, "lib/modules/6.2/foo.ko": nil,
			"usr/lib/debug/lib/modules/6.2/foo.ko": nil, "usr/lib/debug/lib/modules/6.3/foo.ko": nil,
			"other/mine.ko": nil})
		wantTree(t, dir, map[string]string{"foo": "lib/modules/6.2/foo.ko", "mine": "other/mine.ko"},
			"lib/modules/6.1", "usr/lib/debug/lib/modules/6.3")
		if _, others := survey(t, dir); !strings.Contains(fmt.Sprint(others),
			"2 modules of another release") {
			t.Errorf("problems %v", others)
		}
	}
	// A kernel without a release, or with one that no module is of, says nothing.
	for _, image := range []string{"vmlinuz", "vmlinuz-6.3", "vmlinuz-linux"} {
		dir := writeTree(t, map[string][]byte{image: kernel, "lib/modules/6.1/foo.ko": nil,
			"lib/modules/6.2/bar.ko": nil})
		wantTree(t, dir, map[string]string{"foo": "lib/modules/6.1/foo.ko",
			"bar": "lib/modules/6.2/bar.ko"})
	}
}

// TestTreeNames has files with odd names.
func TestTreeNames(t *testing.T) {
	const r = "lib/modules/6.0.0/"
	dir := emptyTree(t, r+".ko", r+".ko.xz", r+"vmlinux.ko", r+"a.b.ko", r+"c.ko.zst", r+"d.ko.sig",
		r+"e.ko.lzo", r+"f.o", r+"ko", r+"g.KO", r+"h.ko.debug", r+"i.ko/j.ko")
	wantTree(t, dir, map[string]string{"a": r + "a.b.ko", "c": r + "c.ko.zst", "e": r + "e.ko.lzo",
		"j": r + "i.ko/j.ko"}, r+".ko", r+".ko.xz", r+"vmlinux.ko")
	_, others := survey(t, dir)
	if err := others[r+"vmlinux.ko"]; !errors.Is(err, modules.ErrDuplicate) {
		t.Errorf("a module called vmlinux: %v", err)
	}
}

func TestImageRank(t *testing.T) {
	ranked := strings.Fields(`
		vmlinux vmlinux.xz vmlinux-6.0.0 vmlinuz vmlinuz-linux vmlinuz.efi bzImage
		Image Image.gz zImage linux 6.0.0.efi`)
	for i, name := range ranked {
		if got := imageRank(name); got != i {
			t.Errorf("%s: rank %d, want %d", name, got, i)
		}
	}
	for name, like := range map[string]string{"vmlinux.gz": "vmlinux.xz",
		"vmlinux.debug":    "vmlinux.xz",
		"vmlinux-6.0.0.xz": "vmlinux-6.0.0", "vmlinux.unstripped": "vmlinux.xz",
		"fedora.EFI":        "6.0.0.efi",
		"vmlinuz-6.0.0.efi": "vmlinuz-linux", "vmlinux.ko": "", "vmlinux.o": "", "vmlinux.lds": "",
		"vmlinux-": "", "linux-6.0.0": "", ".vmlinuz-6.0.0.hmac": "", "initrd": "", "x": "", "": "",
		".vmlinux.xz": "", ".6.0.0.efi": "", "x.efi.txt": "", "vmlinux.map": "", "vmlinux-6.0.0.ko": ""} {
		want := slices.Index(ranked, like)
		if got := imageRank(name); got != want {
			t.Errorf("%s: rank %d, want %d", name, got, want)
		}
	}
}

// TestTreeImages opens kernels under every name that distributions give them.
func TestTreeImages(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	for _, name := range []string{"boot/vmlinux.xz", "usr/lib/modules/7.2/vmlinux.xz",
		"boot/vmlinuz-linux",
		"efi/EFI/Linux/arch-linux.EFI", "boot/0123/7.2/linux", "boot/7.2.efi",
		"arch/arm64/boot/Image.gz"} {
		c, err := Tree(t.Context(), writeTree(t, map[string][]byte{name: bzImageOf(zstdBytes(t, nil,
			inELF(t, kernel)))}), "", heapOptions)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.Close()
	}
}

// TestTreeLinkedFolders goes through links to folders, as NixOS and Guix have them.
func TestTreeLinkedFolders(t *testing.T) {
	const r = "lib/modules/6.0.0/"
	dir := emptyTree(t, "store/drivers/foo.ko", "store/nested/deep/bar.ko", r+"modules.dep",
		"sources/not.ko", r+"extra/foo.ko")
	symlink(t, dir, r+"kernel", "../../../store")
	for name, target := range map[string]string{
		r + "build": "../../../sources", r + "source": "../../../sources", "store/build": "../sources",
		r + "cycle": ".", r + "up": "../..", "store/cycle": "../store/drivers/..",
		r + "again": "../../../store/nested", r + "root": "/", r + "a": "b", r + "b": "a",
		r + "to-nothing": "nothing", r + "gone.ko": "nothing", "to-nothing": "nothing",
		"vmlinuz": "nothing", "lost.ko": "nothing", r + "linked.ko": "extra/foo.ko",
		"store/nested/deep/here": "../deep",
	} {
		symlink(t, dir, name, target)
	}
	tree := filepath.Join(dir, filepath.FromSlash(r))
	if err := os.Rename(filepath.Join(dir, "vmlinux"), filepath.Join(tree, "vmlinux")); err != nil {
		t.Fatal(err)
	}
	wantTree(t, tree, map[string]string{"foo": "extra/foo.ko", "bar": "again/deep/bar.ko",
		"linked": "linked.ko"}, "a", "b", "to-nothing", "gone.ko")
	files, others := survey(t, dir)
	if files["bar"] != "store/nested/deep/bar.ko" || files["not"] != "sources/not.ko" ||
		len(others) != 5 ||
		others["lost.ko"] == nil {
		t.Errorf("modules %v, problems %v", files, others)
	}
	whole := t.TempDir()
	symlink(t, whole, "kernels/lib/modules/6.0.0", tree)
	symlink(t, whole, "lib", filepath.Join(whole, "kernels/lib"))
	if files, _ := survey(t, whole); len(files) != 3 {
		t.Errorf("through links to everything: modules %v", files)
	}
}

// TestTreeLinkPaths prefers what a folder is called to what links call it.
func TestTreeLinkPaths(t *testing.T) {
	const r = "lib/modules/6.0.0/"
	dir := emptyTree(t, r+"extra/foo.ko", r+"weak-updates/bar.ko", r+"kernel/bar.ko")
	symlink(t, dir, r+"a", "extra")
	symlink(t, dir, r+"updates", "weak-updates")
	symlink(t, dir, r+"kernel/linked/bar.ko", "../bar.ko")
	wantTree(t, dir, map[string]string{"foo": r + "extra/foo.ko", "bar": r + "kernel/bar.ko"})
}

// TestTreeManyLinks has folders of which each links to all others: 2^20 paths.
func TestTreeManyLinks(t *testing.T) {
	const n = 20
	dir := emptyTree(t, "m.ko")
	for i := range n {
		for j := range n {
			symlink(t, dir, fmt.Sprintf("d%d/l%d", i, j), fmt.Sprintf("../d%d", j))
		}
	}
	within(t, func() { wantTree(t, dir, map[string]string{"m": "m.ko"}) })
}

// TestTreeUnreadable goes on behind folders and files that cannot be read.
func TestTreeUnreadable(t *testing.T) {
	if asNobody(t) {
		return
	}
	dir := emptyTree(t, "a/x.ko", "b/y.ko", "z.ko")
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "a"), 0o700)
	if _, err := os.ReadDir(filepath.Join(dir, "a")); err == nil {
		t.Skip("this user, or this system, may read everything: run it as another user, on Linux")
	}
	wantTree(t, dir, map[string]string{"y": "b/y.ko", "z": "z.ko"}, "a")
	if _, others := survey(t, dir); !errors.Is(others["a"], fs.ErrPermission) {
		t.Errorf("problems %v", others)
	}
	vmlinux := filepath.Join(dir, "vmlinux")
	if _, err := Tree(t.Context(), filepath.Join(dir, "a"), vmlinux, heapOptions); !errors.Is(err,
		fs.ErrPermission) {
		t.Errorf("a tree that cannot be read: error %v", err)
	}
}

// TestTreeTooDeep goes on behind a folder whose path is too long for the system to open.
func TestTreeTooDeep(t *testing.T) {
	dir := emptyTree(t, "z.ko")
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("d", 200)
	for range 25 {
		err := root.Mkdir(name, 0o700)
		if err != nil {
			t.Skipf("no such folders here: %v", err)
		}
		next, err := root.OpenRoot(name)
		root.Close()
		if root = next; err != nil {
			t.Skipf("no such folders here: %v", err)
		}
	}
	root.Close()
	files, others := survey(t, dir)
	if files["z"] != "z.ko" || len(others) > 1 {
		t.Errorf("modules %v, problems %v", files, others)
	}
	if _, err := os.Stat(filepath.Join(dir, strings.Repeat(name+"/", 25))); err != nil &&
		len(others) != 1 {
		t.Errorf("%v, but no problem", err)
	}
}

// TestTreeVanishing goes on when what was listed is gone.
func TestTreeVanishing(t *testing.T) {
	dir := emptyTree(t, "a/x.ko", "b/y.ko", "z.ko")
	calls := 0
	ctx := &countingContext{Context: t.Context(), err: func() error {
		if calls++; calls == 3 { // once before and once behind the root's entries
			if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
				t.Error(err)
			}
		}
		return nil
	}}
	found, err := walk(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.modules) != 2 || len(found.problems) != 1 || calls < 3 ||
		!errors.Is(found.problems[0].Err, fs.ErrNotExist) ||
		filepath.Base(found.problems[0].Path) != "a" {
		t.Errorf("modules %v, problems %v after %d calls", found.modules, found.problems, calls)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := walk(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a tree that is gone: %v", err)
	}
}

// countingContext is done when err says so.
type countingContext struct {
	context.Context
	err func() error
}

func (c *countingContext) Err() error { return c.err() }

// cancelAfter returns a context that is done after some looks at it, and the number of looks since.
func cancelAfter(ctx context.Context, n int) (context.Context, *int) {
	late := new(int)
	return &countingContext{Context: ctx, err: func() error {
		if n--; n >= 0 {
			return nil
		}
		*late++
		return context.Canceled
	}}, late
}

// TestTreeCancelled ends a walk soon after its context, wherever that is done.
func TestTreeCancelled(t *testing.T) {
	var files []string
	for i := range 300 {
		files = append(files, fmt.Sprintf("d%d/m%d.ko", i, i), fmt.Sprintf("d%d/copy/m%d.ko", i, i))
	}
	dir := emptyTree(t, files...)
	for n := 0; n < 2000; n = n*3 + 1 {
		ctx, late := cancelAfter(t.Context(), n)
		c, err := Tree(ctx, dir, "", heapOptions)
		if !errors.Is(err, context.Canceled) || *late > 5 {
			t.Fatalf("after %d looks: %v, error %v, %d looks later", n, c, err, *late)
		}
	}
}
