package btf

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
)

// ID numbers a type. 0 is void. The first stored type of a base is 1; the first of
// a split section follows the last of its base.
type ID uint32

// A Section is one blob of BTF, opened: the bytes, where each record starts, and
// the sections below it. Users hold a [Spec]; a [Backend] is handed Sections to
// index. A Section is immutable until it is closed, and safe for concurrent use.
type Section struct {
	// What every accessor touches comes first, to share a cache line.
	types     string
	strs      string
	strStart  uint32 // logical offset of strs[0]: the length of all ancestors' strings
	first     ID     // id of record 0
	bigEndian bool
	kindAt    uint8 // offset in a record of the byte with kind and kind_flag
	// copyNames is set for bytes that may vanish on Close, which no string may alias.
	copyNames bool
	ids       idTable
	count     uint32 // records

	base  *Section
	chain []*Section // from the root to this section

	data     string
	header   Header
	trailers *trailers
	backend  Backend
	// refs counts the open Spec on this section and the open sections right above it.
	refs atomic.Int32
	derived
}

// newSection parses the bytes of a backend on top of base, which may be nil.
func newSection(b Backend, base *Section, alloc func(int) []uint32) (*Section, error) {
	data := b.Bytes()
	header, err := ParseHeader(data)
	if err != nil {
		return nil, err
	}
	s := &Section{
		types: header.types(data), strs: header.strings(data), bigEndian: header.BigEndian,
		first: 1, base: base, data: data, header: header, backend: b,
		copyNames: b.Info().Storage == Mapped, trailers: &builtinTrailers,
	}
	s.kindAt = 7
	if s.bigEndian {
		s.kindAt = 4
	}
	if base != nil {
		s.chain = append(s.chain, base.chain...)
		s.first, s.trailers = base.end(), base.trailers
		s.strStart = base.strEnd()
	}
	s.chain = append(s.chain, s)
	if err := s.checkStrings(); err != nil {
		return nil, err
	}
	s.readLayout()
	if err := s.walk(alloc); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Section) checkStrings() error {
	fault := func(off int, err error) error {
		return &FormatError{Section: "strings", Offset: s.header.StringsOff + int64(off),
			Start: s.header.StringsOff, Class: ErrCorrupt, Err: err}
	}
	n := len(s.strs)
	switch {
	case uint64(s.strStart)+uint64(n) > math.MaxUint32:
		return fault(0, fmt.Errorf("%d bytes on top of the base's %d exceed 32-bit offsets",
			n, s.strStart))
	case n == 0:
		return nil
	case s.strs[n-1] != 0:
		return fault(n-1, errors.New("last string not terminated"))
	case s.strStart == 0 && s.strs[0] != 0: // also on bases without any strings
		return fault(0, s.hint(errors.New("first string not empty")))
	}
	return nil
}

// readLayout adds to the trailers what the layout section says about kinds that are
// not built in. Like libbpf, it ignores what the section says about known kinds.
func (s *Section) readLayout() {
	layout := s.header.layout(s.data)
	if len(layout)/4 <= int(lastKind)+1 {
		return
	}
	t := *s.trailers
	for k := int(lastKind) + 1; k < maxKinds && k*4+4 <= len(layout); k++ {
		info, elem := layout[k*4], layout[k*4+1]
		t[k] = trailer{info: info, elem: elem, known: info%4 == 0 && elem%4 == 0}
	}
	s.trailers = &t
}

func (s *Section) walk(alloc func(int) []uint32) error {
	w := walker{types: s.types, sizes: s.trailers.sizes(), bigEndian: s.bigEndian,
		nameEnd: max(s.strEnd(), 1), table: newTableBuilder(len(s.types))}
	err := w.walk()
	s.count = w.table.count
	if err == nil && uint64(s.first)+uint64(s.count) > math.MaxUint32 {
		err = &recordError{0, ErrUnsupported, errors.New("type ids exceed 32 bits")}
	}
	if err != nil {
		at, rec := s.header.TypesOff+int64(w.pos), err.(*recordError)
		return &FormatError{Section: "types", Offset: at + int64(rec.at),
			Start: s.header.TypesOff, ID: s.end(), Class: rec.class, Err: s.hint(rec.err)}
	}
	s.ids = w.table.finish(alloc)
	return nil
}

