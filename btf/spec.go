package btf

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Spec answers queries about a section of BTF and the bases below it. A Spec that Own
// returns answers about its section alone. It is immutable once opened and safe for
// concurrent use; only Close must not run beside other calls. A [Backend] opens Specs, as
// cache.Open does; a Spec may be the base of any number of others, in any backend. The base
// must come from the same build. The format does not say whether it does: on a wrong base,
// names are garbage and references lead to other types. CheckBase looks for signs of that.
//
// Queries by name, by match and by kind take a list of kinds and find types of these kinds;
// without a list, they find types of every kind. Answers are in ascending order of ids, so
// types of the base come first.
type Spec struct {
	raw   *raw.Section
	sec   *section
	chain []*section // what queries cover, the root first
	min   TypeID     // the lowest id covered
	base  *Spec
	// live is shared by a Spec and its Own.
	live   *live
	levels *level // one of those of live
}

// A live is what ends with a Spec.
type live struct {
	closed atomic.Bool
	// The level where TypeByID begins to search all types, or the own ones; then an empty one.
	all, own level
}

// A section is what Specs share: the bytes, and the store that holds them and their indexes.
type section struct {
	raw    *raw.Section
	spec   *Spec // that opened it
	base   *section
	store  store
	lookup lookup
	level  *level
	// refs counts the open Spec on this section and the open sections right above it.
	refs atomic.Int32

	longOnce sync.Once
	long     int // the size of the first INT that spells long, bases first; 0 if there is none

	anonymousOnce sync.Once
	anonymous     []uint64 // bit i: own type i is an anonymous struct, union or enum
}

// A store is what package store makes of a store.Store.
type store interface {
	Bytes() string
	Index(*raw.Section) error
	Names() raw.Names
	Info() Info
	Close() error
}

// A lookup is the part of a store that is called too often for a detour.
type lookup interface {
	AppendIDs(dst []TypeID, name string) []TypeID
}

// Parse reads the structure of raw BTF and returns a Spec that needs no backend. It holds a
// copy of data on the Go heap, and no index: each lookup by name reads every record. base is
// the Spec that data is split from, nil if data stands alone. The Spec need not be closed.
//
// Like every opener, it checks the header, the sections' bounds, and every record's kind, end
// and own name offset; it does not follow references, see Verify. Time and memory are linear in
// data. Errors are *[FormatError]s, or ErrClosed for a closed base.
func Parse(data []byte, base *Spec) (*Spec, error) {
	p := &plain{data: string(data)}
	return open(p, p, base, raw.Heap{})
}

// plain is a store without indexes.
type plain struct {
	data string
	sec  *raw.Section
}

func (p *plain) Bytes() string              { return p.data }
func (p *plain) Index(s *raw.Section) error { p.sec = s; return nil }
func (p *plain) Names() raw.Names           { return raw.Names{} }
func (p *plain) Info() Info {
	return Info{Backend: "plain", DataBytes: int64(len(p.data))}
}
func (p *plain) Close() error { p.data = ""; return nil }

func (p *plain) AppendIDs(dst []TypeID, name string) []TypeID {
	return raw.AppendIDs(dst, p.sec, name)
}

// open opens what s holds, and closes s on error.
func open(s store, l lookup, base *Spec, m raw.Memory) (*Spec, error) {
	sec := &section{store: s, lookup: l}
	err := sec.open(base, m)
	if err != nil {
		s.Close()
		return nil, err
	}
	sec.refs.Store(1)
	sec.raw.Owner = sec
	sec.level = newLevel(sec.raw, sec.base)
	own := TypeID(0)
	if base != nil {
		own = TypeID(sec.raw.First)
	}
	ends := &live{all: sec.level.covering(0), own: sec.level.covering(own)}
	spec := &Spec{raw: sec.raw, sec: sec, base: base, live: ends, levels: &ends.all}
	if base != nil {
		spec.chain = append(spec.chain, base.sec.spec.chain...)
	}
	spec.chain = append(spec.chain, sec)
	sec.spec = spec
	return spec, nil
}

