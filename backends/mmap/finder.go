package mmap

import (
	"bytes"
	"hash/maphash"
	"sort"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// A finder finds the types of one section by name. It is immutable and safe for
// concurrent use.
//
// If the types are sorted by name, nothing is stored and a lookup is a binary search.
// Otherwise there is one byte a type, hashed from its name, and a lookup looks for the
// byte of its own name: bytes.IndexByte passes over 126,610 of them in 3 us, and one name
// in 255 matches by chance and is compared.
type finder struct {
	sorted bool
	// named is how many types have names, if sorted: the last ones.
	named int
	// prints has a byte for each type, noPrint for those without a name.
	prints []byte
}

const noPrint = 0

// newFinder takes a pass over the names if they are sorted, and if not, one more after
// finding that out, most likely at once.
func newFinder(s *btf.Section) finder {
	if named, ok := sorted(s); ok {
		return finder{sorted: true, named: named}
	}
	return newFingerprints(s)
}

func newFingerprints(s *btf.Section) finder {
	prints := make([]byte, s.Len())
	var offs [256]uint32
	for i := 0; i < len(prints); i += len(offs) {
		for k, off := range offs[:s.NameOffsets(offs[:], i)] {
			if off != 0 {
				prints[i+k] = fingerprint(s.NamePrefix(off, hashedLen))
			}
		}
	}
	return finder{prints: prints}
}

// sorted reports whether the names of the own types never decrease in the order of
// strcmp, and how many there are behind the empty ones, which come first. This is how
// Linux sorts kernels and modules since 7.0. Nothing in the file says that it did, so
// libbpf and the kernel look, too (btf_check_sorted).
//
// Names that overlap so much that comparing them takes time out of proportion to the
// input count as unsorted; see btf.Section.NameBudget.
func sorted(s *btf.Section) (named int, ok bool) {
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

// fingerprint returns a byte from the start of a name, never noPrint.
func fingerprint(prefix string) byte {
	return byte(maphash.String(seed, prefix)%255) + 1
}

func (f *finder) size() int64 { return int64(len(f.prints)) }

// appendIDs appends the ids of the own types with the name, which is not empty. Neither
// way reads more than len(name)+1 bytes of any type's name.
func (f *finder) appendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	if f.sorted {
		return f.search(dst, s, name)
	}
	want := fingerprint(name[:min(len(name), hashedLen)])
	for i := 0; i < len(f.prints); i++ {
		n := bytes.IndexByte(f.prints[i:], want)
		if n < 0 {
			break
		}
		if i += n; s.NameEquals(s.NameOffset(i), name) {
			dst = append(dst, s.FirstID()+btf.ID(i))
		}
	}
	return dst
}

// search finds the first of the sorted types with the name, and then the others.
func (f *finder) search(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	if strings.IndexByte(name, 0) >= 0 {
		return dst
	}
	first := s.Len() - f.named
	i := first + sort.Search(f.named, func(i int) bool {
		return s.CompareName(s.NameOffset(first+i), name) >= 0
	})
	for ; i < s.Len() && s.NameEquals(s.NameOffset(i), name); i++ {
		dst = append(dst, s.FirstID()+btf.ID(i))
	}
	return dst
}
