package elfx

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf/modules"
)

// chooseModules returns one file for each module of the kernel of a release, which is empty if
// it is unknown, by name. Modules of other releases are a problem of their folder. Of several
// files of one name it takes the one that modprobe would: see compare. If it has to guess, the
// others are a problem each. The context's error is the only one.
func (t *tree) chooseModules(ctx context.Context, release string) (
	files []moduleFile, problems []modules.Problem, err error) {
	kept, problems := t.ofRelease(release)
	groups := make(map[string][]moduleFile)
	var several []string
	for _, m := range kept {
		key := m.kernelSpelling()
		if groups[key] = append(groups[key], m); len(groups[key]) == 2 {
			several = append(several, key)
		}
	}
	listed := &listing{names: several, homes: make(map[string]map[string]string)}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		group := groups[key]
		slices.SortFunc(group, func(a, b moduleFile) int {
			return cmp.Or(listed.compare(a, b), cmp.Compare(a.path, b.path))
		})
		files = append(files, group[0])
		for _, m := range group[1:] {
			if listed.compare(group[0], m) == 0 && !isSameFile(group[0].path, m.path) {
				problems = append(problems, problemOf(m.path, duplicate(group[0], m)))
			}
		}
	}
	return files, append(problems, listed.problems...), nil
}

// kernelSpelling is a module's name as the kernel spells it.
func (m moduleFile) kernelSpelling() string {
	return strings.ReplaceAll(ModuleName(m.path), "-", "_")
}

// release is the last part of lib/modules/RELEASE, empty for a module elsewhere.
func (m moduleFile) release() string {
	if _, _, ok := cutRelease(m.home + "/"); !ok {
		return ""
	}
	return path.Base(m.home)
}

// isDebug says that a module lies where packages of debug information have a second copy.
func (m moduleFile) isDebug() bool { return strings.Contains(m.home+"/", "/usr/lib/debug/") }

// ofRelease returns the modules without those of other releases than the kernel's, if it has any.
func (t *tree) ofRelease(release string) (kept []moduleFile, problems []modules.Problem) {
	isOurs := func(m moduleFile) bool { return m.release() == release }
	if release == "" || !slices.ContainsFunc(t.modules, isOurs) {
		return t.modules, nil
	}
	others := make(map[string]int)
	for _, m := range t.modules {
		if isOurs(m) || m.release() == "" {
			kept = append(kept, m)
		} else {
			others[m.home]++
		}
	}
	for _, home := range slices.Sorted(maps.Keys(others)) {
		problems = append(problems, problemOf(home, fmt.Errorf(
			"%d modules of another release than the kernel's, %.64s", others[home], release)))
	}
	return kept, problems
}

// duplicate is the problem of a file that is as good as the one that was taken for its name.
func duplicate(taken, m moduleFile) error {
	err := fmt.Errorf("%w: %.128s (%s was taken)", modules.ErrDuplicate, ModuleName(m.path),
		taken.path)
	if taken.home != m.home {
		return fmt.Errorf("%w: several kernels? pass one lib/modules/RELEASE", err)
	}
	return err
}

func isSameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// searchOrder are the folders below lib/modules/RELEASE in the order in which depmod prefers them:
// that of "search updates extra built-in weak-updates", which distributions put into depmod.d(5),
// after what its command override chooses, and before those that depmod never enters. The empty
// name stands for all others, which depmod calls built-in.
var searchOrder = []string{"override", "updates", "extra", "", "weak-updates", "build", "source"}

// searchRank is the place in that order of a path below lib/modules/RELEASE.
func searchRank(below string) int {
	first, _, ok := strings.Cut(below, "/")
	if at := slices.Index(searchOrder, first); ok && at >= 0 {
		return at
	}
	return slices.Index(searchOrder, "")
}

// listing is what files modules.dep say of some modules.
type listing struct {
	names []string // of the modules
	// homes has for each folder lib/modules/RELEASE the path below it by the module's name.
	homes    map[string]map[string]string
	problems []modules.Problem
}

// compare compares files of one module: those outside of usr/lib/debug come first, then those that
// modules.dep lists, then those in folders that depmod prefers.
func (l *listing) compare(a, b moduleFile) int {
	return cmp.Or(
		compareBool(b.isDebug(), a.isDebug()),
		compareBool(l.lists(a), l.lists(b)),
		cmp.Compare(searchRank(a.below), searchRank(b.below)),
	)
}

// compareBool puts true first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// lists says whether modules.dep lists a file.
func (l *listing) lists(m moduleFile) bool {
	paths, ok := l.homes[m.home]
	if !ok {
		paths = l.read(path.Join(m.home, "modules.dep"))
		l.homes[m.home] = paths
	}
	return paths[m.kernelSpelling()] == m.below
}

// read reads one modules.dep.
func (l *listing) read(path string) map[string]string {
	data, err := readList(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.problems = append(l.problems, problemOf(path, err))
	}
	paths := make(map[string]string)
	for _, name := range l.names {
		paths[name] = ""
	}
	parseDep(data, paths)
	return paths
}

// parseDep fills in the paths of those modules that are in paths, by their first line in
// modules.dep: the path below lib/modules/RELEASE, a colon and what the module needs. Older
// depmods write the whole path. Whatever else a line holds, it names no module of interest.
func parseDep(data []byte, paths map[string]string) {
	for len(data) > 0 {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		file, _, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(file) > maxPath {
			continue
		}
		below := path.Clean(string(bytes.TrimSpace(file)))
		if path.IsAbs(below) {
			_, below, _ = cutRelease(below)
		}
		key := moduleFile{path: below}.kernelSpelling()
		if old, ok := paths[key]; ok && old == "" {
			paths[key] = below
		}
	}
}

// maxPath is Linux's limit on a path, maxList one on a modules.dep: real ones have a megabyte.
const (
	maxPath = 4096
	maxList = 64 << 20
)

// readList reads a regular file of at most maxList bytes.
func readList(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, notRegular(st.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err == nil && len(data) > maxList {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxList)
	}
	return data, err
}
