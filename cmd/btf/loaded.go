package main

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/elfx/loaded"
)

// openLoaded opens BTF that the running kernel holds.
func (a *app) openLoaded(f sourceFlags) (*source, error) {
	if f.path != "" || f.base != "" || f.module != "" || f.id != 0 && f.program != 0 {
		return nil, usageError{errors.New("--id, --prog: go with no other source")}
	}
	id := loaded.ID(f.id)
	if f.program != 0 {
		var err error
		if id, err = loaded.OfProgram(f.program); err != nil {
			return nil, err
		}
	}
	info, err := loaded.Find(id)
	if err != nil {
		return nil, err
	}
	spec, err := loaded.Open(id, mmap.Backend{})
	if err != nil {
		return nil, err
	}
	return a.fromSpec(spec, loadedName(info), "vmlinux"), nil
}

// loadedName returns the name of loaded BTF; that of BPF objects has none.
func loadedName(info loaded.Info) string {
	if info.Name != "" {
		return info.Name
	}
	return fmt.Sprintf("btf-%d", info.ID)
}

// listLoaded lists all BTF that the running kernel holds.
func (a *app) listLoaded() error {
	all, err := loaded.List()
	if err != nil {
		return err
	}
	for _, info := range all {
		v := listed{ID: uint32(info.ID), Module: loadedName(info), Bytes: int64(info.Size)}
		text := fmt.Sprintf("%-8d %-32s %10d bytes", v.ID, clean(v.Module), v.Bytes)
		if err := a.out.item(v, text); err != nil {
			return err
		}
	}
	return nil
}
