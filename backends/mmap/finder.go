package mmap

import (
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// A finder finds the types of one section by name. It prepares nothing for the first lookup, which
// scans: it reads all records. The second looks whether the types are sorted by name. If they are,
// lookups are binary searches and nothing is ever stored. If not, that shows at once, and lookups
// scan until scans have cost as much as an index costs; then one is built. So who stops at
// the worst moment, when it is ready, has paid twice what the better of the two would have cost.
//
// It is safe for concurrent use.
type finder struct {
	section store.Section
	least   bool // never build an index

	scans  atomic.Int32 // so far
	way    atomic.Pointer[way]
	looked sync.Once // whether the types are sorted
	built  sync.Once // an index
}

// scansPerIndex is how many scans of a kernel an index costs: 0.5 and 2 ms.
const scansPerIndex = 4

// A way is how names are found once that is settled: by an index, or if there is none, by binary
// search over the last types, which are the named ones.
type way struct {
	index *index
	named int
}

// appendIDs appends the ids of the own types with the name, which is not empty, in time linear in
// types and strings. Of sorted types, this holds as sorted saw to it that all names are not much
// longer than the strings, and the search compares no type twice.
func (f *finder) appendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	w := f.way.Load()
	if w == nil {
		if w = f.settle(); w == nil {
			return f.section.AppendIDsScanning(dst, name)
		}
	}
	if w.index != nil {
		return w.index.appendIDs(dst, f.section, name)
	}
	return search(dst, f.section, w.named, name)
}

// settle decides about one lookup more. It returns nil if that is to scan.
func (f *finder) settle() *way {
	n := f.scans.Add(1)
	if n == 1 {
		return nil
	}
	f.looked.Do(func() {
		if named, ok := sorted(f.section); ok {
			f.way.Store(&way{named: named})
		}
	})
	if w := f.way.Load(); w != nil || n <= scansPerIndex || f.least {
		return w
	}
	f.built.Do(func() { f.way.Store(&way{index: newIndex(f.section)}) })
	return f.way.Load()
}

// size returns what is stored, in bytes.
func (f *finder) size() int64 {
	if w := f.way.Load(); w != nil && w.index != nil {
		return w.index.size()
	}
	return 0
}

// sorted reports whether the names of the own types never decrease in the order of
// strcmp, and how many there are behind the empty ones, which come first. This is how
// Linux sorts kernels and modules since 7.0. Nothing in the file says that it did, so
// libbpf and the kernel look, too (btf_check_sorted).
//
// Names that overlap so much that comparing them takes time out of proportion to the
// input count as unsorted; see store.Section.NameBudget.
func sorted(s store.Section) (named int, ok bool) {
	left := s.NameBudget()
	last := ""
	for i := range s.Len() {
		name := s.NameBytes(s.NameOffset(i))
		if left -= int64(len(name)); left < 0 || name < last {
			return 0, false
		}
		if name != "" {
			named++
		}
		last = name
	}
	return named, true
}

// search finds the first of the sorted types with the name, and then the others.
func search(dst []btf.TypeID, s store.Section, named int, name string) []btf.TypeID {
	if strings.IndexByte(name, 0) >= 0 {
		return dst
	}
	first := s.Len() - named
	i := first + sort.Search(named, func(i int) bool {
		return s.CompareName(s.NameOffset(first+i), name) >= 0
	})
	for ; i < s.Len() && s.NameEquals(s.NameOffset(i), name); i++ {
		dst = append(dst, s.FirstID()+btf.TypeID(i))
	}
	return dst
}
