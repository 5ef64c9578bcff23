//go:build unix

package fuzz

import (
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// guarded is memory whose last byte lies before a page that cannot be read, so that reading
// one byte too many kills the process.
type guarded struct{ pages []byte }

func newGuarded(t *testing.T, size int) *guarded {
	page := unix.Getpagesize()
	n := (size + page - 1) / page * page
	pages, err := unix.Mmap(-1, 0, n+page, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(pages) })
	if err := unix.Mprotect(pages[n:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return &guarded{pages[:n]}
}

// put copies data to the end of the readable memory.
func (g *guarded) put(data []byte) string {
	at := g.pages[len(g.pages)-len(data):]
	copy(at, data)
	return unsafe.String(unsafe.SliceData(at), len(at))
}

// TestGuardPage reads blobs, whole and damaged, that end where memory ends. What reads a byte
// beyond the input, as reading words or searching for NULs is prone to, dies.
func TestGuardPage(t *testing.T) {
	for _, b := range smallBlobs(t) {
		if b.base != nil {
			continue
		}
		g := newGuarded(t, len(b.data))
		image := []byte(string(b.data))
		if err := readGuarded(g.put(image)); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
		o := &mutate.Options{Max: 300, Seed: 2}
		for edit, data := range mutate.Sweep(image, o) {
			if err := readGuarded(g.put(data)); err != nil {
				t.Errorf("%s, %v: %v", b.name, edit, err)
			}
		}
	}
}

// readGuarded opens text where it lies and asks for everything.
func readGuarded(text string) error {
	want, fault := naive.Parse([]byte(text), nil)
	spec, err := store.Open(&guardedStore{shared{data: text}}, store.Options{})
	if fault != nil {
		return CheckFault(err, fault)
	}
	if err != nil {
		return err
	}
	defer spec.Close()
	if err := CheckSpec(spec, want); err != nil {
		return err
	}
	if err := CheckNames(spec, want, QueryNames(want, 20)); err != nil {
		return err
	}
	for _, expr := range Patterns {
		if err := CheckMatches(spec, want, expr); err != nil {
			return fmt.Errorf("%q: %w", expr, err)
		}
	}
	return nil
}

// guardedStore is shared with memory that vanishes, so that names must be copies.
type guardedStore struct{ shared }

func (g *guardedStore) Info() btf.Info { return btf.Info{Backend: "guarded", Mapped: true} }

// TestCloseTwice closes Specs in every order that there is for a base and two splits, some of
// them twice, and looks at what is left after each step.
func TestCloseTwice(t *testing.T) {
	kernel := findBlob(t, "fixtures/pahole-kernel-x86_64")
	split := findBlob(t, "fixtures/pahole-split-x86_64")
	orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0},
		{0, 0, 1, 1, 2, 2}, {1, 1, 0, 0, 2}}
	for _, backend := range Backends {
		for _, order := range orders {
			m := &machine{T: t}
			base, err := backend.Parse(kernel.data, nil)
			if err != nil {
				t.Fatal(err)
			}
			m.specs = []*modelled{{spec: base, oracle: kernel.oracle(t)}}
			for range 2 {
				spec, err := backend.Parse(split.data, base)
				if err != nil {
					t.Fatal(err)
				}
				s := &modelled{spec: spec, oracle: split.oracle(t), base: m.specs[0]}
				m.specs[0].splits = append(m.specs[0].splits, s)
				m.specs = append(m.specs, s)
			}
			for i := range m.specs {
				for arg := range byte(32) {
					m.typeByID(m.specs[i], 0, arg*8)
				}
			}
			for _, i := range order {
				m.close(m.specs[i])
				m.checkKept()
				for _, s := range m.specs {
					m.iterate(s)
					m.names(s, 32)
				}
			}
		}
	}
}