func (s *section) open(base *Spec, m raw.Memory) error {
	var below *raw.Section
	if base != nil {
		if base.live.closed.Load() || !base.sec.retain() {
			return fmt.Errorf("base: %w", ErrClosed)
		}
		s.base, below = base.sec, base.raw
	}
	var err error
	s.raw, err = raw.Open(s.store.Bytes(), below, m, s.store.Info().Mapped)
	if err != nil {
		err = formatError(err)
	} else {
		err = s.store.Index(s.raw)
	}
	if err != nil && base != nil {
		s.base.release()
	}
	return err
}

// retain takes a reference, unless the last one is gone.
func (s *section) retain() bool {
	for {
		n := s.refs.Load()
		if n <= 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives up one reference. The last one closes the store, makes every view
// into the section answer like void, and releases the base.
func (s *section) release() error {
	if s.refs.Add(-1) > 0 {
		return nil
	}
	s.raw.Release()
	s.level = nil
	err := s.store.Close()
	if s.base != nil {
		err = errors.Join(err, s.base.release())
	}
	return err
}

// Close ends the use of s. Its bytes are released once the last Spec split from it is
// closed, too. After that, lookups return ErrClosed and views answer like void; names
// and ids that were handed out stay valid. Closing again does nothing.
func (s *Spec) Close() error {
	if s.live.closed.Swap(true) {
		return nil
	}
	s.live.all, s.live.own = level{}, level{}
	return s.sec.release()
}

// Base returns the Spec that s is split from, or nil.
func (s *Spec) Base() *Spec { return s.base }

// Own returns a Spec over the section of s alone. Its queries and iterators leave out the
// bases, and TypeByID returns ErrNotFound for ids of the bases. Own of a split Spec has no
// void. It shares Close with s; views that it returns still reach into the bases.
func (s *Spec) Own() *Spec {
	own := *s
	own.chain = s.chain[len(s.chain)-1:]
	own.levels = &s.live.own
	if s.base != nil {
		own.min = TypeID(s.raw.First)
	}
	return &own
}

// Info says where the bytes of the section are and what its backend holds. It is zero after
// Close.
func (s *Spec) Info() Info {
	if s.live.closed.Load() {
		return Info{}
	}
	return s.sec.store.Info()
}

// ByteOrder returns the section's byte order; a base may have the other.
func (s *Spec) ByteOrder() binary.ByteOrder {
	if s.raw.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// PointerSize returns the size of a pointer on the target, in bytes. BTF does not state it.
// As libbpf does, PointerSize takes the size of the first INT named "long" (in any of C's
// spellings), the base's first, and 8 if there is none. The scan runs at the first call, in
// time linear in the number of types, whatever their names; later calls cost nothing.
func (s *Spec) PointerSize() int { return s.sec.PointerSize() }

// PointerSize is Spec.PointerSize.
func (s *section) PointerSize() int {
	s.longOnce.Do(s.findLong)
	return cmp.Or(s.long, 8)
}

// findLong asks the base first, which scans once for all that is split from it.
func (s *section) findLong() {
	if s.base != nil {
		s.base.PointerSize()
		s.long = s.base.long
	}
	if s.long == 0 {
		s.long = sizeofLong(s.raw)
	}
}

// sizeofLong returns the size of the first own INT of 4 or 8 bytes that is some
// spelling of long, or 0.
func sizeofLong(s *raw.Section) int {
	for i := range s.Count {
		off := s.IDs.At(i)
		if raw.InfoKind(s.Word(off+4)) != raw.Int {
			continue
		}
		size := s.Word(off + 8)
		if (size == 4 || size == 8) && isLong(s.NamePrefix(s.Word(off), longest+1)) {
			return int(size)
		}
	}
	return 0
}

// longest is the length of the longest spelling of long, so that no more is read of a name.
const longest = len("long unsigned int")

// isLong knows the spellings in btf.c of libbpf, determine_ptr_size.
func isLong(name string) bool {
	switch name {
	case "long", "long int", "int long",
		"unsigned long", "long unsigned", "unsigned long int", "unsigned int long",
		"long unsigned int", "long int unsigned", "int unsigned long", "int long unsigned":
		return true
	}
	return false
}

// IDs returns the range of ids that s covers: from first up to, but not including, end. A
// Spec that stands alone starts with 0, void.
func (s *Spec) IDs() (first, end TypeID) { return s.min, TypeID(s.raw.End()) }

// AppendIDsByName appends the ids of all types with the name to dst. "" finds the anonymous
// structs, unions, enums and enum64s. Finding nothing is no error; ErrClosed is the only one.
// It allocates to grow dst. The first lookup by name, and the first of anonymous types, may
// also build an index and allocate for it. The cost depends on the backend, and is at most
// linear in the input.
func (s *Spec) AppendIDsByName(dst []TypeID, name string, kinds ...Kind) ([]TypeID, error) {
	if s.live.closed.Load() {
		return dst, ErrClosed
	}
	n := len(dst)
	for _, sec := range s.chain {
		if name == "" {
			dst = sec.appendAnonymous(dst)
		} else {
			dst = sec.lookup.AppendIDs(dst, name)
		}
	}
	if len(kinds) > 0 {
		dst = s.keepKinds(dst, n, kinds)
	}
	return dst, nil
}

// keepKinds drops from ids, from index n on, those of other kinds.
func (s *Spec) keepKinds(ids []TypeID, n int, kinds []Kind) []TypeID {
	for _, id := range ids[n:] {
		if typeByID(s.raw, id).isOneOf(kinds) {
			ids[n] = id
			n++
		}
	}
	return ids[:n]
}

// IDsByName returns the ids of all types with the name, as AppendIDsByName does.
func (s *Spec) IDsByName(name string, kinds ...Kind) ([]TypeID, error) {
	return s.AppendIDsByName(nil, name, kinds...)
}

// TypesByName ranges over the types with the name. It is empty after Close.
func (s *Spec) TypesByName(name string, kinds ...Kind) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		buf := idBuffers.Get().(*[]TypeID)
		*buf, _ = s.AppendIDsByName((*buf)[:0], name)
		s.yieldTypes(*buf, kinds, yield)
		idBuffers.Put(buf) // if yield panics, the collector takes it
	}
}

// yieldTypes stops, too, if the loop's body closes s.
func (s *Spec) yieldTypes(ids []TypeID, kinds []Kind, yield func(Type) bool) {
	for _, id := range ids {
		t := typeByID(s.raw, id)
		if t.IsVoid() || t.isOneOf(kinds) && !yield(t) {
			return
		}
	}
}

// TypeByName returns the type with the name that has one of the given kinds, if any are
// given; of several such types, the one with the lowest id. It fails with ErrClosed or a
// *[NotFoundError]. It does not allocate unless it fails.
func (s *Spec) TypeByName(name string, kinds ...Kind) (Type, error) {
	buf := idBuffers.Get().(*[]TypeID)
	defer idBuffers.Put(buf)
	var err error
	if *buf, err = s.AppendIDsByName((*buf)[:0], name); err != nil {
		return Type{}, err
	}
	for _, id := range *buf {
		if t := typeByID(s.raw, id); t.isOneOf(kinds) {
			return t, nil
		}
	}
	missing := &NotFoundError{Name: name, Kinds: slices.Clone(kinds)}
	for _, id := range *buf {
		missing.addFound(typeByID(s.raw, id).Kind())
	}
	return Type{}, missing
}

func (t Type) isOneOf(kinds []Kind) bool {
	k := t.Kind()
	for _, want := range kinds {
		if k == want {
			return true
		}
	}
	return len(kinds) == 0
}

// idBuffers holds []TypeID for queries that need the ids only in passing.
var idBuffers = sync.Pool{New: func() any { return new([]TypeID) }}

// appendAnonymous appends the ids of the own anonymous structs, unions and enums.
func (s *section) appendAnonymous(dst []TypeID) []TypeID {
	for w, word := range s.anonymousTypes() {
		dst = appendBits(dst, s.raw.First+uint32(w*64), word)
	}
	return dst
}

// appendBits appends first+i for each bit i of word, ascending.
func appendBits(dst []TypeID, first uint32, word uint64) []TypeID {
	for ; word != 0; word &= word - 1 {
		dst = append(dst, TypeID(first+uint32(bits.TrailingZeros64(word))))
	}
	return dst
}

// anonymousTypes returns a bitmap of the own anonymous structs, unions and enums, which
// takes a pass over the headers at the first call.
func (s *section) anonymousTypes() []uint64 {
	s.anonymousOnce.Do(func() { s.anonymous = s.raw.AnonymousTypes() })
	return s.anonymous
}
