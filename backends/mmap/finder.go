package mmap

import (
	"hash/maphash"
	"math/bits"
	"sort"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// A finder finds the types of one section by name. It is immutable and safe for
// concurrent use.
//
// If the types are sorted by name, nothing is stored and a lookup is a binary search.
// Otherwise there are four bits a type, hashed from its name. A lookup takes 64 types at a
// time, and compares the names of those whose bits are those of its own name: one of 15
// that have a name at all. More bits would make it faster, eight bits six times, but this is
// the backend for those who count memory, and reading all names takes ten times as long.
type finder struct {
	sorted bool
	// named is how many types have names, if sorted: the last ones.
	named  int
	prints []prints
}

// prints has a bit of each of 64 types' fingerprints in each word, the first type's lowest.
type prints [printBits]uint64

const (
	printBits = 4
	noPrint   = 0 // of types without a name
)

// newFinder takes a pass over the names if they are sorted, and if not, one more after
// finding that out, most likely at once.
func newFinder(s store.Section) finder {
	if named, ok := sorted(s); ok {
		return finder{sorted: true, named: named}
	}
	return newFingerprints(s)
}

func newFingerprints(s store.Section) finder {
	blocks := make([]prints, (s.Len()+63)/64)
	var offs [64]uint32
	for w := range blocks {
		b := &blocks[w]
		for k, off := range offs[:s.NameOffsets(offs[:], w*64)] {
			if off == 0 {
				continue
			}
			print := fingerprint(s.NamePrefix(off, hashedLen))
			for bit := range b {
				b[bit] |= print >> bit & 1 << k
			}
		}
	}
	return finder{prints: blocks}
}

// matches returns a bit for each of the 64 types that have the fingerprint.
func (b *prints) matches(print uint64) uint64 {
	differ := uint64(0)
	for bit := range b {
		differ |= b[bit] ^ -(print >> bit & 1)
	}
	return ^differ
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

var seed = maphash.MakeSeed()

// hashedLen is how much of a name fingerprint looks at: nearly all names whole, but no more than
// so much of each of those in hostile input that are long and overlap.
const hashedLen = 48

// fingerprint returns printBits bits from the start of a name, never noPrint.
func fingerprint(prefix string) uint64 {
	return maphash.String(seed, prefix)%(1<<printBits-1) + 1
}

func (f *finder) size() int64 { return int64(len(f.prints)) * 8 * printBits }

// appendIDs appends the ids of the own types with the name, which is not empty, in time linear in
// types and strings. Of sorted types, this holds as sorted saw to it that all names are not much
// longer than the strings, and the search compares no type twice.
func (f *finder) appendIDs(dst []btf.TypeID, s store.Section, name string) []btf.TypeID {
	if f.sorted {
		return f.search(dst, s, name)
	}
	want := fingerprint(name[:min(len(name), hashedLen)])
	test := s.NameTest(name)
	for w := range f.prints {
		for m := f.prints[w].matches(want); m != 0; m &= m - 1 {
			// The last block may go beyond the last type, but has no names there.
			i := w*64 + bits.TrailingZeros64(m)
			if test.Matches(i) {
				dst = append(dst, s.FirstID()+btf.TypeID(i))
			}
		}
	}
	return dst
}

// search finds the first of the sorted types with the name, and then the others.
func (f *finder) search(dst []btf.TypeID, s store.Section, name string) []btf.TypeID {
	if strings.IndexByte(name, 0) >= 0 {
		return dst
	}
	first := s.Len() - f.named
	i := first + sort.Search(f.named, func(i int) bool {
		return s.CompareName(s.NameOffset(first+i), name) >= 0
	})
	for ; i < s.Len() && s.NameEquals(s.NameOffset(i), name); i++ {
		dst = append(dst, s.FirstID()+btf.TypeID(i))
	}
	return dst
}
