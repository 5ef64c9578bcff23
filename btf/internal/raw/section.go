// Package raw is the layer of bytes: the header, the walk over the records, where each of them
// starts, strings, and what the format says of each kind. It knows sections and records by
// number; packages btf, btf/store and btf/builder make types, backends and new sections of that.
//
// The way of an input: Header ([ParseHeader]), then the strings' ends, the layout section and
// the walk over the records, which fills an [IDTable]; all of that is [Open].
package raw

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/btfkit/btfkit/btf/internal/steps"
)

// A Section is one blob of BTF, opened: the bytes, where each record starts, and the sections
// below it. Fields are read-only but for Release; a Section is safe for concurrent use until
// then.
type Section struct {
	// What every accessor touches comes first, to share a cache line.
	Types     string
	kinds     string // Types from the first byte with kind and kind_flag on, see KindByte
	Strs      string
	StrStart  uint32 // logical offset of Strs[0]: the length of all ancestors' strings
	First     uint32 // id of record 0
	BigEndian bool
	// CopyNames is set for bytes that may vanish on Close, which no string may alias.
	CopyNames bool
	IDs       IDTable
	Count     uint32 // records

	Base  *Section
	Chain []*Section // from the root to this section

	Data     string
	Header   Header
	Trailers *Trailers
	// Owner is for who opened the section.
	Owner any
}

// Open parses data on top of base, which may be nil. m is the IDTable's memory. copyNames says that
// data may vanish. Errors are *Faults.
func Open(data string, base *Section, m Memory, copyNames bool) (*Section, error) {
	header, err := ParseHeader(data)
	if err != nil {
		return nil, err
	}
	s := &Section{
		Types: header.types(data), Strs: header.strings(data), BigEndian: header.BigEndian,
		First: 1, Base: base, Data: data, Header: header, CopyNames: copyNames,
		Trailers: &Builtin,
	}
	kindAt := 7
	if s.BigEndian {
		kindAt = 4
	}
	s.kinds = s.Types[min(kindAt, len(s.Types)):]
	if base != nil {
		s.Chain = append(s.Chain, base.Chain...)
		s.First, s.Trailers = base.End(), base.Trailers
		s.StrStart = base.StrEnd()
	}
	s.Chain = append(s.Chain, s)
	if err := s.checkStrings(); err != nil {
		return nil, err
	}
	s.readLayout()
	if err := s.walk(m); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Section) checkStrings() error {
	fault := func(off int, err error) error {
		return &Fault{Part: "strings", Offset: s.Header.StringsOff + int64(off),
			Start: s.Header.StringsOff, Class: ErrCorrupt, Err: err}
	}
	n := len(s.Strs)
	switch {
	case uint64(s.StrStart)+uint64(n) > math.MaxUint32:
		return fault(0, fmt.Errorf("%d bytes on top of the base's %d exceed 32-bit offsets",
			n, s.StrStart))
	case n == 0:
		return nil
	case s.Strs[n-1] != 0:
		return fault(n-1, errors.New("last string not terminated"))
	case s.StrStart == 0 && s.Strs[0] != 0: // also on bases without any strings
		return fault(0, s.hint(errors.New("first string not empty")))
	}
	return nil
}

// readLayout adds to the trailers what the layout section says about kinds that are
// not built in. Like libbpf, it ignores what the section says about known kinds.
func (s *Section) readLayout() {
	layout := s.Header.LayoutBytes(s.Data)
	if len(layout)/4 <= int(LastKind)+1 {
		return
	}
	t := *s.Trailers
	for k := int(LastKind) + 1; k < MaxKinds && k*4+4 <= len(layout); k++ {
		info, elem := layout[k*4], layout[k*4+1]
		t[k] = Trailer{Info: info, Elem: elem, Known: info%4 == 0 && elem%4 == 0}
	}
	s.Trailers = &t
}

func (s *Section) walk(m Memory) error {
	w := walker{types: s.Types, sizes: s.Trailers.sizes(), bigEndian: s.BigEndian,
		nameEnd: max(s.StrEnd(), 1), table: newTableBuilder(len(s.Types))}
	err := w.walk()
	s.Count = w.table.count
	if err == nil && uint64(s.First)+uint64(s.Count) > math.MaxUint32 {
		err = &recordError{0, ErrUnsupported, errors.New("type ids exceed 32 bits")}
	}
	if err != nil {
		w.table.release()
		at, rec := s.Header.TypesOff+int64(w.pos), err.(*recordError)
		return &Fault{Part: "types", Offset: at + int64(rec.at), Start: s.Header.TypesOff,
			ID: s.End(), Class: rec.class, Err: s.hint(rec.err)}
	}
	s.IDs = w.table.finish(m)
	return nil
}

