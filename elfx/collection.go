package elfx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// CollectionOptions says how the files of a kernel and its modules are opened.
type CollectionOptions struct {
	// Kernel opens the kernel's own BTF. It is required.
	Kernel Backend
	// Modules opens the modules' BTF; the zero value means Kernel.
	Modules Backend
	// Limits bounds what each file may cost; nil means the defaults.
	Limits *Options
}

func (o *CollectionOptions) modules() Backend {
	if o.Modules.Parse == nil {
		return o.Kernel
	}
	return o.Modules
}

// Dir finds the files of a directory that holds BTF by name, such as [SysDir]: the kernel's in the
// file called base, "vmlinux" if that is empty, and a module in every other file, with the file's
// name for its own. Subdirectories are ignored. Modules are opened when they are needed, or by
// [btf.Collection.OpenAll]; one that is empty or damaged is left to [btf.Collection.Problems].
func Dir(ctx context.Context, dir, base string, o CollectionOptions) (*btf.Collection, error) {
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
	return collect(ctx, o, []string{filepath.Join(dir, base)}, func(c *btf.Collection) error {
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if entry.Name() == base || !isRegular(path, entry) {
				continue
			}
			if err := addFile(ctx, c, entry.Name(), path, o); err != nil {
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
// Where base is not empty it is the path of the file with the kernel's BTF,
// else the tree is searched, and then, for a folder lib/modules/RELEASE, the paths of
// [KernelPaths], and [SysDir] if that release is running.
//
// Two modules of one name are an error that is [btf.ErrDuplicate], unless one lies in a folder
// called updates: it replaces the other, as for modprobe. Modules are opened when they are needed,
// or by [btf.Collection.OpenAll]; one that is empty or damaged is left to
// [btf.Collection.Problems].
func Tree(ctx context.Context, dir, base string, o CollectionOptions) (*btf.Collection, error) {
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	found, err := walk(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("elfx: %w", err)
	}
	kernels := []string{base}
	if base == "" {
		kernels = append(found.kernels(), outsideTree(dir)...)
	}
	return collect(ctx, o, kernels, func(c *btf.Collection) error {
		for _, path := range found.modules() {
			if err := addFile(ctx, c, ModuleName(path), path, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// collect opens the first of some files as the kernel and adds modules to it.
func collect(ctx context.Context, o CollectionOptions, kernels []string,
	add func(*btf.Collection) error) (*btf.Collection, error) {
	if o.Kernel.Parse == nil {
		return nil, errNoBackend
	}
	var kernel *btf.Spec
	var err error
	if len(kernels) == 1 { // its own error says more than a search's
		kernel, err = OpenFile(ctx, kernels[0], nil, o.Kernel, o.Limits)
	} else {
		kernel, _, err = openFirst(ctx, kernels, o.Kernel, o.Limits)
	}
	if err != nil {
		return nil, err
	}
	c := btf.NewCollection(kernel)
	if err := add(c); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// AddFile adds the module in a file of any kind that [ReadFile] reads, under its [ModuleName]. The
// file is opened when the module is needed. A name that the collection has already is an error that
// is [btf.ErrDuplicate]; whatever is wrong with the file is left to [btf.Collection.Problems].
func AddFile(c *btf.Collection, path string, o CollectionOptions) error {
	if o.modules().Parse == nil {
		return errNoBackend
	}
	return addFile(context.Background(), c, ModuleName(path), path, o)
}

// AddBytes adds a module under a name, as AddFile does. data is the contents of a file of any kind
// and must not change while the collection is in use.
func AddBytes(c *btf.Collection, name string, data []byte, o CollectionOptions) error {
	b := o.modules()
	if b.Parse == nil {
		return errNoBackend
	}
	err := c.Add(name, "", func(base *btf.Spec) (*btf.Spec, error) {
		d, err := Parse(context.Background(), data, o.Limits)
		if err != nil {
			return nil, err
		}
		return OpenData(d, base, b)
	})
	if err != nil {
		return fmt.Errorf("elfx: %w", err)
	}
	return nil
}

// addFile adds a module whose file is opened when it is needed: that may be long after ctx has
// ended, of which only the values are kept.
func addFile(ctx context.Context, c *btf.Collection, name, path string, o CollectionOptions) error {
	ctx = context.WithoutCancel(ctx)
	err := c.Add(name, path, func(base *btf.Spec) (*btf.Spec, error) {
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
