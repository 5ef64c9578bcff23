package elfx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
)

// A Mirror is the collection of a directory of BTF. Its Sync follows the directory while modules
// come and go. Several goroutines may query it, sync it and add to it at once; see
// [modules.Collection] about Close and about how long Specs live.
type Mirror struct {
	*modules.Collection

	dir, base string
	o         CollectionOptions
	kernel    fs.FileInfo // nil if unknown
	timeless  bool        // times say nothing about the directory's files

	mu    sync.Mutex
	known map[string]entry // by file name: what Sync added
}

// entry is a file of a Mirror's directory: a module, or an extra of an object.
type entry struct {
	info          fs.FileInfo
	object, extra string // empty for a module
}

// Changes says what one [Mirror.Sync] changed.
type Changes struct {
	// Added, Removed and Replaced are the names of modules, and of extras as OBJECT.EXTRA, each
	// sorted. A module is replaced if another file has its name now, or if the file has changed
	// its size or time. Unchanged counts the others.
	Added, Removed, Replaced []string
	Unchanged                int
	// Retired are the open Specs of modules and extras that were removed or replaced. They
	// stay valid until they are closed: by the caller, once no reader uses them or their types
	// any more, or by the collection's Close.
	Retired []*btf.Spec
	// Problems are the files that could not be added. The collection's own Problems list them,
	// too.
	Problems []modules.Problem
}

// OpenMirror opens a directory as [Dir] does, for [Mirror.Sync] to follow.
func OpenMirror(ctx context.Context, dir, base string, o CollectionOptions) (*Mirror, error) {
	if o.Kernel == nil {
		return nil, errNoBackend
	}
	if base == "" {
		base = kernelFile
	}
	o = o.withPool()
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, base)
	info, err := os.Stat(path)
	if err != nil {
		info = nil // OpenFile says it better
	}
	kernel, extras, err := openFileAndExtras(ctx, path, nil, o.Kernel, o.Limits)
	if err != nil {
		return nil, err
	}
	m := &Mirror{Collection: modules.New(kernel), dir: dir, base: base, o: o, kernel: info,
		timeless: isSysfs(dir), known: make(map[string]entry)}
	if _, err := m.Sync(ctx); err != nil {
		m.Close()
		return nil, err
	}
	addFileExtras(m.Collection, kernelFile, path, extras, o.Kernel, o.Limits)
	return m, nil
}

// kernelFile is the kernel's file in a directory of BTF, and its name as an object of extras.
const kernelFile = "vmlinux"

// Sync reads the directory again, and adds, removes and replaces modules so that the collection
// has those of the directory. It opens none. Modules that others added to the collection stay. A
// file that cannot be used is in the Changes' Problems and is no error. Sync fails, and changes
// nothing, if the directory cannot be read, if the kernel's file was replaced, which needs a new
// Mirror, with the context's error, or with btf.ErrClosed.
func (m *Mirror) Sync(ctx context.Context) (*Changes, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.Module(ctx, kernelFile); err != nil {
		return nil, err // of a collection that is closed
	}
	if err := m.checkKernel(); err != nil {
		return nil, err
	}
	changes := new(Changes)
	files, err := m.scan(ctx, changes)
	if err != nil {
		return nil, fmt.Errorf("elfx: %w", err)
	}
	m.apply(files, changes)
	m.Report(changes.Problems)
	return changes, nil
}

// checkKernel makes sure that the modules of the directory are still those of the kernel.
func (m *Mirror) checkKernel() error {
	path := filepath.Join(m.dir, m.base)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	if m.kernel != nil && !m.isSame(m.kernel, info) {
		return fmt.Errorf("elfx: %s is another file now: open the directory anew", path)
	}
	return nil
}

// isSame says whether what is known of a file still holds.
func (m *Mirror) isSame(old, now fs.FileInfo) bool {
	return os.SameFile(old, now) && old.Size() == now.Size() &&
		(m.timeless || old.ModTime().Equal(now.ModTime()))
}

