package store_test

import (
	"encoding/binary"
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

// TestSectionOfSplit looks at a module's own types, where they lie, and what its header says.
func TestSectionOfSplit(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		kernel, err := btf.Parse(btftest.Kernel(order), nil)
		if err != nil {
			t.Fatal(err)
		}
		data := btftest.Module(kernel, order)
		module, err := btf.Parse(data, kernel)
		if err != nil {
			t.Fatal(err)
		}
		s, base := store.SectionOf(module), store.SectionOf(kernel)
		first, end := module.Own().IDs()
		if !s.IsSplit() || base.IsSplit() || s.FirstID() != first || s.Len() != int(end-first) ||
			base.FirstID() != 1 {
			t.Errorf("split %v, of %v; %d types from %d", s.IsSplit(), base.IsSplit(), s.Len(),
				s.FirstID())
		}
		for _, i := range []int{-1, s.Len()} {
			if typ := s.TypeAt(i); !typ.IsVoid() {
				t.Errorf("own type %d: %v", i, typ)
			}
		}
		strs, _ := s.Strings()
		h := s.Header()
		if h.ByteOrder != order || int(h.Types.Off) != int(h.Len) || h.Layout.Len != 0 ||
			string(data[h.Strings.Off:]) != strs || int(h.Strings.Len) != len(strs) || h.UnknownTail {
			t.Errorf("header %+v", h)
		}
		at := h.Types.Off
		for _, typ := range module.Own().All() {
			r := store.RecordOf(typ)
			if end := r.Offset + int64(len(r.Bytes)); r.Offset != at ||
				r.Bytes != string(data[r.Offset:end]) {
				t.Errorf("%v: %d bytes at %d, want them at %d", typ, len(r.Bytes), r.Offset, at)
			} else {
				at = end
			}
		}
		if at != h.Types.Off+int64(h.Types.Len) || store.RecordOf(btf.Type{}) != (store.Record{}) {
			t.Errorf("records end at %d of %+v", at, h.Types)
		}
		checkScans(t, s, module)
	}
}

// checkScans compares the ways to find a name without an index with what the Spec says.
func checkScans(t *testing.T, s store.Section, spec *btf.Spec) {
	t.Helper()
	for _, typ := range spec.Own().All() {
		name := typ.Name()
		if name == "" {
			continue
		}
		var own []btf.TypeID
		test := s.NameTest(name)
		for i := range s.Len() {
			if test.Matches(i) {
				own = append(own, s.FirstID()+btf.TypeID(i))
			}
		}
		want, err := spec.Own().IDsByName(name)
		if scanned := s.AppendIDsScanning([]btf.TypeID{7}, name); err != nil ||
			!slices.Equal(own, want) || !slices.Equal(scanned[1:], want) || scanned[0] != 7 {
			t.Errorf("%s: %v and %v, want %v, %v", name, own, scanned, want, err)
		}
	}
}
