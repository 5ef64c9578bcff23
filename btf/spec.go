package btf

import (
	"encoding/binary"
	"fmt"
	"iter"
	"sync/atomic"
)

// A Spec answers queries about a section of BTF on top of its bases, or, see Own,
// about that section alone. It is immutable once opened and safe for concurrent use;
// only Close must not run beside other calls. Backends open Specs, as cache.Open does; a
// Spec may be the base of any number of others, in any backend. That the base is the right
// one, of the same build, cannot be told from the format: with another, names are garbage
// and references mean other types. See Collection, which looks for the signs.
type Spec struct {
	sec   *Section
	chain []*Section // what queries cover, the root first
	min   ID         // the lowest id covered
	base  *Spec
	// closed is shared by a Spec and its Own.
	closed *atomic.Bool
}

// Options is what a backend hands to Open besides itself.
type Options struct {
	// Base is what the section is split from; nil if it stands alone.
	Base *Spec
	// Alloc returns zeroed memory for the id table, once, which must stay valid
	// until the backend's Close; nil means the Go heap.
	Alloc func(words int) []uint32
}

// Open is what backends call; to open a file, call a backend's Open or package elfx. It
// reads the structure of b's bytes and returns a Spec that owns b. It checks the
// header, the sections' bounds, and every record's kind, end and own name offset; it
// does not follow references, see Verify. Its cost is linear in the number of types.
// On error, a *FormatError if the bytes are at fault, b is closed.
func Open(b Backend, o Options) (*Spec, error) {
	spec, err := open(b, o)
	if err != nil {
		b.Close()
		return nil, err
	}
	return spec, nil
}

func open(b Backend, o Options) (*Spec, error) {
	var base *Section
	if o.Base != nil {
		if base = o.Base.sec; o.Base.closed.Load() || !base.retain() {
			return nil, fmt.Errorf("base: %w", ErrClosed)
		}
	}
	sec, err := newSection(b, base, o.Alloc)
	if err == nil {
		err = b.Index(sec)
	}
	if err != nil {
		if base != nil {
			base.release()
		}
		return nil, err
	}
	sec.refs.Store(1)
	return &Spec{sec: sec, chain: sec.chain, base: o.Base, closed: new(atomic.Bool)}, nil
}

// retain takes a reference, unless the last one is gone.
func (s *Section) retain() bool {
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

// Close ends the use of s. Its bytes are released once the last Spec split from it is
// closed, too. After that, lookups return ErrClosed and views answer like void; names
// and ids that were handed out stay valid. Closing again does nothing.
func (s *Spec) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.sec.release()
}

// Base returns the Spec that s is split from, or nil.
func (s *Spec) Base() *Spec { return s.base }

// Own returns a Spec over the section of s alone: ids, names, matches and iteration
// leave out the bases, whose ids are ErrNotFound. Own of a split Spec has no void. It
// shares Close with s; views that it returns still reach into the bases.
func (s *Spec) Own() *Spec {
	own := *s
	own.chain = s.sec.chain[len(s.sec.chain)-1:]
	if s.sec.base != nil {
		own.min = s.sec.first
	}
	return &own
}

// Section returns the section itself, without the bases.
func (s *Spec) Section() *Section { return s.sec }

// Sections returns the sections that queries cover, the root first. The caller must not
// change the slice.
func (s *Spec) Sections() []*Section { return s.chain }

// Info says where the bytes of the section are and what its backend holds; zero after
// Close.
func (s *Spec) Info() Info {
	if s.closed.Load() {
		return Info{}
	}
	return s.sec.backend.Info()
}