// scan returns the files of the directory, without the kernel's.
func (m *Mirror) scan(ctx context.Context, changes *Changes) (map[string]entry, error) {
	list, err := readDir(ctx, m.dir)
	if err != nil {
		return nil, err
	}
	files := make(map[string]entry)
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		path := filepath.Join(m.dir, d.Name())
		info, err := d.Info()
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			info, err = os.Stat(path)
		} else if errors.Is(err, fs.ErrNotExist) {
			continue // it has gone since
		}
		switch {
		case d.Name() == m.base || err == nil && info.IsDir():
			continue
		case err == nil && !info.Mode().IsRegular():
			err = notRegular(info.Mode())
		}
		if err == nil {
			files[d.Name()] = entry{info: info}
			continue
		}
		p := problemOf(path, err)
		p.Module = d.Name()
		changes.Problems = append(changes.Problems, p)
	}
	m.tellExtras(files)
	return files, nil
}

// tellExtras finds out which files are extras: OBJECT.EXTRA where there is an OBJECT, too. Others
// with a dot are modules: the kernel has none of such a name, but folders of NAME.btf exist.
func (m *Mirror) tellExtras(files map[string]entry) {
	for name, e := range files {
		if extra, ok := strings.CutPrefix(name, m.base+"."); ok {
			e.object, e.extra = kernelFile, extra
		} else if object, extra, ok := strings.Cut(name, "."); ok && object != kernelFile {
			if _, ok := files[object]; ok {
				e.object, e.extra = object, extra
			}
		}
		files[name] = e
	}
}

// state is what became of a file since the last Sync.
type state int

const (
	unchanged state = iota
	added
	replaced
)

// apply brings the collection from what is known to the files. Objects come before their extras,
// and go after them.
func (m *Mirror) apply(files map[string]entry, changes *Changes) {
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		return cmp.Or(compareBool(files[a].extra == "", files[b].extra == ""), cmp.Compare(a, b))
	})
	states := make(map[string]state)
	for _, name := range names {
		now := files[name]
		switch old, ok := m.known[name]; {
		case !ok:
			states[name] = added
		case !m.isSame(old.info, now.info) || old.object != now.object ||
			now.object != kernelFile && states[now.object] != unchanged:
			states[name] = replaced
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.known)) {
		now, ok := files[name]
		if !ok || states[name] == replaced && m.known[name].extra+now.extra != "" {
			m.remove(name, changes)
		}
		if !ok {
			delete(m.known, name)
			changes.Removed = append(changes.Removed, name)
		}
	}
	for _, name := range names {
		switch states[name] {
		case unchanged:
			changes.Unchanged++
		case added:
			m.put(name, files[name], false, &changes.Added, changes)
		case replaced:
			m.put(name, files[name], true, &changes.Replaced, changes)
		}
	}
	slices.Sort(changes.Added)
	slices.Sort(changes.Replaced)
}

// remove takes out a module or an extra, which others may have done before.
func (m *Mirror) remove(name string, changes *Changes) {
	if e := m.known[name]; e.extra != "" {
		name = e.object + "." + e.extra
	}
	if retired, err := m.Remove(name); err == nil {
		changes.Retired = append(changes.Retired, retired...)
	}
}

// put adds the module or extra in a file, in the place of another one if it replaces it, and notes
// its name in list.
func (m *Mirror) put(name string, e entry, replaces bool, list *[]string, changes *Changes) {
	path := filepath.Join(m.dir, name)
	open := opener(m.Collection, name, path, m.o)
	var retired []*btf.Spec
	var err error
	switch {
	case e.extra != "":
		err = m.AddExtra(e.object, e.extra, path, open)
	case replaces:
		retired, err = m.Replace(name, path, open)
	default:
		err = m.Add(name, path, open)
	}
	changes.Retired = append(changes.Retired, retired...)
	if err != nil {
		delete(m.known, name)
		p := problemOf(path, err)
		p.Module = name
		changes.Problems = append(changes.Problems, p)
		return
	}
	m.known[name] = e
	*list = append(*list, name)
}
