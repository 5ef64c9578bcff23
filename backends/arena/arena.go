// Package arena is the btfkit backend that holds everything in a few contiguous blocks of
// memory without pointers: the file, read in place; where records start; a hash table of
// names; and, from the first regular expression on, where names start. It answers nearly as
// fast as package cache, and needs hardly more memory than the size of the file.
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
// With Backend.OffHeap the blocks are anonymous private memory straight from the system,
// which the collector neither sees nor counts: not in runtime.MemStats, not in GOGC's pace,
// not in GOMEMLIMIT. If GOMEMLIMIT shall bound the process, set it lower by [btf.Info]'s
// DataBytes and IndexBytes. Close returns the memory at once, or, if other Specs are split
// from this one, the Close of the last of them does. A Spec that is never closed leaks its
// memory. Names are copies, since no string can keep such memory alive, and outlive Close.
//
// # Cost
//
// Measured on the 126,610 types and 5.5 MB of a Linux 6.18 vmlinux by
// "go run ./cmd/benchmark --backend arena":
//
//	open            linear: read the file, 3 ns a type, 30 ns a name
//	memory          the file, 1.4 bytes a type, 14 bytes a name; the first regex adds 4
//	                bytes a name; 1.6 MB on top of the file in all
//	type by id      O(1), no allocation
//	ids by name     O(1), two cache misses, no allocation
//	regex           one pass over 1.5 MB of names where they lie, or less
package arena

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// Backend is the btf.Backend of this package. Pass it to functions that open BTF on behalf of a
// caller, such as those of package elfx, or use it to set options.
type Backend struct {
	// OffHeap takes memory from the system instead of the Go heap. If the system gives
	// none, it uses the heap; btf.Info says which. The Spec must be closed.
	OffHeap bool
}

var _ btf.Backend = Backend{}

// Open reads the file of raw BTF at path on top of base, a Spec of any backend, or nil if the
// file stands alone. Errors name the path.
func Open(path string, base *btf.Spec) (*btf.Spec, error) { return Backend{}.Open(path, base) }

// Parse reads raw BTF from a copy of data, which the caller may then change, on top of base.
func Parse(data []byte, base *btf.Spec) (*btf.Spec, error) { return Backend{}.Parse(data, base) }

// Name returns "arena", or "arena-offheap" with that option.
func (b Backend) Name() string {
	if b.OffHeap {
		return "arena-offheap"
	}
	return "arena"
}

// Open does what the function Open does, with the options of b.
func (b Backend) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	m := newMemory(b.OffHeap)
	data, err := readFile(path, m)
	if err != nil {
		m.free()
		return nil, err
	}
	spec, err := open(data, m, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return spec, nil
}

// Parse does what the function Parse does, with the options of b.
func (b Backend) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) {
	m := newMemory(b.OffHeap)
	own := m.Bytes(len(data))
	copy(own, data)
	return open(own, m, base)
}

func open(data []byte, m *memory, base *btf.Spec) (*btf.Spec, error) {
	return store.Open(&blob{data: text(data), mem: m}, store.Options{Base: base, Memory: m})
}
