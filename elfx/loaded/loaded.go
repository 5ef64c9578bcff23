// Package loaded reads the BTF that a running Linux kernel holds: its own, that of modules, and
// what programs loaded with their BPF objects, which no file has.
//
//	all, err := loaded.List()
//	id, err := loaded.OfProgram(42) // as "bpftool prog" numbers them
//	spec, err := loaded.Open(id, cache.Backend{})
//
// It asks by bpf(2), with BPF_BTF_GET_NEXT_ID and others of include/uapi/linux/bpf.h (Linux 5.11
// for names), which takes the capability CAP_SYS_ADMIN: without, errors are fs.ErrPermission and
// say so. On other systems, they are errors.ErrUnsupported. All functions are safe for concurrent
// use; each call opens and closes descriptors of its own.
package loaded

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// ErrNotLoaded says that the kernel holds nothing with an id, or no longer.
var ErrNotLoaded = errors.New("not loaded")

// An ID is the number of BTF in the running kernel. It is not that of a type.
type ID uint32

// An Info says what BTF is.
type Info struct {
	// ID is its number.
	ID ID
	// Name is "vmlinux" or a module's name; empty for that of BPF objects.
	Name string
	// IsKernel says that it is the kernel's own or a module's.
	IsKernel bool
	// Size is how many bytes it has.
	Size int
}

// kernelName is the Name of the BTF that modules' is split from.
const kernelName = "vmlinux"

// List returns all BTF that is loaded, by ascending ids, with five system calls for each. What is
// unloaded meanwhile is left out.
func List() (all []Info, err error) {
	for id := ID(0); ; {
		if id, err = nextID(id); errors.Is(err, ErrNotLoaded) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		info, err := Find(id)
		if err != nil && !errors.Is(err, ErrNotLoaded) {
			return nil, err
		}
		if err == nil {
			all = append(all, info)
		}
	}
}

// Open opens BTF with a backend; that of a module on top of the kernel's, which is closed with it.
// It copies the bytes once, and those of the kernel for a module.
func Open(id ID, backend btf.Backend) (*btf.Spec, error) {
	data, info, err := Read(id)
	if err != nil {
		return nil, err
	}
	var base *btf.Spec
	if info.IsKernel && info.Name != kernelName {
		if base, err = openKernel(backend); err != nil {
			return nil, err
		}
		defer base.Close() // in the end: a base stays open until its last split is closed
	}
	spec, err := backend.Parse(data, base)
	if err != nil {
		return nil, fmt.Errorf("loaded: BTF %d: %w", id, err)
	}
	return spec, nil
}

// openKernel opens the kernel's own BTF.
func openKernel(backend btf.Backend) (*btf.Spec, error) {
	all, err := List()
	if err != nil {
		return nil, err
	}
	for _, info := range all {
		if info.IsKernel && info.Name == kernelName {
			return Open(info.ID, backend)
		}
	}
	return nil, fmt.Errorf("loaded: the kernel's own BTF: %w", ErrNotLoaded)
}
