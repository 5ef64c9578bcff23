// Package loaded reads the BTF that a running Linux kernel holds: its own, the BTF of its
// modules, and the BTF that programs loaded with their BPF objects, which is in no file of the
// system.
//
//	all, err := loaded.List()
//	id, err := loaded.OfProgram(42) // as "bpftool prog" numbers them
//	spec, err := loaded.Open(id, cache.Backend{})
//
// It calls bpf(2) with BPF_BTF_GET_NEXT_ID and other commands of include/uapi/linux/bpf.h (Linux
// 5.11 for names). That needs the capability CAP_SYS_ADMIN; without it, functions fail with
// fs.ErrPermission. On other systems they fail with errors.ErrUnsupported. All functions are safe
// for concurrent use; each call opens and closes descriptors of its own.
package loaded

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// ErrNotLoaded says that the kernel has no BTF, or no program, with the id, or has it no
// longer.
var ErrNotLoaded = errors.New("not loaded")

// An ID is the number of one BTF in the running kernel. It is no id of a type.
type ID uint32

// An Info describes one BTF in the running kernel.
type Info struct {
	// ID is its number.
	ID ID
	// Name is "vmlinux" or a module's name; it is empty for the BTF of BPF objects.
	Name string
	// IsKernel says that the BTF is the kernel's own or a module's.
	IsKernel bool
	// Size is the length of the BTF in bytes.
	Size int
}

// kernelName is the Name of the BTF that modules' is split from.
const kernelName = "vmlinux"

// List returns the Infos of all BTF in the kernel, by ascending ids. It makes five system calls
// for each. It leaves out BTF that is unloaded meanwhile.
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

// Open opens BTF with a backend. For a module it also opens the kernel's BTF as the base, which is
// closed together with the result. It copies the bytes of both once.
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
