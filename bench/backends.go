package bench

import (
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
)

// Default is the name of the backend to use where nothing is known about the machine.
const Default = "cache"

// A Backend is one way to hold BTF. A base may be a Spec of any backend, or nil.
type Backend struct {
	// Name is what the command line and the results call the backend.
	Name string
	// About says in a few words how the backend works.
	About string
	// Open opens a file of raw BTF.
	Open func(path string, base *btf.Spec) (*btf.Spec, error)
	// Parse opens raw BTF in memory.
	Parse func(data []byte, base *btf.Spec) (*btf.Spec, error)
}

// Backends lists all backends, the default first. To add one to everything that compares
// backends, add it here.
func Backends() []Backend {
	return []Backend{
		{
			Name:  "cache",
			About: "blob and hash table of names on the heap",
			Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
				return cache.Open(path, &cache.Options{Base: base})
			},
			Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
				return cache.Parse(data, &cache.Options{Base: base})
			},
		},
		{
			Name:  "mmap",
			About: "file mapped, compact table of ids",
			Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
				return mmap.Open(path, &mmap.Options{Base: base})
			},
			Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
				return mmap.Parse(data, &mmap.Options{Base: base})
			},
		},
		{
			Name:  "arena",
			About: "blob and indexes in a few blocks without pointers",
			Open: func(path string, base *btf.Spec) (*btf.Spec, error) {
				return arena.Open(path, &arena.Options{Base: base})
			},
			Parse: func(data []byte, base *btf.Spec) (*btf.Spec, error) {
				return arena.Parse(data, &arena.Options{Base: base})
			},
		},
	}
}

// Select returns the backends that an option names: "default", "all", or names separated by
// commas.
func Select(option string) ([]Backend, error) {
	all := Backends()
	if option == "all" {
		return all, nil
	}
	var selected []Backend
	for name := range strings.SplitSeq(option, ",") {
		if name == "default" {
			name = Default
		}
		b, err := byName(all, name)
		if err != nil {
			return nil, err
		}
		selected = append(selected, b)
	}
	return selected, nil
}

func byName(all []Backend, name string) (Backend, error) {
	names := []string{"default", "all"}
	for _, b := range all {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return Backend{}, fmt.Errorf("backend %q: unknown, one of %s", name, strings.Join(names, ", "))
}
