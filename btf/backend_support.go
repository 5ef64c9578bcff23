package btf

import (
	"cmp"
	"strings"
)

// Reading names without reading more of them than a backend must: in hostile input, names
// may be long and overlap, so whatever reads each to its end can be quadratic.

// NamePrefix returns the string at a logical offset, or its first n bytes if it is longer.
// It reads no more than that and aliases the backend's bytes, as NameBytes does.
func (s *Section) NamePrefix(off uint32, n int) string {
	t := s.tail(off)
	t = t[:min(n, len(t))]
	if end := strings.IndexByte(t, 0); end >= 0 {
		return t[:end]
	}
	return t
}

// CompareName compares the string at a logical offset with name, which must not contain
// NUL, in the order of strcmp, which is that of Go strings: -1 if it is less, 0 if equal,
// +1 if greater. It reads no more than len(name)+1 bytes of it.
func (s *Section) CompareName(off uint32, name string) int {
	t := s.tail(off)
	// The NUL at the end of a shorter string is less than any byte of name.
	if c := cmp.Compare(t[:min(len(name), len(t))], name); c != 0 || len(t) <= len(name) {
		return c
	}
	if t[len(name)] != 0 {
		return 1
	}
	return 0
}

// NameOffsets fills dst with the logical name offsets of own types, starting with type
// first, and returns how many it filled: less than len(dst) only behind the last type. It
// is NameOffset for those who want them all, and takes 1 ns a type.
func (s *Section) NameOffsets(dst []uint32, first int) int {
	dst = dst[:min(len(dst), max(int(s.count)-first, 0))]
	var offs [blockLen]uint32
	for k := 0; k < len(dst); {
		i := uint32(first + k)
		s.ids.block(i&^(blockLen-1), &offs)
		for _, off := range offs[i%blockLen:] {
			if k == len(dst) {
				break
			}
			dst[k] = s.word(off)
			k++
		}
	}
	return len(dst)
}

// NameBudget returns how many bytes of names may be read in one pass over the own types so
// that its time stays in proportion to the input: four times the strings below and in the
// section, and the size of a record header for each type. A kernel's names take a sixth of
// it. Names that exceed it overlap, lying in the middle of each other, which is legal, but
// an index of them must not be built.
func (s *Section) NameBudget() int64 {
	return 4*int64(s.strEnd()) + headerSize*int64(s.count)
}
