package elfx

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// candidates are the files of a tree whose names promise BTF.
type candidates struct {
	images []string
	kos    []string
}

// walk goes through a tree, in lexical order.
func walk(ctx context.Context, dir string) (*candidates, error) {
	real, err := filepath.EvalSymlinks(dir) // WalkDir would not enter a link
	if err != nil {
		return nil, err
	}
	found := new(candidates)
	err = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		switch {
		case imageRank(d.Name()) >= 0:
			if isRegular(path, d) {
				found.images = append(found.images, path)
			}
		case isModule(d.Name()):
			if isRegular(path, d) {
				found.kos = append(found.kos, path)
			}
		}
		return nil
	})
	return found, err
}

// isRegular says whether a directory entry is a regular file or a link to one.
func isRegular(path string, d fs.DirEntry) bool {
	if d.Type().IsRegular() {
		return true
	}
	if d.Type()&fs.ModeSymlink == 0 {
		return false
	}
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// imageNames are the names of kernels, best first; "*" stands for a release and an extension.
var imageNames = []string{"vmlinux", "vmlinux-*", "vmlinuz", "vmlinuz-*", "vmlinuz.efi",
	"bzImage", "Image", "Image.*", "zImage"}

// imageRank returns the index of the pattern that a file's name matches, or -1.
func imageRank(name string) int {
	return slices.IndexFunc(imageNames, func(pattern string) bool {
		prefix, any := strings.CutSuffix(pattern, "*")
		return name == pattern || any && len(name) > len(prefix) && strings.HasPrefix(name, prefix)
	})
}

// isModule says whether a file's name is NAME.ko or NAME.ko.EXTENSION for an extension that modules
// are compressed with.
func isModule(name string) bool {
	_, ext, _ := strings.Cut(name, ".")
	switch ext {
	case "ko", "ko.gz", "ko.xz", "ko.zst", "ko.bz2", "ko.lz4", "ko.lzma", "ko.lzo":
		return true
	}
	return false
}

// kernels returns the images, best first: by name, then those less deep in the tree.
func (c *candidates) kernels() []string {
	images := slices.Clone(c.images)
	slices.SortStableFunc(images, func(a, b string) int {
		return cmp.Or(
			cmp.Compare(imageRank(filepath.Base(a)), imageRank(filepath.Base(b))),
			cmp.Compare(depth(a), depth(b)),
		)
	})
	return images
}

func depth(path string) int { return strings.Count(path, string(filepath.Separator)) }

// modules returns the modules' files, without those that one in a folder called updates replaces.
func (c *candidates) modules() []string {
	replaced := make(map[string]bool)
	for _, path := range c.kos {
		if isUpdate(path) {
			replaced[moduleKey(path)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(c.kos), func(path string) bool {
		return !isUpdate(path) && replaced[moduleKey(path)]
	})
}

// moduleKey is a module's name as the kernel spells it.
func moduleKey(path string) string { return strings.ReplaceAll(ModuleName(path), "-", "_") }

// isUpdate says whether a module lies in or below a folder called updates: depmod's rule "search
// updates built-in".
func isUpdate(path string) bool {
	return slices.Contains(strings.Split(filepath.Dir(path), string(filepath.Separator)), "updates")
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
