package elfx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf/modules"
)

// tree is what a walk finds: the files whose names promise BTF, and what kept it from finding more.
type tree struct {
	images   []string
	modules  []moduleFile
	problems []modules.Problem
}

// moduleFile is a file with a module's name.
type moduleFile struct {
	path string
	// home is the folder lib/modules/RELEASE around it, or the root of the tree if there is none;
	// below is the path from there. Both have slashes.
	home, below string
}

// walker goes through a tree.
type walker struct {
	ctx  context.Context
	root string
	tree
	folders []folder
	links   []folder        // path is a link to a folder, real is the folder that the link is in
	seen    map[string]bool // folders, by real path
}

// folder is a folder by the path that leads to it, and by the one without links.
type folder struct{ path, real string }

// walk goes through a tree, and through the folders that links in it lead to, wherever they are, as
// depmod does. Real folders come first, so that a file that can be reached in several ways has its
// own path. No folder is entered twice, and a link to a folder around it is none to follow. Only
// the root of the tree and the context can fail it.
func walk(ctx context.Context, dir string) (*tree, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	w := &walker{ctx: ctx, root: root, seen: make(map[string]bool)}
	if err := w.readFolder(folder{root, root}); err != nil {
		return nil, err
	}
	for len(w.folders)+len(w.links) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n := len(w.folders) - 1; n >= 0 {
			f := w.folders[n]
			w.folders = w.folders[:n]
			if err := w.readFolder(f); err != nil {
				w.addProblem(f.path, err)
			}
			continue
		}
		link := w.links[0]
		w.links = w.links[1:]
		w.followLink(link)
	}
	return &w.tree, ctx.Err()
}

// readFolder looks at what a folder holds.
func (w *walker) readFolder(f folder) error {
	if w.seen[f.real] {
		return nil
	}
	w.seen[f.real] = true
	entries, err := readDir(w.ctx, f.path)
	for _, d := range entries {
		path := filepath.Join(f.path, d.Name())
		switch {
		case d.IsDir():
			w.folders = append(w.folders, folder{path, filepath.Join(f.real, d.Name())})
		case d.Type()&fs.ModeSymlink != 0:
			w.link(folder{path, f.real})
		default:
			w.file(path, d.Type())
		}
	}
	return err
}

// link looks at what a symbolic link leads to. A kernel's folder links to what it was built in and
// from, and mostly in vain: build and source are no place for modules. (See depmod.c of kmod.)
func (w *walker) link(l folder) {
	name := filepath.Base(l.path)
	if name == "build" || name == "source" {
		return
	}
	st, err := os.Stat(l.path)
	switch {
	case err == nil && st.IsDir():
		w.links = append(w.links, l)
	case err == nil:
		w.file(l.path, st.Mode().Type())
	case imageRank(name) >= 0:
		w.images = append(w.images, l.path) // a reason if there is no other
	case isModule(name) || strings.Contains(filepath.ToSlash(l.path)+"/", modulesFolder):
		w.addProblem(l.path, err)
	}
}

// followLink enters the folder that a link leads to.
func (w *walker) followLink(l folder) {
	real, err := filepath.EvalSymlinks(l.path)
	if err == nil && !contains(real, l.real) {
		err = w.readFolder(folder{l.path, real})
	}
	if err != nil {
		w.addProblem(l.path, err)
	}
}

// contains says whether a folder is another one or around it; both are real paths.
func contains(outer, inner string) bool {
	separator := string(filepath.Separator)
	return strings.HasPrefix(inner+separator, strings.TrimSuffix(outer, separator)+separator)
}

// file notes a file if its name promises BTF.
func (w *walker) file(path string, mode fs.FileMode) {
	name := filepath.Base(path)
	switch {
	case !isModule(name) && imageRank(name) < 0:
	case mode != 0:
		w.addProblem(path, notRegular(mode))
	case isModule(name):
		home, below := w.splitHome(path)
		w.modules = append(w.modules, moduleFile{path, home, below})
	default:
		w.images = append(w.images, path)
	}
}

// addProblem notes what is wrong with a file or folder. When the context is done, nothing is.
func (w *walker) addProblem(path string, err error) {
	if w.ctx.Err() == nil {
		w.problems = append(w.problems, problemOf(path, err))
	}
}

// problemOf is a problem of a file or folder of which no module came.
func problemOf(path string, err error) modules.Problem {
	name := ""
	if isModule(filepath.Base(path)) {
		name = ModuleName(path)
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) && pathErr.Path == path {
		err = fmt.Errorf("%s: %w", pathErr.Op, pathErr.Err) // Error says the path already
	}
	return modules.Problem{Module: name, Path: path, Err: &Error{Path: path, Err: err}}
}

func notRegular(mode fs.FileMode) error { return fmt.Errorf("not a regular file: %v", mode.Type()) }

// modulesFolder is what kernels' own folders lie in.
const modulesFolder = "/lib/modules/"

