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
	scans, searches, prints := 0, 0, 0
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		s := store.SectionOf(spec)
		prepared := newFinder(s)
		if prepared.sorted {
			searches++
		} else {
			prints++
		}
		// Sorted names have fingerprints as well; they are just not needed.
		hashed := newFingerprints(s)
		for _, name := range queries(s) {
			want := s.AppendIDsScanning([]btf.TypeID{77}, name)
			if got := prepared.appendIDs([]btf.TypeID{77}, s, name); !slices.Equal(got, want) {
				t.Errorf("%s: %q found at %v, want %v", blob.Name, name, got, want)
			}
			if got := hashed.appendIDs([]btf.TypeID{77}, s, name); !slices.Equal(got, want) {
				t.Errorf("%s: %q hashed at %v, want %v", blob.Name, name, got, want)
			}
			got, ok := scan([]btf.TypeID{77}, s, name)
			if ok {
				scans++
			} else {
				want = []btf.TypeID{77}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q scanned at %v, want %v", blob.Name, name, got, want)
			}
		}
	}
	if scans == 0 || searches == 0 || prints == 0 {
		t.Errorf("%d scans, %d searches, %d fingerprints: something is not tested",
			scans, searches, prints)
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

// TestFingerprint keeps the one value that types without a name have out of the others.
func TestFingerprint(t *testing.T) {
	name := make([]byte, 2)
	for i := range 1 << 16 {
		name[0], name[1] = byte(i), byte(i>>8)
		if print := fingerprint(string(name)); print == noPrint || print >= 1<<printBits {
			t.Fatalf("fingerprint of %q is %#x", name, print)
		}
	}
}

// TestRarest: the answer only affects speed, but it must be an index of the name.
func TestRarest(t *testing.T) {
	for name, want := range map[string]int{"a": 0, "_": 0, "tcp_sendmsg": 10, "__x": 2, "eQ7": 1} {
		if got := rarest(name); got != want {
			t.Errorf("rarest byte of %q at %d, want %d", name, got, want)
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

func TestNoAllocation(t *testing.T) {
	for name, data := range map[string][]byte{"fingerprints": btftest.Names(nil),
		"sorted": btftest.Sorted(300, nil)} {
		spec := mustOpen(t, write(t, data), Backend{})
		dst := make([]btf.TypeID, 0, 64)
		list := queries(store.SectionOf(spec))
		i := 0
		scanned := testing.AllocsPerRun(100, func() {
			dst, _ = scan(dst[:0], store.SectionOf(spec), list[i%len(list)])
			i++
		})
		spec.AppendIDsByName(nil, "one")
		spec.AppendIDsByName(nil, "two")
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
