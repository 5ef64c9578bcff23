package bench

import (
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
)

// defaultName names the backend to use where nothing is known about the machine.
const defaultName = "cache"

// Backends lists all backends, the default first. To add one to everything that compares
// backends, add it here, and to About.
func Backends() []btf.Backend {
	return []btf.Backend{cache.Backend{}, mmap.Backend{}, arena.Backend{}}
}

// About says in a few words how a backend of Backends works; "" for others.
func About(b btf.Backend) string {
	switch b.(type) {
	case cache.Backend:
		return "blob and hash table of names on the heap"
	case mmap.Backend:
		return "file mapped, compact table of ids"
	case arena.Backend:
		return "blob and indexes in a few blocks without pointers"
	}
	return ""
}

// Select returns the backends that an option names: "default", "all", or names separated by
// commas.
func Select(option string) ([]btf.Backend, error) {
	all := Backends()
	if option == "all" {
		return all, nil
	}
	var selected []btf.Backend
	for name := range strings.SplitSeq(option, ",") {
		if name == "default" {
			name = defaultName
		}
		b, err := byName(all, name)
		if err != nil {
			return nil, err
		}
		selected = append(selected, b)
	}
	return selected, nil
}

func byName(all []btf.Backend, name string) (btf.Backend, error) {
	names := []string{"default", "all"}
	for _, b := range all {
		if b.Name() == name {
			return b, nil
		}
		names = append(names, b.Name())
	}
	return nil, fmt.Errorf("backend %q: unknown, one of %s", name, strings.Join(names, ", "))
}