// hint points out what a fault in a section without a base often means: split BTF has no
// empty string at the start, and may have no strings at all.
func (s *Section) hint(err error) error {
	if s.Base == nil && (s.Strs == "" || s.Strs[0] != 0) {
		return fmt.Errorf("%w (this looks like split BTF, which needs its base)", err)
	}
	return err
}

// Release drops the bytes: every view into the section answers like void from then on.
func (s *Section) Release() {
	s.Types, s.kinds, s.Strs, s.Data, s.IDs, s.Count = "", "", "", "", IDTable{}, 0
}

// End returns the id behind the last own record.
func (s *Section) End() uint32 { return s.First + s.Count }

// StrEnd returns the logical offset behind the last own string byte. It does not overflow:
// checkStrings saw to it.
func (s *Section) StrEnd() uint32 { return s.StrStart + uint32(len(s.Strs)) }

// Word returns the word at an offset of the records, or 0 behind their end.
func (s *Section) Word(off uint32) (v uint32) {
	if steps.Enabled {
		steps.Add(1)
	}
	if o := int(off); o >= 0 && o <= len(s.Types)-4 {
		b := s.Types[o : o+4] // Load32, which would be too much for NameOffset to be inlined
		v = uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		if s.BigEndian {
			v = bits.ReverseBytes32(v)
		}
	}
	return
}

// SmallWord is Word for what is inlined together with much else: it counts as half in the
// compiler's budget, and takes three instructions more.
func (s *Section) SmallWord(off uint32) (v uint32) {
	if steps.Enabled {
		steps.Add(1)
	}
	if o := int(off); o >= 0 && o <= len(s.Types)-4 {
		v = word(s.Types[o:o+4], s.BigEndian)
	}
	return
}

// word is Load32 in the small form.
func word(s string, bigEndian bool) uint32 {
	if bigEndian {
		return binary.BigEndian.Uint32([]byte(s))
	}
	return binary.LittleEndian.Uint32([]byte(s))
}

// Size returns the third word of the record at an offset, if its kind is one of Sized.
func (s *Section) Size(off uint32) (size uint32, ok bool) {
	if steps.Enabled {
		steps.Add(1)
	}
	if uint(off) < uint(len(s.kinds)) && sized[s.kinds[off]&0x7f] {
		if o := int(off) + 8; o >= 0 && o <= len(s.Types)-4 {
			return word(s.Types[o:o+4], s.BigEndian), true
		}
	}
	return
}

// sized has the kinds of Sized.
var sized = func() (set [MaxKinds]bool) {
	for k := range LastKind + 1 {
		set[k] = k.In(Sized)
	}
	return set
}()

// KindByte returns the byte of the info word with kind and kind_flag, given the record's
// offset: its last in little-endian BTF, its first in big-endian. One byte needs no swapping,
// so that asking for a kind is small enough to be inlined everywhere.
func (s *Section) KindByte(off uint32) byte {
	if steps.Enabled {
		steps.Add(1)
	}
	if uint(off) < uint(len(s.kinds)) {
		return s.kinds[off]
	}
	return 0
}

// OfKinds returns a bit for each of the first n records of b whose kind is wanted.
func (s *Section) OfKinds(wanted *[MaxKinds]uint8, b *Block, n int) (set uint32) {
	steps.Add(n)
	kinds, first := s.kinds, b.First
	for _, d := range b.Deltas[:n] {
		set >>= 1
		if off := uint(first + uint32(d)<<2); off < uint(len(kinds)) {
			set |= uint32(wanted[kinds[off]&0x7f]) << (BlockLen - 1)
		}
	}
	return set >> (BlockLen - n)
}

// Find returns where the record with the id is: its section, down the chain from s, and its
// offset there. The section is nil for id 0; ok is false if there is no such record.
func (s *Section) Find(id uint32) (sec *Section, off uint32, ok bool) {
	if steps.Enabled {
		steps.Add(1)
	}
	for id < s.First {
		if s.Base == nil {
			return nil, 0, true // void, since a root's first id is 1
		}
		s = s.Base
	}
	i := id - s.First
	if i >= s.Count {
		return nil, 0, false
	}
	return s, s.IDs.At(i), true
}

// Record returns the bytes of the whole record at an offset, header and trailer.
func (s *Section) Record(off uint32) string {
	info := s.Word(off + 4)
	tr := s.Trailers[InfoKind(info)]
	size := HeaderSize + uint64(tr.Info) + uint64(InfoVlen(info))*uint64(tr.Elem)
	if uint64(off)+size > uint64(len(s.Types)) {
		return ""
	}
	return s.Types[off : uint64(off)+size]
}