// ByteOrder returns the section's byte order; a base may have the other.
func (s *Spec) ByteOrder() binary.ByteOrder {
	if s.sec.bigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// PointerSize returns the target's pointer size in bytes; see Section.PointerSize.
func (s *Spec) PointerSize() int { return s.sec.PointerSize() }

// IDs returns the ids covered: first and the one behind the last. A Spec that stands
// alone starts with 0, void.
func (s *Spec) IDs() (first, end ID) { return s.min, s.sec.end() }

// TypeByID returns the type with the id; void for 0. It returns ErrNotFound or
// ErrClosed, bare, and does not allocate.
func (s *Spec) TypeByID(id ID) (Type, error) {
	if s.closed.Load() {
		return Type{}, ErrClosed
	}
	// Most ids are the section's own. (Below its first, the difference wraps.)
	if i := uint32(id - s.sec.first); i < s.sec.count {
		return Type{s.sec, s.sec.ids.at(i), id}, nil
	}
	if id >= s.min {
		if t, ok := s.sec.byID(id); ok {
			return t, nil
		}
	}
	return Type{}, ErrNotFound
}

// AppendIDs appends the ids of all types with the name to dst, ascending, which puts
// the base first. "" finds the anonymous structs, unions, enums and enum64s. Finding
// nothing is no error. It allocates to grow dst, and once for what the backend builds at its
// first lookup by name, or for the anonymous types; its cost is the backend's.
func (s *Spec) AppendIDs(dst []ID, name string) ([]ID, error) {
	if s.closed.Load() {
		return dst, ErrClosed
	}
	for _, sec := range s.chain {
		if name == "" {
			dst = sec.appendAnonymous(dst)
		} else {
			dst = sec.backend.AppendIDs(dst, sec, name)
		}
	}
	return dst, nil
}

// IDsByName returns the ids of all types with the name, as AppendIDs does.
func (s *Spec) IDsByName(name string) ([]ID, error) { return s.AppendIDs(nil, name) }

// Named ranges over the types with the name, of the given kinds, or of any kind if none is
// given, in the order of AppendIDs. It is empty after Close.
func (s *Spec) Named(name string, kinds ...Kind) iter.Seq[Type] {
	return func(yield func(Type) bool) {
		buf := idBuffers.Get().(*[]ID)
		*buf, _ = s.AppendIDs((*buf)[:0], name)
		s.yieldTypes(*buf, kinds, yield)
		idBuffers.Put(buf) // if yield panics, the collector takes it
	}
}

// yieldTypes stops, too, if the loop's body closes s.
func (s *Spec) yieldTypes(ids []ID, kinds []Kind, yield func(Type) bool) {
	for _, id := range ids {
		t, ok := s.sec.byID(id)
		if !ok || t.isOneOf(kinds) && !yield(t) {
			return
		}
	}
}

// TypeByName returns the type with the name and the lowest id among those of the given
// kinds, of any kind if none is given. It returns ErrNotFound or ErrClosed, bare.
func (s *Spec) TypeByName(name string, kinds ...Kind) (Type, error) {
	buf := idBuffers.Get().(*[]ID)
	defer idBuffers.Put(buf)
	var err error
	if *buf, err = s.AppendIDs((*buf)[:0], name); err != nil {
		return Type{}, err
	}
	for _, id := range *buf {
		if t, _ := s.sec.byID(id); t.isOneOf(kinds) {
			return t, nil
		}
	}
	return Type{}, ErrNotFound
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

// All ranges over all types by ascending id, void included if it is covered. It is
// empty after Close and does not allocate.
func (s *Spec) All() iter.Seq2[ID, Type] {
	return func(yield func(ID, Type) bool) {
		if s.closed.Load() || s.min == 0 && !yield(0, Type{}) {
			return
		}
		for _, sec := range s.chain {
			if !sec.yieldAll(yield) {
				return
			}
		}
	}
}

// yieldAll yields all own types. It stops, too, if the loop's body closes the section.
func (s *Section) yieldAll(yield func(ID, Type) bool) bool {
	var offs [blockLen]uint32
	for i := uint32(0); i < s.count; i += blockLen {
		s.ids.block(i, &offs)
		for k, off := range offs[:min(blockLen, s.count-i)] {
			id := s.first + ID(i) + ID(k)
			if s.count == 0 || !yield(id, Type{s, off, id}) {
				return false
			}
		}
	}
	return true
}
