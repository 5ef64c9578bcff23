package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
)

// TestSection reads the names of a section in every way that there is.
func TestSection(t *testing.T) {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := store.SectionOf(kernel)
	offs := make([]uint32, s.Len()+5)
	if n := s.NameOffsets(offs, 0); n != s.Len() {
		t.Errorf("%d offsets of %d types", n, s.Len())
	}
	strs, _ := s.Strings()
	for i := range s.Len() {
		name := s.TypeAt(i).Name()
		if s.NameOffset(i) != offs[i] || s.NameBytes(offs[i]) != name {
			t.Errorf("type %d: %q at %d, want %q at %d",
				i, s.NameBytes(offs[i]), offs[i], name, s.NameOffset(i))
		}
		if !s.NameEquals(offs[i], name) || s.NameEquals(offs[i], name+"x") ||
			s.CompareName(offs[i], name+"x") != -1 || s.NamePrefix(offs[i], 2) != name[:min(2, len(name))] {
			t.Errorf("type %d: %q is not equal to itself", i, name)
		}
	}
	two := make([]uint32, 2)
	if n := s.NameOffsets(two, s.Len()-1); n != 1 || two[0] != offs[s.Len()-1] {
		t.Errorf("from the last on: %d offsets %v", n, two)
	}
	if got, want := s.NameBudget(), int64(4*len(strs)+12*s.Len()); got != want {
		t.Errorf("budget %d, want %d", got, want)
	}
}

// A faulty store fails in Index.
type faulty struct {
	store.Store
	closed int
}

var errFaulty = errors.New("no room")

func (f *faulty) Bytes() string             { return string(btftest.Kernel(nil)) }
func (f *faulty) Info() btf.Info            { return btf.Info{} }
func (f *faulty) Index(store.Section) error { return errFaulty }
func (f *faulty) Close() error              { f.closed++; return nil }

// counting is a Memory that counts.
type counting struct {
	store.Heap
	sizes []int
}

func (c *counting) Words32(n int) []uint32 {
	c.sizes = append(c.sizes, n)
	return c.Heap.Words32(n)
}

// TestOpenFails closes a store that cannot be opened, once, and lets go of its base.
func TestOpenFails(t *testing.T) {
	base, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	f, m := new(faulty), new(counting)
	_, err = store.Open(f, store.Options{Base: base, Memory: m})
	if !errors.Is(err, errFaulty) || f.closed != 1 {
		t.Errorf("error %v, closed %d times", err, f.closed)
	}
	if len(m.sizes) != 1 || slices.Contains(m.sizes, 0) {
		t.Errorf("id tables of %v words", m.sizes)
	}
	base.Close()
	if _, err := store.Open(new(faulty), store.Options{Base: base}); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("on a closed base: %v", err)
	}
}
