package mmap

import (
	"encoding/binary"
	"slices"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
)

// queries returns each name of a section, with what makes it another: the tail, the head,
// a byte more, a NUL.
func queries(s store.Section) []string {
	seen := map[string]bool{"a\x00b": true, "\x00": true, "zzz": true}
	for i := range s.Len() {
		name := s.NameBytes(s.NameOffset(i))
		if name == "" || seen[name] {
			continue
		}
		for _, q := range []string{name, name[1:], name[:len(name)-1], name + "_", name + "\x00",
			name + "\x00" + name} {
			seen[q] = true
		}
	}
	delete(seen, "")
	var list []string
	for q := range seen {
		list = append(list, q)
	}
	slices.Sort(list)
	return list
}

// TestFinders compares each way to find a name with reading every record, on all shapes
// of BTF.
func TestFinders(t *testing.T) {
	searches := 0
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		s := store.SectionOf(spec)
		named, isSorted := sorted(s)
		x := newIndex(s)
		for _, name := range queries(s) {
			want := s.AppendIDsScanning([]btf.TypeID{77}, name)
			if got := x.appendIDs([]btf.TypeID{77}, s, name); !slices.Equal(got, want) {
				t.Errorf("%s: %q indexed at %v, want %v", blob.Name, name, got, want)
			}
			if isSorted {
				searches++
				got := search([]btf.TypeID{77}, s, named, name)
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q found at %v, want %v", blob.Name, name, got, want)
				}
			}
		}
	}
	if searches == 0 {
		t.Error("no section is sorted")
	}
}

func TestSorted(t *testing.T) {
	for _, test := range []struct {
		name  string
		data  []byte
		named int
		ok    bool
	}{
		{"sorted", btftest.Sorted(100, nil), 200, true},
		{"sorted, big-endian", btftest.Sorted(100, binary.BigEndian), 200, true},
		{"empty", btftest.Empty(nil, nil), 0, true},
		{"equal names, then an empty one", btftest.Duplicates(3), 0, false},
		{"overlapping names", btftest.Overlap(2000), 0, false},
		{"kernel", btftest.Kernel(nil), 0, false},
	} {
		spec, err := Parse(test.data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := sorted(store.SectionOf(spec)); ok != test.ok || ok && n != test.named {
			t.Errorf("%s: %d named, %v; want %d, %v", test.name, n, ok, test.named, test.ok)
		}
	}
}

// TestConcurrentFirstQueries makes many goroutines the first to ask.
func TestConcurrentFirstQueries(t *testing.T) {
	for _, data := range [][]byte{btftest.Kernel(nil), btftest.Sorted(300, nil)} {
		spec := mustOpen(t, write(t, data), Backend{})
		names := queries(store.SectionOf(spec))
		start := make(chan struct{})
		var group sync.WaitGroup
		for g := range 16 {
			group.Go(func() {
				<-start
				for i := range names {
					name := names[(i+g)%len(names)]
					got, err := spec.IDsByName(name)
					want := store.SectionOf(spec).AppendIDsScanning(nil, name)
					if err != nil || !slices.Equal(got, want) {
						t.Errorf("%q: %v, error %v; want %v", name, got, err, want)
					}
					spec.Info()
				}
			})
		}
		close(start)
		group.Wait()
	}
}

// A settled is a finder's work for a number of lookups.
type settled struct {
	scans   int
	looked  bool
	indexed bool
}

// lookups asks a new finder n times.
func lookups(t *testing.T, s store.Section, least bool, n int) (w settled) {
	f := finder{section: s, least: least}
	var index *index
	for range n {
		if f.way.Load() == nil && f.settle() == nil {
			w.scans++
		}
		way := f.way.Load()
		if way == nil {
			continue
		}
		w.looked = way.index == nil
		w.indexed = way.index != nil
		if index != nil && way.index != index {
			t.Errorf("another index at lookup %d", n)
		}
		index = way.index
	}
	return w
}

// TestWorst counts what lookups cost in units of a scan, against the better of scanning always and
// of an index from the start.
func TestWorst(t *testing.T) {
	parse := func(data []byte) store.Section {
		spec, err := Parse(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		return store.SectionOf(spec)
	}
	s := parse(btftest.Kernel(nil))
	worst := 0.
	for n := 1; n <= 100; n++ {
		w := lookups(t, s, false, n)
		cost := w.scans
		if w.indexed {
			cost += scansPerIndex
		}
		worst = max(worst, float64(cost)/float64(min(n, scansPerIndex)))
		if w.looked || w.indexed != (n > scansPerIndex) {
			t.Errorf("%d lookups: %+v", n, w)
		}
		if w := lookups(t, s, true, n); w != (settled{scans: n}) {
			t.Errorf("%d lookups in least memory: %+v", n, w)
		}
	}
	if worst != 2 {
		t.Errorf("at worst %v times the better choice", worst)
	}
	for _, least := range []bool{false, true} {
		got := lookups(t, parse(btftest.Sorted(100, nil)), least, 20)
		if want := (settled{scans: 1, looked: true}); got != want {
			t.Errorf("sorted: %+v, want %+v", got, want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	for name, data := range map[string][]byte{"index": btftest.Names(nil),
		"sorted": btftest.Sorted(300, nil)} {
		spec := mustOpen(t, write(t, data), Backend{})
		dst := make([]btf.TypeID, 0, 64)
		list := queries(store.SectionOf(spec))
		i := 0
		scanned := testing.AllocsPerRun(100, func() {
			dst = store.SectionOf(spec).AppendIDsScanning(dst[:0], list[i%len(list)])
			i++
		})
		for range scansPerIndex + 1 {
			spec.AppendIDsByName(nil, "one")
		}
		found := testing.AllocsPerRun(len(list), func() {
			dst, _ = spec.AppendIDsByName(dst[:0], list[i%len(list)])
			i++
		})
		byID := testing.AllocsPerRun(100, func() {
			typ, _ := spec.TypeByID(btf.TypeID(i) % 8)
			typ.Kind()
			i++
		})
		if scanned+found+byID != 0 {
			t.Errorf("%s: allocations: %v to scan, %v to find, %v by id", name, scanned, found, byID)
		}
	}
}

// TestBuckets wants names to be spread over an index: where all are in one bucket, it is a scan.
func TestBuckets(t *testing.T) {
	x := newIndex(store.SectionOf(mustOpen(t, write(t, btftest.Sorted(5000, nil)), Backend{})))
	for b := range x.starts[1:] {
		if n := x.starts[b+1] - x.starts[b]; n > 5*bucketLen {
			t.Errorf("bucket %d of %d has %d types", b, len(x.starts)-1, n)
		}
	}
}
