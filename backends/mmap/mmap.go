// Package mmap is the btfkit backend that maps the file: it opens fastest and takes the
// least private memory, since the bytes stay in the page cache, which processes share.
//
// Besides the mapping it holds a table of where records start, 1.4 bytes a type. The first four
// lookups by name scan the records. By then the scans have cost as much as an index would, so the
// fifth lookup builds one of 4.3 bytes a name. It builds none if the types are sorted by name, as
// in kernels since Linux 7.0, or if Backend.LeastMemory is set. A query by regular expression
// reads the record headers.
//
// # Lifetime
//
// The garbage collector does not free a mapping: Close does. A Spec that is never closed keeps
// address space, though hardly any memory. After Close, lookups return btf.ErrClosed and types
// answer like void. Names that Type.Name returned are copies and stay valid. A base stays mapped
// until the last Spec split from it is closed.
//
// # Truncated files
//
// If a file gets shorter while it is mapped, its last pages vanish: the next access raises
// SIGBUS, which ends a Go program and which no check can avoid. /sys/kernel/btf and files that
// nobody writes in place are safe; package managers, which replace files by renaming, leave the
// mapped ones alone. Set Backend.Copy for other files: it reads the file instead, which costs its
// size in private memory and gives one consistent state. On Windows, mapped files cannot be
// truncated or deleted.
//
// # When it reads
//
// If a file cannot be mapped, Open reads it into the Go heap instead: the running kernel's BTF
// before Linux 6.16, the BTF of its modules, a pipe, any file on an operating system without
// mappings. All queries work the same. [btf.Spec.Info] says whether the file was mapped, and if
// not, why.
//
// # Cost
//
// Measured on the 126,610 types and 5.5 MB of a Linux 6.18 vmlinux by
// "go run ./cmd/benchmark --backend mmap":
//
//	open            linear in the number of types: 3 ns each, 0.4 ms
//	memory          1.4 bytes a type (174 kB); the index of names 4.3 a name (303 kB)
//	type by id      O(1), no allocation
//	ids by name     linear, no allocation, 0.5 ms, four times; then once 2 ms for the index;
//	                O(1) from then on, no allocation, 0.1 us
//	  if sorted     O(log n), no allocation: 0.4 us; the second query 1 ms
//	regex           one pass over the record headers and the names that come in question
package mmap

import (
	"fmt"
	"os"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// Backend is the btf.Backend of this package. Pass it to functions that open BTF on behalf of a
// caller, such as those of package elfx, or use it to set options.
type Backend struct {
	// Copy makes Open read the file instead of mapping it, for files that may be
	// truncated or changed while they are open.
	Copy bool
	// LeastMemory builds no index of names, however many lookups there are. Each lookup
	// then reads all strings and record headers, unless the types are sorted by name.
	LeastMemory bool
}

var _ btf.Backend = Backend{}

// Open maps the file of raw BTF at path, privately and read-only, or reads it if it cannot be
// mapped. base is the Spec that the file is split from, of any backend; nil if the file
// stands alone. The Spec must be closed. Errors name the path.
func Open(path string, base *btf.Spec) (*btf.Spec, error) { return Backend{}.Open(path, base) }

// Parse reads raw BTF from a copy of data, which the caller may then change, on top of base. It
// maps nothing, but builds indexes as Open does.
func Parse(data []byte, base *btf.Spec) (*btf.Spec, error) { return Backend{}.Parse(data, base) }

// Name returns "mmap", followed by "-copy" and "-least" with these options.
func (b Backend) Name() string {
	name := "mmap"
	if b.Copy {
		name += "-copy"
	}
	if b.LeastMemory {
		name += "-least"
	}
	return name
}

// Open does what the function Open does, with the options of b.
func (b Backend) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	return b.openWith(mapFile, path, base)
}

// Parse does what the function Parse does, with the options of b.
func (b Backend) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) {
	return b.open(&blob{data: string(data), why: "parsed from memory"}, base)
}

// openWith is Open with the function that maps.
func (b Backend) openWith(mapFile mapFunc, path string, base *btf.Spec) (*btf.Spec, error) {
	blob, err := load(mapFile, path, b.Copy)
	if err != nil {
		return nil, err
	}
	spec, err := b.open(blob, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return spec, nil
}

func (b Backend) open(data *blob, base *btf.Spec) (*btf.Spec, error) {
	data.names.least = b.LeastMemory
	return store.Open(data, store.Options{Base: base, Memory: data})
}

// load returns a blob with the bytes of the file, mapped if possible.
func load(mapFile mapFunc, path string, copied bool) (*blob, error) {
	why := "copied on request"
	if !copied {
		m, err := mapPath(mapFile, path)
		if err == nil {
			return &blob{data: m.string(), mapping: m}, nil
		}
		why = "mapping refused: " + err.Error()
	}
	data, err := store.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &blob{data: data, why: why}, nil
}

// mapPath maps a whole regular file. Its length is exact: what lies behind the end of the
// file in its last page is no part of the result.
func mapPath(mapFile mapFunc, path string) (*mapping, error) {
	// Looked at before it is opened, since opening a pipe waits, and closing it again
	// breaks it.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file: %v", info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a mapping outlives its file
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	size := info.Size()
	switch {
	case size == 0: // which some pseudo files say, whatever they hold
		return nil, fmt.Errorf("file of size 0")
	case int64(int(size)) != size:
		return nil, fmt.Errorf("%d bytes exceed the address space", size)
	}
	return mapFile(f, int(size))
}
