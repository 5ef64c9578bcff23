package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/elfx"
	"github.com/spf13/cobra"
)

// sourceFlags say where BTF comes from.
type sourceFlags struct {
	path, base, module string
	id, program        uint32 // of what is loaded into the running kernel
}

// addSource adds the flags to a command.
func (a *app) addSource(c *cobra.Command) *cobra.Command {
	f := c.Flags()
	f.StringVarP(&a.source.path, "btf", "b", "", "a `file` (raw BTF, ELF, module, kernel image) or "+
		"directory (/lib/modules/RELEASE, or raw BTF) instead of the running kernel")
	f.StringVar(&a.source.base, "base", "", "the kernel's `file`, for a module's in --btf")
	f.StringVarP(&a.source.module, "module", "m", "",
		"only this `module`; vmlinux is the kernel alone")
	f.Uint32Var(&a.source.id, "id", 0, "BTF that is loaded, by its `number` in btf list --loaded")
	f.Uint32Var(&a.source.program, "prog", 0, "that of the loaded BPF program with this `number`")
	return c
}

// A querier is asked for types: a *btf.Spec or a *modules.Collection.
type querier interface {
	TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type]
	TypesByName(name string, kinds ...btf.Kind) iter.Seq[btf.Type]
	TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// A source is the BTF that a command works on.
type source struct {
	// own is what is listed and searched; all is where names are looked up, bases included.
	own, all querier
	// main is what is dumped: the kernel, or the one file or module that was asked for.
	main *btf.Spec
	// sections are own's, by name.
	sections iter.Seq2[string, *btf.Spec]
	problems []modules.Problem
	moduleOf func(btf.Type) string
	many     bool // modules, to be told apart
}

// inModule names a module behind a type; not the kernel, and not one that was asked for.
func (s *source) inModule(t btf.Type) string {
	if name := s.moduleOf(t); s.many && name != "vmlinux" {
		return " in " + clean(name)
	}
	return ""
}

var errNoModule = errors.New("no such module")

// open opens what flags say, and tells about modules that cannot be. Errors and output may have
// types in them, so that it is closed when the program ends.
func (a *app) open(f sourceFlags) (*source, error) {
	s, err := a.openQuietly(f)
	if err == nil {
		a.warn(s.problems)
	}
	return s, err
}

func (a *app) openQuietly(f sourceFlags) (*source, error) {
	if f.id != 0 || f.program != 0 {
		return a.openLoaded(f)
	}
	if f.path != "" {
		if info, err := os.Stat(f.path); err != nil {
			return nil, err
		} else if !info.IsDir() {
			return a.openFile(f)
		}
	} else if f.base != "" {
		return nil, usageError{errors.New("--base: goes with --btf")}
	}
	a.running = f.path == ""
	c, err := a.openCollection(f.path, f.base)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, c)
	return fromCollection(c, f.module)
}

// openCollection finds the kernel and the modules of a directory, or those that run, if it is "".
func (a *app) openCollection(dir, base string) (*modules.Collection, error) {
	ctx, o := context.Background(), elfx.CollectionOptions{Kernel: mmap.Backend{}}
	switch {
	case dir == "":
		return elfx.Machine(ctx, a.root, o)
	case base == "" && isRaw(filepath.Join(dir, "vmlinux")):
		return elfx.Dir(ctx, dir, "", o)
	}
	return elfx.Tree(ctx, dir, base, o)
}

// isRaw tells a file that starts as raw BTF does.
func isRaw(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [2]byte
	_, err = f.Read(magic[:])
	return err == nil && (magic == [2]byte{0x9f, 0xeb} || magic == [2]byte{0xeb, 0x9f})
}

// fromCollection takes all of a collection, or one module of it.
func fromCollection(c *modules.Collection, module string) (*source, error) {
	ctx := context.Background()
	s := &source{moduleOf: c.ModuleOf, main: c.Base()}
	if module != "" {
		spec, err := c.Module(ctx, module)
		if errors.Is(err, btf.ErrNotFound) {
			return nil, fmt.Errorf("%w: %s", errNoModule, module)
		} else if err != nil {
			return nil, err
		}
		s.main = spec
		s.own, s.all = spec.Own(), spec
		s.sections = one(module, spec.Own())
		return s, nil
	}
	if err := c.OpenAll(ctx, runtime.GOMAXPROCS(0), nil); err != nil {
		return nil, err
	}
	s.own, s.all, s.sections, s.problems, s.many = c, c, c.Specs(), c.Problems(), true
	return s, nil
}

// openFile opens one file, on top of another if there is a base.
func (a *app) openFile(f sourceFlags) (*source, error) {
	if f.module != "" {
		return nil, usageError{errors.New("--module: goes with a directory in --btf, not with a file")}
	}
	ctx, backend := context.Background(), mmap.Backend{}
	var base *btf.Spec
	if f.base != "" {
		var err error
		if base, err = elfx.OpenFile(ctx, f.base, nil, backend, nil); err != nil {
			return nil, err
		}
		a.closers = append(a.closers, base)
	}
	spec, err := elfx.OpenFile(ctx, f.path, base, backend, nil)
	if err != nil {
		return nil, err
	}
	return a.fromSpec(spec, elfx.ModuleName(f.path), elfx.ModuleName(f.base)), nil
}

// fromSpec takes one section by its name, and by that of its base.
func (a *app) fromSpec(spec *btf.Spec, name, baseName string) *source {
	a.closers = append(a.closers, spec)
	base := spec.Base()
	return &source{
		own: spec.Own(), all: spec, main: spec,
		sections: one(name, spec.Own()),
		moduleOf: func(t btf.Type) string {
			if base != nil && t.Spec() == base {
				return baseName
			}
			return name
		},
	}
}

func one(name string, spec *btf.Spec) iter.Seq2[string, *btf.Spec] {
	return func(yield func(string, *btf.Spec) bool) { yield(name, spec) }
}
