package elfx

import (
	"context"
	"errors"
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
	// Limits bounds what each file may cost; nil means the defaults.
	Limits *Options
}

func (o *CollectionOptions) modules() btf.Backend {
	if o.Modules == nil {
		return o.Kernel
	}
	return o.Modules
}

// Dir finds the files of a directory that holds BTF by name, such as [SysDir]: the kernel's in the
// file called base, "vmlinux" if that is empty, and a module in every other file, with the file's
// name for its own. Subdirectories are ignored. Modules are opened when they are needed, or by
// [modules.Collection.OpenAll]; one that is empty or damaged is left to [modules.Collection.Problems].
//
// ctx ends with Dir: modules get that of OpenAll or Module. The first query that goes through all
// modules opens every one of them, with no way to stop it. Call OpenAll first to open them in
// parallel and to be able to stop; what is open then stays open.
func Dir(ctx context.Context, dir, base string, o CollectionOptions) (*modules.Collection, error) {
	if base == "" {
		base = "vmlinux"
	}
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("elfx: %w", err)
	}
	kernel := openOne(ctx, filepath.Join(dir, base), o)
	return collect(o, kernel, func(c *modules.Collection) error {
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if entry.Name() == base || !isRegular(path, entry) {
				continue
			}
			if err := addFile(c, entry.Name(), path, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tree finds a kernel and its modules in /lib/modules/RELEASE, or in any tree that a kernel was
// built in or unpacked from packages to: a vmlinux or vmlinuz, and modules at any depth. Names only
// select candidates; symbolic links to files are followed, those to directories are not.
//
// Where base is not empty it is the path of the file with the kernel's BTF, else the tree is
// searched, and then, for a folder lib/modules/RELEASE, the paths of [KernelPaths], and [SysDir] if
// that release is running.
//
// Two modules of one name are an error that is [modules.ErrDuplicate], as in a tree with the modules of
// two releases, unless one lies in a folder called updates: it replaces the other, as for modprobe.
// Modules are opened when they are needed, or by [modules.Collection.OpenAll]; one that is empty or
// damaged is left to [modules.Collection.Problems]. As for [Dir], a query may have to open all modules,
// which here means to decompress them: it is OpenAll that takes a context.
func Tree(ctx context.Context, dir, base string, o CollectionOptions) (*modules.Collection, error) {
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	found, err := walk(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("elfx: %w", err)
	}
	kernel := openOne(ctx, base, o)
	if base == "" {
		kernel = openAny(ctx, dir, append(found.kernels(), outsideTree(dir)...), o)
	}
	return collect(o, kernel, func(c *modules.Collection) error {
		for _, path := range found.modules() {
			err := addFile(c, ModuleName(path), path, o)
			if errors.Is(err, modules.ErrDuplicate) {
				return fmt.Errorf("%w: several kernels below %s? pass one lib/modules/RELEASE",
					err, dir)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// openOne is how the kernel in a file is opened; its own error says more than a search's.
func openOne(ctx context.Context, path string, o CollectionOptions) func() (*btf.Spec, error) {
	return func() (*btf.Spec, error) { return OpenFile(ctx, path, nil, o.Kernel, o.Limits) }
}

// openAny is how the kernel of a tree is opened, from the first of some files that holds BTF.
func openAny(ctx context.Context, dir string, paths []string, o CollectionOptions) func() (
	*btf.Spec, error) {
	if len(paths) == 1 {
		return openOne(ctx, paths[0], o)
	}
	return func() (*btf.Spec, error) {
		spec, _, err := openFirst(ctx, paths, o.Kernel, o.Limits, &Error{Path: dir, Err: fmt.Errorf(
			"%w of a kernel in this tree: give the path of its vmlinux or vmlinuz as base", ErrNoBTF)})
		return spec, err
	}
}

// collect opens a kernel and adds modules to it.
func collect(o CollectionOptions, open func() (*btf.Spec, error),
	add func(*modules.Collection) error) (*modules.Collection, error) {
	if o.Kernel == nil {
		return nil, errNoBackend
	}
	kernel, err := open()
	if err != nil {
		return nil, err
	}
	c := modules.New(kernel)
	if err := add(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// AddFile adds the module in a file of any kind that [ExtractFile] reads, under its [ModuleName]. The
// file is opened when the module is needed. A name that the collection has already is an error that
// is [modules.ErrDuplicate]; whatever is wrong with the file is left to [modules.Collection.Problems].
func AddFile(c *modules.Collection, path string, o CollectionOptions) error {
	if o.modules() == nil {
		return errNoBackend
	}
	return addFile(c, ModuleName(path), path, o)
}

// AddBytes adds a module under a name, as AddFile does. data is the contents of a file of any kind
// and must not change while the collection is in use.
func AddBytes(c *modules.Collection, name string, data []byte, o CollectionOptions) error {
	b := o.modules()
	if b == nil {
		return errNoBackend
	}
	err := c.Add(name, "", func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
		d, err := ExtractBytes(ctx, data, o.Limits)
		if err != nil {
			return nil, err
		}
		return OpenData(ctx, d, base, b)
	})
	if err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	return nil
}

// addFile adds a module whose file is opened when it is needed.
func addFile(c *modules.Collection, name, path string, o CollectionOptions) error {
	err := c.Add(name, path, func(ctx context.Context, base *btf.Spec) (*btf.Spec, error) {
		return OpenFile(ctx, path, base, o.modules(), o.Limits)
	})
	if err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	return nil
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
