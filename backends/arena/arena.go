// Package arena is the btfkit backend that holds everything in a few contiguous blocks of
// memory without pointers: the file, read in place; where records start; a hash table of
// names; and, from the first regular expression on, where names start. It answers nearly
// as fast as package cache, with hardly more memory than the file.
//
// # Memory
//
// By default the blocks are on the Go heap, each allocated once and in its exact size.
// Nothing needs to be closed: dropping the last reference to a Spec and its types frees
// them. A string returned by Type.Name is a substring of the file's block, free of cost,
// and keeps that block alive. The garbage collector
//
//   - never looks inside: marking the whole arena is marking a handful of objects, so a
//     cycle costs the same with it as without;
//   - counts its bytes in the heap's size, so that it delays the next cycle under GOGC (by
//     a file's size for each file), and in GOMEMLIMIT, where 7 MB are 7 MB less for the
//     rest of the program.
//
// With Options.OffHeap the blocks are anonymous private memory straight from the system,
// which the collector neither sees nor counts: not in runtime.MemStats, not in GOGC's
// pace, not in GOMEMLIMIT, which must then be set lower by [btf.Info]'s DataBytes and
// IndexBytes if it is to bound the process. The memory is returned at once by Close, after
// the last Spec split from it is closed, too; forgetting to close leaks it. Names are copies
// then, since no string can keep such memory alive, and they outlive Close.
//
// # Cost
//
// Measured on the 126,610 types and 5.5 MB of a Linux 6.18 vmlinux by
// "go run ./cmd/benchmark --backend arena":
//
//	open            linear: read the file, 3 ns a type, 30 ns a name
//	memory          the file, 2 bytes a type, 14 bytes a name; the first regex adds 4
//	                bytes a name; 1.6 MB on top of the file in all
//	type by id      O(1), no allocation
//	ids by name     O(1), two cache misses, no allocation
//	regex           one pass over 1.5 MB of names where they lie, or less
package arena

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// Options configures Open and Parse. Nil means the defaults.
type Options struct {
	// Base is what the BTF is split from, a Spec of any backend; nil if it stands
	// alone.
	Base *btf.Spec
	// OffHeap takes memory from the system instead of the Go heap, or from the heap all
	// the same where the system gives none; btf.Info says which. The Spec must be closed.
	OffHeap bool
}

// Open reads the file of raw BTF at path. Errors name the path.
func Open(path string, o *Options) (*btf.Spec, error) {
	m := newMemory(o)
	data, err := readFile(path, m)
	if err == nil {
		var spec *btf.Spec
		if spec, err = open(data, m, o); err == nil {
			return spec, nil
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.free()
	return nil, err
}

// Parse reads raw BTF from a copy of data, which the caller may then change.
func Parse(data []byte, o *Options) (*btf.Spec, error) {
	m := newMemory(o)
	own := m.Bytes(len(data))
	copy(own, data)
	return open(own, m, o)
}

func open(data []byte, m *memory, o *Options) (*btf.Spec, error) {
	if o == nil {
		o = new(Options)
	}
	b := &backend{data: text(data), mem: m}
	return btf.Open(b, btf.Options{Base: o.Base, Alloc: m.Words32})
}
