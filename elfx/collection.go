package elfx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
)

// CollectionOptions says how the files of a kernel and its modules are opened.
type CollectionOptions struct {
	// Kernel opens the kernel's own BTF. It is required.
	Kernel btf.Backend
	// Modules opens the modules' BTF; nil means Kernel.
	Modules btf.Backend
	// Limits bounds what each file may cost; nil means the defaults. If it has no Pool, the files
	// get one of MaxSize for all of them together, so that any number of workers together need no
	// more memory than one may need.
	Limits *Options
}

// withPool returns the options with a Pool for all files of one collection, unless they have one or
// no limit at all.
func (o CollectionOptions) withPool() CollectionOptions {
	limits := new(Options)
	if o.Limits != nil {
		*limits = *o.Limits
	}
	if limits.Pool == nil && limits.MaxSize >= 0 {
		limits.Pool = NewPool(limitOf(limits.MaxSize, DefaultMaxSize))
	}
	o.Limits = limits
	return o
}

func (o *CollectionOptions) modules() btf.Backend {
	if o.Modules == nil {
		return o.Kernel
	}
	return o.Modules
}

// Dir finds the files of a directory that holds BTF by name, such as [SysDir]: the kernel's in the
// file called base, "vmlinux" if that is empty, and a module in every other file, with the file's
// name for its own. A file OBJECT.EXTRA beside a file OBJECT is an extra of that module, or of the
// kernel, see [modules.Collection]. Subdirectories are ignored. Modules are opened when they are
// needed, or by [modules.Collection.OpenAll]. A file that cannot be used (empty, damaged, a pipe,
// a link to nothing, a second file of one name) is no error: [modules.Collection.Problems] lists
// it.
//
// ctx is for Dir alone: modules are opened later, with the context of OpenAll or Module. The first
// query over all modules opens every one of them, and cannot be stopped. To open them in parallel,
// and to be able to stop, call OpenAll first; modules that are open then stay open. Programs that
// run while modules come and go use [OpenMirror] instead of Dir.
func Dir(ctx context.Context, dir, base string, o CollectionOptions) (*modules.Collection, error) {
	m, err := OpenMirror(ctx, dir, base, o)
	if err != nil {
		return nil, err
	}
	return m.Collection, nil
}

// Tree finds a kernel and its modules in /lib/modules/RELEASE, or in any tree that a kernel was
// built in or unpacked from packages to: a vmlinux or vmlinuz, and modules at any depth. Names
// only select candidates. Tree follows symbolic links to files and folders, wherever they lead,
// except links called build and source.
//
// base is the path of the file with the kernel's BTF. If it is empty, Tree searches the tree for
// the kernel, then, for a folder lib/modules/RELEASE, looks at [KernelPaths], and at [SysDir] if
// that release is running.
//
// Of several files of one module, Tree takes the file that modprobe would take. It prefers files
// outside of usr/lib/debug, then the file that modules.dep lists, then the folder below
// lib/modules/RELEASE that comes first in the order of depmod.d(5): override, updates, extra, any
// other, weak-updates. If that does not decide, it takes the first file, and reports each other as
// a problem. If the kernel's path tells its release, Tree leaves out modules of other releases,
// and reports one problem for each folder.
//
// The section .BTF.EXTRA of a file is an extra of the module or kernel in that file, unless the
// module is split from a distilled base.
//
// A file or folder that cannot be used (unreadable, empty, damaged, a link to nothing) is no error
// and stops nothing else: [modules.Collection.Problems] lists it. Modules are opened when a query
// needs them, or by [modules.Collection.OpenAll]. A query over all modules may have to decompress
// every one of them, and cannot be stopped: to be able to stop, call OpenAll first, as for [Dir].
func Tree(ctx context.Context, dir, base string, o CollectionOptions) (*modules.Collection, error) {
	if o.Kernel == nil {
		return nil, errNoBackend
	}
	o = o.withPool()
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	found, err := walk(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("elfx: %w", err)
	}
	paths := []string{base}
	if base == "" {
		paths = append(found.kernels(), outsideTree(dir)...)
	}
	kernel, err := openKernel(ctx, dir, paths, o)
	if err != nil {
		return nil, err
	}
	files, problems, err := found.chooseModules(ctx, releaseOf(kernel.path))
	if err != nil {
		kernel.spec.Close()
		return nil, fmt.Errorf("elfx: %w", err)
	}
	c := modules.New(kernel.spec)
	addFileExtras(c, kernelFile, kernel.path, kernel.extras, o.Kernel, o.Limits)
	for _, m := range files {
		name := ModuleName(m.path)
		if err := c.Add(name, m.path, opener(c, name, m.path, o)); err != nil {
			problems = append(problems, problemOf(m.path, err))
		}
	}
	c.Report(append(problems, found.problems...))
	return c, nil
}

// openKernel opens the kernel of a tree, from the first of some files that holds BTF. The error of
// a single file says more than a search's.
func openKernel(ctx context.Context, dir string, paths []string, o CollectionOptions) (
	kernelFound, error) {
	if len(paths) == 1 {
		spec, extras, err := openFileAndExtras(ctx, paths[0], nil, o.Kernel, o.Limits)
		return kernelFound{spec, paths[0], extras}, err
	}
	return openFirst(ctx, paths, o.Kernel, o.Limits, &Error{Path: dir, Err: fmt.Errorf(
		"%w of a kernel in this tree: give the path of its vmlinux or vmlinuz as base", ErrNoBTF)})
}

// AddFile adds the module in a file of any kind that [ExtractFile] reads, under its [ModuleName].
// The file is opened when the module is needed. It fails with [modules.ErrDuplicate] if the
// collection has the name already. A file that cannot be used is no error here:
// [modules.Collection.Problems] lists it later.
func AddFile(c *modules.Collection, path string, o CollectionOptions) error {
	if o.modules() == nil {
		return errNoBackend
	}
	name := ModuleName(path)
	if err := c.Add(name, path, opener(c, name, path, o)); err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	return nil
}

// AddBytes adds a module under a name, as AddFile does. data is the contents of a file of any kind
// and must not change while the collection is in use.
func AddBytes(c *modules.Collection, name string, data []byte, o CollectionOptions) error {
	b := o.modules()
	if b == nil {
		return errNoBackend
	}
	extract := func(ctx context.Context) (*Data, error) { return ExtractBytes(ctx, data, o.Limits) }
	err := c.Add(name, "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
		d, err := extract(ctx)
		if err != nil {
			return nil, err
		}
		addExtras(c, name, "", d.extrasOf(), b, extract)
		return OpenData(ctx, d, base, b)
	})
	if err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	return nil
}

// opener returns what opens the module in a file when it is needed, and adds the file's extras.
func opener(c *modules.Collection, name, path string, o CollectionOptions) modules.Opener {
	return func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
		spec, extras, err := openFileAndExtras(ctx, path, base, o.modules(), o.Limits)
		addFileExtras(c, name, path, extras, o.modules(), o.Limits)
		return spec, err
	}
}

// ModuleName returns the name of the module in a file: the file's name up to the first dot.
func ModuleName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// checkDir makes sure of a directory, with an error that tells a missing one from a file.
func checkDir(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	if !st.IsDir() {
		return fmt.Errorf("elfx: %s: not a directory", dir)
	}
	return nil
}
