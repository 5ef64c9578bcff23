package store

import (
	"encoding/binary"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Section is one opened blob of BTF. It knows where records start and which names they have.
// It is a small comparable value. Its own types are numbered from 0. Its strings are numbered
// by their logical offset, in bytes: the strings of all bases come first. It is safe for
// concurrent use until the Store's Close. In hostile input, names may be long and overlap, so
// code that reads every name to its end may take quadratic time: see NameBudget.
type Section struct{ s *raw.Section }

// SectionOf returns the section that spec was opened on, without its bases; for tests.
func SectionOf(spec *btf.Spec) Section { return Section{btf.Internal.Section(spec)} }

// Len returns how many types the section stores, void not included.
func (s Section) Len() int { return int(s.s.Count) }

// FirstID returns the id of own type 0.
func (s Section) FirstID() btf.TypeID { return btf.TypeID(s.s.First) }

// TypeAt returns own type i; void if there is none.
func (s Section) TypeAt(i int) btf.Type {
	if uint(i) >= uint(s.s.Count) {
		return btf.Type{}
	}
	return btf.Internal.TypeAt(s.s, uint32(i))
}

// Strings returns the section's own strings and the logical offset of their first byte: 0 if it
// stands alone. The string aliases the Store's bytes.
func (s Section) Strings() (strs string, start uint32) { return s.s.Strs, s.s.StrStart }

// IsSplit reports whether the section has a base.
func (s Section) IsSplit() bool { return s.s.Base != nil }

// NameOffset returns the logical offset of the name of own type i, which must exist; 0 is the
// empty name.
func (s Section) NameOffset(i int) uint32 { return s.s.NameOffset(i) }

// NameOffsets fills dst with the logical name offsets of own types, starting with type first,
// and returns how many it filled: less than len(dst) only behind the last type. It is faster
// than NameOffset for each type, and takes 1 ns a type.
func (s Section) NameOffsets(dst []uint32, first int) int { return s.s.NameOffsets(dst, first) }

// NameBytes returns the string at a logical offset, "" if there is none. The result aliases
// the Store's bytes: it must not be used after Close.
func (s Section) NameBytes(off uint32) string { return s.s.NameBytes(off) }

// NamePrefix returns the string at a logical offset, or its first n bytes if it is longer. It
// reads no more than that and aliases the Store's bytes, as NameBytes does.
func (s Section) NamePrefix(off uint32, n int) string { return s.s.NamePrefix(off, n) }

// NameEquals reports whether the string at a logical offset is name. It reads no more than
// len(name)+1 bytes of it.
func (s Section) NameEquals(off uint32, name string) bool { return s.s.NameEquals(off, name) }

// CompareName compares the string at a logical offset with name, which must not contain NUL,
// in the order of strcmp, in which Go compares strings, too: -1 if it is less, 0 if equal,
// +1 if greater. It reads no more than len(name)+1 bytes of it.
func (s Section) CompareName(off uint32, name string) int { return s.s.CompareName(off, name) }

// NameBudget returns how many bytes of names may be read in one pass over the own types so
// that its time stays in proportion to the input: four times the strings of the section and
// its bases, and the size of a record header for each type. A kernel's names take a sixth of
// it. Names exceed it only if many of them are parts of others. That is legal, but a store
// must not build an index of such names.
func (s Section) NameBudget() int64 { return s.s.NameBudget() }

// AppendIDsScanning appends to dst the ids of the own types with the name, ascending, by
// reading every record. A Store without an index may use it for its AppendIDs. See NameTest for
// its cost.
func (s Section) AppendIDsScanning(dst []btf.TypeID, name string) []btf.TypeID {
	return raw.AppendIDs(dst, s.s, name)
}

// A NameTest compares the names of many types of one section with one name. It is not safe for
// concurrent use.
type NameTest struct {
	s *raw.Section
	t raw.NameTest
}

// NameTest returns a NameTest for one query, which tests each own type about once. Testing all
// types takes time linear in their number and in the strings of the section and its bases, even
// if all types share one long name, or their names overlap. If it must compare many long names,
// it allocates a bit for each byte of these strings.
func (s Section) NameTest(name string) NameTest { return NameTest{s.s, s.s.NameTest(name)} }

// Matches reports whether own type i, which must exist, has the name, which is not empty.
func (t *NameTest) Matches(i int) bool { return t.t.Matches(t.s.NameOffset(i)) }

// A Header is the decoded header of a section. Offsets and lengths are in bytes; the offsets are
// absolute, from the start of the input.
type Header struct {
	// ByteOrder is the byte order of the blob, as its magic number tells.
	ByteOrder binary.ByteOrder
	// Len is hdr_len, the header's own length.
	Len uint32
	// Types, Strings and Layout are the sections; a Len of 0 means none.
	Types, Strings, Layout Extent
	// UnknownTail reports that header bytes beyond the known fields are not zero: a newer
	// producer said something that this module does not understand.
	UnknownTail bool
}

// An Extent is a part of the input.
type Extent struct {
	Off int64
	Len uint32
}

// Header returns the decoded header.
func (s Section) Header() Header {
	h := &s.s.Header
	order := binary.ByteOrder(binary.LittleEndian)
	if h.BigEndian {
		order = binary.BigEndian
	}
	return Header{order, h.Len, Extent{h.TypesOff, h.TypesLen}, Extent{h.StringsOff, h.StringsLen},
		Extent{h.LayoutOff, h.LayoutLen}, h.UnknownTail}
}

// A Record is a type as it lies in its section, for dumps and tests.
type Record struct {
	// Offset is where the record starts, in bytes from the start of the blob.
	Offset int64
	// Bytes is the whole record, header and trailer, in the section's byte order. It aliases
	// the Store's bytes.
	Bytes string
}

// RecordOf returns the record of t; the zero Record for void.
func RecordOf(t btf.Type) Record {
	sec, off := btf.Internal.Record(t)
	if sec == nil {
		return Record{}
	}
	return Record{sec.Header.TypesOff + int64(off), sec.Record(off)}
}