// hint points out what a fault in a section without a base often means: split BTF has no
// empty string at the start, and may have no strings at all.
func (s *Section) hint(err error) error {
	if s.base == nil && (s.strs == "" || s.strs[0] != 0) {
		return fmt.Errorf("%w (this looks like split BTF, which needs its base)", err)
	}
	return err
}

// end returns the id behind the last own type.
func (s *Section) end() ID { return s.first + ID(s.count) }

// strEnd returns the logical offset behind the last own string byte. It does not
// overflow: checkStrings saw to it.
func (s *Section) strEnd() uint32 { return s.strStart + uint32(len(s.strs)) }

// Len returns how many types the section stores, void not included.
func (s *Section) Len() int { return int(s.count) }

// FirstID returns the id of the section's first own type.
func (s *Section) FirstID() ID { return s.first }

// Base returns the section that this one is split from, or nil.
func (s *Section) Base() *Section { return s.base }

// Header returns the decoded header.
func (s *Section) Header() Header { return s.header }

// Strings returns the section's own strings and the logical offset of their first
// byte, as name offsets count it. The string aliases the backend's bytes: it must
// not be used after Close.
func (s *Section) Strings() (strs string, start uint32) { return s.strs, s.strStart }

// TypeAt returns own type i, whose id is FirstID()+i; void if there is none.
func (s *Section) TypeAt(i int) Type {
	if uint(i) >= uint(s.count) {
		return Type{}
	}
	return Type{s, s.ids.at(uint32(i)), s.first + ID(i)}
}

// NameOffset returns the logical string offset of the name of own type i, which
// must exist; 0 is the empty name.
func (s *Section) NameOffset(i int) uint32 { return s.word(s.ids.at(uint32(i))) }

// word returns the word at an offset of the type section, or 0 behind its end. The
// comparison is written so that the compiler needs no other. (On 64-bit hosts, it drops
// the one with 0, too.)
func (s *Section) word(off uint32) uint32 {
	t, o := s.types, int(off)
	if o < 0 || o > len(t)-4 {
		return 0
	}
	return load32(t[o:o+4], s.bigEndian)
}

// byID returns the type with the id, looking down the chain.
func (s *Section) byID(id ID) (Type, bool) {
	for id < s.first {
		if s.base == nil {
			return Type{}, true // void, since a root's first id is 1
		}
		s = s.base
	}
	i := uint32(id - s.first)
	if i >= s.count {
		return Type{}, false
	}
	return Type{s, s.ids.at(i), id}, true
}

// tail returns the strings from a logical offset on, which start with the one
// meant; "" if the offset lies outside. It aliases the backend's bytes.
func (s *Section) tail(off uint32) string {
	for off < s.strStart {
		s = s.base
	}
	off -= s.strStart
	if uint64(off) >= uint64(len(s.strs)) {
		return ""
	}
	return s.strs[off:]
}

// nameBytes returns the string at a logical offset, aliasing the backend's bytes.
func (s *Section) nameBytes(off uint32) string {
	t := s.tail(off)
	n := strings.IndexByte(t, 0)
	if n < 0 {
		return ""
	}
	return t[:n]
}

// NameBytes returns the string at a logical offset, "" if there is none. The result
// aliases the backend's bytes: it must not be used after Close.
func (s *Section) NameBytes(off uint32) string { return s.nameBytes(off) }

// NameEquals reports whether the string at a logical offset is name. It reads no
// more than len(name)+1 bytes.
func (s *Section) NameEquals(off uint32, name string) bool {
	t := s.tail(off)
	return len(t) > len(name) && t[len(name)] == 0 && t[:len(name)] == name &&
		strings.IndexByte(name, 0) < 0
}

// name returns the string at a logical offset in a form that outlives Close.
func (s *Section) name(off uint32) string {
	for off < s.strStart {
		s = s.base
	}
	n := s.nameBytes(off)
	if s.copyNames {
		return strings.Clone(n)
	}
	return n
}

// release gives up one reference. The last one closes the backend, makes every view
// into the section answer like void, and releases the base.
func (s *Section) release() error {
	if s.refs.Add(-1) > 0 {
		return nil
	}
	s.types, s.strs, s.data, s.ids, s.count = "", "", "", idTable{}, 0
	err := s.backend.Close()
	if s.base != nil {
		err = errors.Join(err, s.base.release())
	}
	return err
}
