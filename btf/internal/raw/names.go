package raw

import (
	"cmp"
	"math/bits"
	"strings"

	"github.com/btfkit/btfkit/btf/internal/steps"
)

// Reading names. Offsets are logical: those of all ancestors' strings come first. In hostile
// input, names may be long, shared and overlap, so whatever reads each to its end, or compares
// each with a long name, can be quadratic: NameBudget says how much may be read, and a NameTest
// compares many names with one.

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

// Storing returns the section whose strings the logical offset lies in: s or one below.
func (s *Section) Storing(off uint32) *Section {
	for off < s.StrStart {
		s = s.Base
	}
	return s
}

// NameBytes returns the string at a logical offset, "" if there is none. It aliases the
// section's bytes.
func (s *Section) NameBytes(off uint32) string {
	t := s.Tail(off)
	n := strings.IndexByte(t, 0)
	steps.Add(n + 1)
	if n < 0 {
		return ""
	}
	return t[:n]
}

// Name returns the string whose logical offset is the word at an offset of the records, in a form
// that outlives the section's bytes.
func (s *Section) Name(at uint32) string {
	off := s.Word(at)
	name := s.NameBytes(off)
	if s.Storing(off).CopyNames {
		return strings.Clone(name)
	}
	return name
}

// AppendName appends the string that Name returns to dst.
func (s *Section) AppendName(dst []byte, at uint32) []byte {
	t := s.Tail(s.Word(at))
	n := max(strings.IndexByte(t, 0), 0)
	steps.Add(n + 1)
	return append(dst, t[:n]...)
}

// NamePrefix returns the string at a logical offset, or its first n bytes if it is longer. It
// reads no more than that.
func (s *Section) NamePrefix(off uint32, n int) string {
	t := s.Tail(off)
	t = t[:min(n, len(t))]
	if end := strings.IndexByte(t, 0); end >= 0 {
		t = t[:end]
	}
	steps.Add(len(t) + 1)
	return t
}

// NameEquals reports whether the string at a logical offset is name. It reads no more than
// len(name)+1 bytes. A missing string equals nothing.
func (s *Section) NameEquals(off uint32, name string) bool {
	t := s.Tail(off)
	if len(t) <= len(name) || t[len(name)] != 0 {
		return false
	}
	steps.AddCompared(t, name)
	return t[:len(name)] == name && strings.IndexByte(name, 0) < 0
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
	steps.AddCompared(t, name)
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
	var b Block
	for k := 0; k < len(dst); {
		n := min(s.IDs.Block(uint32(first+k), &b), len(dst)-k)
		s.loadNames(dst[k:k+n], &b)
		k += n
	}
	steps.Add(len(dst))
	return len(dst)
}

// loadNames fills dst with the name offsets of the first records of b, which has so many.
func (s *Section) loadNames(dst []uint32, b *Block) {
	types, first := s.Types, b.First
	for k, d := range b.Deltas[:len(dst)] {
		off := int64(first + uint32(d)<<2)
		dst[k] = Load32(types[off:off+4], false)
	}
	if s.BigEndian {
		for k, name := range dst {
			dst[k] = bits.ReverseBytes32(name)
		}
	}
}

// NameBudget returns how many bytes of names may be read in one pass over the own records so
// that its time stays in proportion to the input: four times the strings below and in the
// section, and the size of a record header for each record.
func (s *Section) NameBudget() int64 {
	return 4*int64(s.StrEnd()) + HeaderSize*int64(s.Count)
}

// AppendIDs appends to dst the ids of the own records with the name, ascending, by reading every
// record. See NameTest for its cost.
func AppendIDs[ID ~uint32](dst []ID, s *Section, name string) []ID {
	t := s.NameTest(name)
	var offs [8 * BlockLen]uint32
	for i := 0; i < int(s.Count); i += len(offs) {
		for k, off := range offs[:s.NameOffsets(offs[:], i)] {
			// Few names end where this one would. Below StrStart, the difference wraps.
			end := uint64(off-s.StrStart) + uint64(len(name))
			if end < uint64(len(s.Strs)) && s.Strs[end] != 0 {
				continue
			}
			if t.Matches(off) {
				dst = append(dst, ID(s.First+uint32(i+k)))
			}
		}
	}
	return dst
}

// A NameTest compares many strings with one name, in time linear in the strings below and in the
// section and in the number of comparisons. Not so NameEquals: there may be a long
// name at every offset that is asked, and the same one again and again.
//
// It compares as long as the budget lasts, which it does for all that compilers write. Then it
// goes through the strings once, as each NUL ends the name at one place at most, and remembers
// these places in a bit for each byte.
type NameTest struct {
	s      *Section
	name   string
	strs   string // the section's own strings
	start  uint64 // their logical offset
	left   int64  // bytes that may be compared
	places []uint64
}

// NameTest returns a NameTest that is used for no more than some offsets for each own record.
func (s *Section) NameTest(name string) NameTest {
	return NameTest{
		s: s, name: name, strs: s.Strs, start: uint64(s.StrStart),
		left: int64(s.StrEnd()) + HeaderSize*int64(s.Count),
	}
}

// Matches reports whether the string at a logical offset is the name. Nothing is at offset 0.
func (t *NameTest) Matches(off uint32) bool {
	// Most names do not end where this one would: that much is asked inline. A name of an
	// ancestor ends before the section's own strings begin.
	if end := uint64(off) - t.start + uint64(len(t.name)); end < uint64(len(t.strs)) &&
		t.strs[end] != 0 {
		return false
	}
	return t.compare(off)
}

func (t *NameTest) compare(off uint32) bool {
	if t.places != nil {
		return t.at(off)
	}
	tail := t.s.Tail(off)
	n := len(t.name)
	if len(tail) <= n || tail[n] != 0 || off == 0 {
		return false
	}
	if t.left -= int64(n); t.left < 0 {
		t.findPlaces()
		return t.at(off)
	}
	steps.AddCompared(tail, t.name)
	return tail[:n] == t.name && strings.IndexByte(t.name, 0) < 0
}

func (t *NameTest) at(off uint32) bool {
	return uint64(off/64) < uint64(len(t.places)) && t.places[off/64]>>(off%64)&1 != 0
}

// findPlaces marks each offset at which the name is.
func (t *NameTest) findPlaces() {
	t.places = make([]uint64, t.s.StrEnd()/64+1)
	if strings.IndexByte(t.name, 0) >= 0 {
		return
	}
	for _, s := range t.s.Chain {
		steps.Add(2 * len(s.Strs))
		for pos := 0; pos < len(s.Strs); {
			str := s.Strs[pos:]
			str = str[:strings.IndexByte(str, 0)] // the last one ends, too: Open saw to it
			if strings.HasSuffix(str, t.name) {
				off := s.StrStart + uint32(pos+len(str)-len(t.name))
				t.places[off/64] |= 1 << (off % 64)
			}
			pos += len(str) + 1
		}
	}
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
