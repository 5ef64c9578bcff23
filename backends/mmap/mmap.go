// Package mmap is the btfkit backend that maps the file: it opens fastest and takes the
// least private memory, since the bytes stay in the page cache, which processes share.
//
// Of its own it holds where records start, 1.4 bytes a type. Names it finds with nothing at first.
// From the fifth lookup on, when scans have cost what an index costs, there is one of 4.3 bytes a
// name; unless the types are sorted by name, as those of kernels since Linux 7.0 are, or
// Backend.LeastMemory is set. A regular expression reads the record headers.
//
// # Lifetime
//
// A mapping is not garbage: Close gives it back, and forgetting to close keeps address
// space, though hardly any memory. After Close, lookups return btf.ErrClosed and types
// answer like void; names that Type.Name returned are copies and stay. A base stays mapped
// until the last Spec split from it is closed.
//
// # Truncated files
//
// A file that gets shorter while it is mapped takes its pages with it: the next access
// raises SIGBUS, which ends a Go program and which no check can avoid. /sys/kernel/btf and
// files that nobody writes in place are safe; package managers, which replace files by
// renaming, leave the mapped ones alone. Set Backend.Copy for other files: it reads the
// file instead, which costs its size in private memory and gives one consistent state. On
// Windows, mapped files cannot be truncated or deleted.
//
// # When it reads
//
// Whatever keeps a file from being mapped, Open reads it into the Go heap instead: the
// running kernel's BTF before Linux 6.16, that of its modules, a pipe, any file where the
// operating system has no mapping. All queries work the same then. [btf.Spec.Info] says
// which of the two it was, and why.
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

// Backend is this package as a value, for code that opens BTF for others, such as package elfx,
// and for those who want other than the defaults.
type Backend struct {
	// Copy makes Open read the file instead of mapping it, for files that may be
	// truncated or changed while they are open.
	Copy bool
	// LeastMemory never stores names, however many lookups there are: each reads
	// all strings and record headers, unless the types are sorted by name.
	LeastMemory bool
}

var _ btf.Backend = Backend{}

// Open maps the file of raw BTF at path, privately and read-only, or reads it if it cannot
// be mapped, on top of base, a Spec of any backend, or nil if the file stands alone. The Spec
// must be closed. Errors name the path.
func Open(path string, base *btf.Spec) (*btf.Spec, error) { return Backend{}.Open(path, base) }

// Parse reads raw BTF from a copy of data, which the caller may then change, on top of base. It
// maps nothing; only the indexes are those of this backend.
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

// Open is the function of that name, with the options of b.
func (b Backend) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	return b.openWith(mapFile, path, base)
}

// Parse is the function of that name.
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
