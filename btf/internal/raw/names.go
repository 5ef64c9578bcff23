package raw

import (
	"cmp"
	"strings"
)

// Reading names. Offsets are logical: those of all ancestors' strings come first. In hostile
// input, names may be long and overlap, so whatever reads each to its end can be quadratic:
// NameBudget says how much may be read, and comparisons read no more than they must.

// Tail returns the strings from a logical offset on, which start with the one meant; "" if
// the offset lies outside. It aliases the section's bytes.
func (s *Section) Tail(off uint32) string {
	for off < s.StrStart {
		s = s.Base
	}
	off -= s.StrStart
	if uint64(off) >= uint64(len(s.Strs)) {
		return ""
	}
	return s.Strs[off:]
}

// NameBytes returns the string at a logical offset, "" if there is none. It aliases the
// section's bytes.
func (s *Section) NameBytes(off uint32) string {
	t := s.Tail(off)
	n := strings.IndexByte(t, 0)
	if n < 0 {
		return ""
	}
	return t[:n]
}

// Name returns the string at a logical offset in a form that outlives the section's bytes.
func (s *Section) Name(off uint32) string {
	for off < s.StrStart {
		s = s.Base
	}
	n := s.NameBytes(off)
	if s.CopyNames {
		return strings.Clone(n)
	}
	return n
}

// NamePrefix returns the string at a logical offset, or its first n bytes if it is longer. It
// reads no more than that.
func (s *Section) NamePrefix(off uint32, n int) string {
	t := s.Tail(off)
	t = t[:min(n, len(t))]
	if end := strings.IndexByte(t, 0); end >= 0 {
		return t[:end]
	}
	return t
}

// NameEquals reports whether the string at a logical offset is name. It reads no more than
// len(name)+1 bytes. A missing string equals nothing.
func (s *Section) NameEquals(off uint32, name string) bool {
	t := s.Tail(off)
	return len(t) > len(name) && t[len(name)] == 0 && t[:len(name)] == name &&
		strings.IndexByte(name, 0) < 0
}

// NameIs is NameEquals that takes a missing string for the empty one, as Name does.
func (s *Section) NameIs(off uint32, name string) bool {
	if name == "" {
		t := s.Tail(off)
		return t == "" || t[0] == 0
	}
	return s.NameEquals(off, name)
}

// CompareName compares the string at a logical offset with name, which must not contain NUL,
// in the order of strcmp. It reads no more than len(name)+1 bytes.
func (s *Section) CompareName(off uint32, name string) int {
	t := s.Tail(off)
	// The NUL at the end of a shorter string is less than any byte of name.
	if c := cmp.Compare(t[:min(len(name), len(t))], name); c != 0 || len(t) <= len(name) {
		return c
	}
	if t[len(name)] != 0 {
		return 1
	}
	return 0
}

// NameOffset returns the logical offset of the name of own record i, which must exist.
func (s *Section) NameOffset(i int) uint32 { return s.Word(s.IDs.At(uint32(i))) }

// NameOffsets fills dst with the logical name offsets of own records, starting with record
// first, and returns how many it filled: less than len(dst) only behind the last record.
func (s *Section) NameOffsets(dst []uint32, first int) int {
	dst = dst[:min(len(dst), max(int(s.Count)-first, 0))]
	var offs [BlockLen]uint32
	for k := 0; k < len(dst); {
		i := uint32(first + k)
		s.IDs.Block(i&^(BlockLen-1), &offs)
		for _, off := range offs[i%BlockLen:] {
			if k == len(dst) {
				break
			}
			dst[k] = s.Word(off)
			k++
		}
	}
	return len(dst)
}

// NameBudget returns how many bytes of names may be read in one pass over the own records so
// that its time stays in proportion to the input: four times the strings below and in the
// section, and the size of a record header for each record.
func (s *Section) NameBudget() int64 {
	return 4*int64(s.StrEnd()) + HeaderSize*int64(s.Count)
}

// AppendIDs appends to dst the ids of the own records with the name, ascending, by reading every
// record: at most len(name)+1 bytes of each name.
func AppendIDs[ID ~uint32](dst []ID, s *Section, name string) []ID {
	for i := range s.Count {
		if off := s.NameOffset(int(i)); off != 0 && s.NameEquals(off, name) {
			dst = append(dst, ID(s.First+i))
		}
	}
	return dst
}

// AnonymousTypes returns a bitmap of the own structs, unions and enums without a name, by a
// pass over the headers.
func (s *Section) AnonymousTypes() []uint64 {
	set := make([]uint64, (s.Count+63)/64)
	for i := range s.Count {
		off := s.IDs.At(i)
		if !InfoKind(s.Word(off + 4)).In(Anonymous) {
			continue
		}
		if name := s.Tail(s.Word(off)); name == "" || name[0] == 0 {
			set[i/64] |= 1 << (i % 64)
		}
	}
	return set
}

// Names is the form in which the matcher is given names; see btf/store.
type Names struct {
	Text    string
	Offsets []uint32
	Named   []uint64
}
