package main

import (
	"errors"
	"iter"
	"regexp"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// The kernel's own BTF, which only LoadKernelSpec maps instead of reading.
const kernelBTF = "/sys/kernel/btf/vmlinux"

// source names the files to measure; base is empty for BTF that stands alone.
type source struct{ path, base string }

// A chain holds what is open. A split spec answers by name and iterates for its own types only,
// hence the base beside it, which is nil unless the source is split.
type chain struct{ base, spec *btf.Spec }

func (s source) open() (chain, error) {
	if s.base == "" {
		spec, err := openBase(s.path)
		return chain{nil, spec}, err
	}
	base, err := openBase(s.base)
	if err != nil {
		return chain{}, err
	}
	spec, err := btf.LoadSplitSpec(s.path, base)
	return chain{base, spec}, err
}

func openBase(path string) (*btf.Spec, error) {
	if path == kernelBTF {
		return btf.LoadKernelSpec()
	}
	return btf.LoadSpec(path)
}

// specs are those to ask in turn.
func (c chain) specs() []*btf.Spec {
	if c.base == nil {
		return []*btf.Spec{c.spec}
	}
	return []*btf.Spec{c.base, c.spec}
}

// typesByName hands out the library's own slice unless two specs have the name.
func (c chain) typesByName(name string) ([]btf.Type, error) {
	if c.base == nil {
		return named(c.spec, name)
	}
	types, err := named(c.base, name)
	if err != nil {
		return nil, err
	}
	own, err := named(c.spec, name)
	if len(types) == 0 {
		return own, err
	}
	return append(types, own...), err
}

// named asks one spec, with an empty answer in place of the error for a name that does not exist.
// Names are compared once more: asked for x___y, v0.22.0 finds all flavours of x, and of two
// neighbours that are to be dropped its AnyTypesByName drops only the first.
func named(spec *btf.Spec, name string) ([]btf.Type, error) {
	types, err := spec.AnyTypesByName(name)
	if err == btf.ErrNotFound { // never wrapped here, since the library's own hot path meets it
		return nil, nil
	}
	return slices.DeleteFunc(types, func(t btf.Type) bool { return t.TypeName() != name }), err
}

func (c chain) id(t btf.Type) (btf.TypeID, error) {
	if c.base != nil {
		if id, err := c.base.TypeID(t); err == nil {
			return id, nil
		}
	}
	return c.spec.TypeID(t)
}

// appendIDs adds the ids of all types with a name.
func (c chain) appendIDs(ids []btf.TypeID, name string) ([]btf.TypeID, error) {
	types, err := c.typesByName(name)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		id, err := c.id(t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// all ranges over the types of the whole chain.
func (c chain) all() iter.Seq2[btf.Type, error] {
	if c.base == nil {
		return c.spec.All()
	}
	return func(yield func(btf.Type, error) bool) {
		for _, s := range c.specs() {
			for t, err := range s.All() {
				if !yield(t, err) {
					return
				}
			}
		}
	}
}

// appendMatching adds the types that take part in queries by name and whose name matches.
func (c chain) appendMatching(types []btf.Type, re *regexp.Regexp) ([]btf.Type, error) {
	for t, err := range c.all() {
		if err != nil {
			return nil, err
		}
		name := t.TypeName()
		if (name != "" || mayBeAnonymous(t)) && re.MatchString(name) {
			types = append(types, t)
		}
	}
	return types, nil
}

func (c chain) appendMatchingIDs(ids []btf.TypeID, re *regexp.Regexp) ([]btf.TypeID, error) {
	types, err := c.appendMatching(nil, re)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		id, err := c.id(t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// count is the number of types, void not counted. The library does not tell it.
func (c chain) count() (int, error) {
	for n := 0; ; n++ {
		_, err := c.spec.TypeByID(btf.TypeID(n + 1))
		if errors.Is(err, btf.ErrNotFound) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

func mayBeAnonymous(t btf.Type) bool {
	switch t.(type) {
	case *btf.Struct, *btf.Union, *btf.Enum:
		return true
	}
	return false
}

// kindSize is the kind's number, with ENUM64 as ENUM, since the library has one type for both, and
// the size, 0 for kinds that have none.
func kindSize(t btf.Type) (kind, size uint64) {
	switch t := t.(type) {
	case *btf.Void:
		return 0, 0
	case *btf.Int:
		return 1, uint64(t.Size)
	case *btf.Pointer:
		return 2, 0
	case *btf.Array:
		return 3, 0
	case *btf.Struct:
		return 4, uint64(t.Size)
	case *btf.Union:
		return 5, uint64(t.Size)
	case *btf.Enum:
		return 6, uint64(t.Size)
	case *btf.Fwd:
		return 7, 0
	case *btf.Typedef:
		return 8, 0
	case *btf.Volatile:
		return 9, 0
	case *btf.Const:
		return 10, 0
	case *btf.Restrict:
		return 11, 0
	case *btf.Func:
		return 12, 0
	case *btf.FuncProto:
		return 13, 0
	case *btf.Var:
		return 14, 0
	case *btf.Datasec:
		return 15, uint64(t.Size)
	case *btf.Float:
		return 16, uint64(t.Size)
	case *btf.TypeTag:
		return 18, 0
	}
	return 17, 0 // the one kind whose type is not exported
}