// splitHome splits the path of a file as moduleFile does.
func (w *walker) splitHome(path string) (home, below string) {
	path = filepath.ToSlash(path)
	if home, below, ok := cutRelease(path); ok {
		return home, below
	}
	root := filepath.ToSlash(w.root)
	return root, strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
}

// cutRelease splits a path with slashes behind lib/modules/RELEASE.
func cutRelease(path string) (home, below string, ok bool) {
	at := strings.LastIndex(path, modulesFolder)
	if at < 0 {
		return "", "", false
	}
	at += len(modulesFolder)
	release, below, ok := strings.Cut(path[at:], "/")
	return path[:at+len(release)], below, ok
}

// readDir returns the entries of a folder by name: those that were read before an error, too, such
// as that of the context.
func readDir(ctx context.Context, path string) ([]fs.DirEntry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []fs.DirEntry
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var some []fs.DirEntry
		some, err = f.ReadDir(512)
		entries = append(entries, some...)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, err
}

// extensions are those of compressed files.
var extensions = []string{".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma", ".lzo"}

// cutExtension takes one of some extensions off a name.
func cutExtension(name string, extensions ...string) (stem string, ok bool) {
	for _, ext := range extensions {
		if stem, ok := strings.CutSuffix(name, ext); ok {
			return stem, true
		}
	}
	return name, false
}

// isModule says whether a file's name is NAME.ko, or that and the extension of a compressed file.
// NAME may be empty, which is a problem, but no reason to leave a file out.
func isModule(name string) bool {
	name, _ = cutExtension(name, extensions...)
	return strings.HasSuffix(name, ".ko")
}

// imageNames are patterns of kernels' names, best first. "*" stands for a release and whatever
// follows it, "~" for the extension of a compressed file or one for debug information.
var imageNames = []string{"vmlinux", "vmlinux~", "vmlinux-*", "vmlinuz", "vmlinuz-*", "vmlinuz.efi",
	"bzImage", "Image", "Image.*", "zImage", "linux", "*.efi"}

// imageRank returns the index of the pattern that a file's name matches, or -1. Boot partitions of
// EFI have names in capitals, too.
func imageRank(name string) int {
	if strings.HasPrefix(name, ".") || isModule(name) {
		return -1
	}
	return slices.IndexFunc(imageNames, func(pattern string) bool {
		if stem, ok := strings.CutSuffix(pattern, "~"); ok {
			rest, ok := cutExtension(name, append(extensions, ".debug", ".unstripped")...)
			return ok && rest == stem
		}
		if ext, ok := strings.CutPrefix(pattern, "*"); ok {
			return strings.HasSuffix(strings.ToLower(name), ext)
		}
		stem, any := strings.CutSuffix(pattern, "*")
		return name == pattern || any && len(name) > len(stem) && strings.HasPrefix(name, stem)
	})
}

// kernels returns the images, best first: those of no other release than the modules', by name,
// then those less deep in the tree.
func (t *tree) kernels() []string {
	releases := make(map[string]bool)
	for _, m := range t.modules {
		if release := m.release(); release != "" {
			releases[release] = true
		}
	}
	isForeign := func(path string) int {
		if release := releaseOf(path); release != "" && len(releases) > 0 && !releases[release] {
			return 1
		}
		return 0
	}
	images := slices.Clone(t.images)
	slices.SortFunc(images, func(a, b string) int {
		return cmp.Or(
			cmp.Compare(isForeign(a), isForeign(b)),
			cmp.Compare(imageRank(filepath.Base(a)), imageRank(filepath.Base(b))),
			cmp.Compare(depth(a), depth(b)),
			cmp.Compare(a, b),
		)
	})
	return images
}

func depth(path string) int { return strings.Count(path, string(filepath.Separator)) }

// releaseOf returns the release of the kernel in a file as its path tells it:
// lib/modules/RELEASE/…, vmlinuz-RELEASE or RELEASE.efi. It may be wrong, and empty.
func releaseOf(path string) string {
	if home, _, ok := cutRelease(filepath.ToSlash(path)); ok {
		return filepath.Base(home)
	}
	name := filepath.Base(path)
	stem, isEFI := cutExtension(name, ".efi")
	stem, _ = cutExtension(stem, append(extensions, ".debug")...)
	for _, prefix := range []string{"vmlinux-", "vmlinuz-"} {
		if release, ok := strings.CutPrefix(stem, prefix); ok {
			return release
		}
	}
	if isEFI {
		return stem
	}
	return ""
}

// outsideTree returns where else the kernel of a folder lib/modules/RELEASE may be.
func outsideTree(dir string) []string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	release, parent := filepath.Base(abs), filepath.Dir(abs)
	if filepath.Base(parent) != "modules" || filepath.Base(filepath.Dir(parent)) != "lib" {
		return nil
	}
	root := filepath.Dir(filepath.Dir(parent))
	if filepath.Base(root) == "usr" {
		root = filepath.Dir(root)
	}
	paths := KernelPaths(root, release)
	if running, err := RunningRelease(root); err == nil && running == release {
		paths = append(paths, filepath.Join(root, SysDir, "vmlinux"))
	}
	return paths
}
