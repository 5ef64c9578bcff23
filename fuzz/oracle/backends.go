package oracle

import (
	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
)

// A Backend is a way to open BTF.
type Backend struct {
	Name string
	// Variant marks what differs from the backend before it only in where memory comes
	// from; where time is short it has fewer turns.
	Variant bool
	// Parse opens bytes, Open a file, both on top of a base, which may be nil.
	Parse func(data []byte, base *btf.Spec) (*btf.Spec, error)
	Open  func(path string, base *btf.Spec) (*btf.Spec, error)
}

// Backends lists all backends, the options that change where bytes live included.
var Backends = []Backend{
	{
		Name: "cache",
		Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			return cache.Parse(data, &cache.Options{Base: base})
		},
		Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
			return cache.Open(path, &cache.Options{Base: base})
		},
	},
	{
		Name: "mmap",
		Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			return mmap.Parse(data, &mmap.Options{Base: base})
		},
		Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
			return mmap.Open(path, &mmap.Options{Base: base})
		},
	},
	{
		Name: "arena",
		Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			return arena.Parse(data, &arena.Options{Base: base})
		},
		Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
			return arena.Open(path, &arena.Options{Base: base})
		},
	},
	{
		Name: "arena-offheap", Variant: true,
		Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
			return arena.Parse(data, &arena.Options{Base: base, OffHeap: true})
		},
		Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
			return arena.Open(path, &arena.Options{Base: base, OffHeap: true})
		},
	},
}
