package builder

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// CopyOptions configures From. The zero value keeps everything.
type CopyOptions struct {
	// ByteOrder is the byte order to write; nil means the byte order of the source.
	ByteOrder binary.ByteOrder
	// RebuildStrings writes a new string section that holds what the types use, each string
	// once, in the order of first use. Otherwise the source's strings are copied as they
	// are, unused ones included, and no name offset changes. It fails on overlapping
	// strings, as Copy does.
	RebuildStrings bool
	// SortByName orders the types by the bytes of their names, as kernels from Linux 7.0 on are:
	// types without a name come first, and equal names keep their order. Readers then search for
	// a name instead of looking at all. Ids change, also those that a .BTF.ext beside the source
	// refers to. It fails on overlapping names, as Copy does.
	SortByName bool
	// Layout says what to do about the layout section.
	Layout Layout
}

// Layout says what a copy does about the layout section.
type Layout uint8

const (
	// KeepLayout copies the source's layout section, if it has one.
	KeepLayout Layout = iota
	// AddLayout writes one if the source has none.
	AddLayout
	// DropLayout leaves out the source's layout section.
	DropLayout
)

// From returns a Builder that holds the types of spec's own section, with the same ids on
// the same base, to be written again or added to. If the source has the layout that a
// Builder writes, Bytes returns the same bytes; else it returns the same types without the
// gaps. With another ByteOrder it swaps bytes.
//
// It fails with btf.ErrUnsupported for header bytes and kinds that this package does not
// know, and fails for references to types and strings that do not exist. The limits are
// LimitsFormat. Time and memory are linear in the section. spec may be closed afterwards;
// its base must stay open until the Builder is done.
func From(spec *btf.Spec, o CopyOptions) *Builder {
	if btf.Internal.Closed(spec) {
		return &Builder{err: btf.ErrClosed}
	}
	sec := btf.Internal.Section(spec)
	order := o.ByteOrder
	if order == nil {
		order = spec.ByteOrder()
	}
	b := New(Options{ByteOrder: order, Base: spec.Base(),
		Layout: o.Layout == AddLayout, Limits: LimitsFormat})
	if b.err != nil {
		return b
	}
	if sec.Header.UnknownTail {
		b.err = fmt.Errorf("btf: header with unknown fields: %w", btf.ErrUnsupported)
		return b
	}
	if o.Layout != DropLayout {
		b.copyLayout(sec)
	}
	names := b.copyName
	if !o.RebuildStrings {
		names = b.keepName
		b.strings.bytes = []byte(sec.Strs)
	}
	b.types = make([]byte, 0, len(sec.Types))
	if o.SortByName {
		types, ids := b.sortByName(sec, spec)
		for _, t := range types {
			b.copyType(t, ids, names)
		}
		return b
	}
	for _, t := range spec.Own().All() {
		if !t.IsVoid() {
			b.copyType(t, nil, names)
		}
	}
	return b
}

// copyLayout takes over the layout section as it is, what it says about unknown kinds
// included: no type is of such a kind, or copying fails.
func (b *Builder) copyLayout(sec *raw.Section) {
	layout := sec.Header.LayoutBytes(sec.Data)
	if len(layout) == 0 {
		return
	}
	if len(layout)%4 != 0 {
		b.err = fmt.Errorf("btf: layout section of %d bytes, not a multiple of 4: %w",
			len(layout), btf.ErrUnsupported)
		return
	}
	b.layout = []byte(layout)
	if sec.BigEndian != b.big {
		for i := 0; i < len(b.layout); i += 4 {
			b.layout[i+2], b.layout[i+3] = b.layout[i+3], b.layout[i+2]
		}
	}
	b.trailers = *sec.Trailers
}

// Copy adds a type of any open Spec. ids maps each id that the record refers to, to an id of this
// Builder; nil keeps the ids. Copy adds the strings of the type as for other types. It fails for
// void, for a kind that this package does not know, and for references to strings that do not
// exist.
//
// A string that lies in the middle of another is written whole, too. If that makes the output much
// larger than the input, which no compiler causes, Copy fails with btf.ErrUnsupported. So copying
// all types of a section takes time and memory linear in it and the sections below it.
func (b *Builder) Copy(t btf.Type, ids func(btf.TypeID) btf.TypeID) btf.TypeID {
	return b.copyType(t, ids, b.copyName)
}

func (b *Builder) copyType(t btf.Type, ids func(btf.TypeID) btf.TypeID,
	names func(*raw.Section, uint32) uint32) btf.TypeID {
	if b.err != nil {
		return 0
	}
	sec, off := btf.Internal.Record(t)
	b.at = place{kind: t.Kind(), id: b.NextID(), source: t}
	kind := raw.Kind(t.Kind())
	if kind == raw.Void || kind > raw.LastKind {
		b.fail(fmt.Errorf("copy of a record of kind %d: %w", kind, btf.ErrUnsupported))
		return 0
	}
	info, trailer, r := sec.Word(off+4), raw.Builtin[kind], kind.References()
	third := sec.Word(off + 8)
	if r.Header {
		third = b.mapID(btf.TypeID(third), ids)
	}
	b.header(names(sec, sec.Word(off)), t.Kind(), raw.InfoFlag(info), int(raw.InfoVlen(info)), third)
	for i := range uint32(trailer.Info) / 4 {
		w := sec.Word(off + 4*(3+i))
		if i+3 == uint32(r.Fixed[0]) || i+3 == uint32(r.Fixed[1]) {
			w = b.mapID(btf.TypeID(w), ids)
		}
		b.word(w)
	}
	step := uint32(trailer.Elem) / 4
	if step == 0 {
		return b.end()
	}
	at := off + raw.HeaderSize
	for i := range raw.InfoVlen(info) {
		b.element(r.Element, int(i), "")
		for j := range step {
			w := sec.Word(at + 4*j)
			switch j {
			case uint32(r.Name):
				w = names(sec, w)
			case uint32(r.ID):
				w = b.mapID(btf.TypeID(w), ids)
			}
			b.word(w)
		}
		at += step * 4
	}
	return b.end()
}

// mapID is ref for a word of the source.
func (b *Builder) mapID(id btf.TypeID, ids func(btf.TypeID) btf.TypeID) uint32 {
	if ids != nil {
		id = ids(id)
	}
	return b.use(id)
}

// keepName checks a name offset of the source and keeps it.
func (b *Builder) keepName(sec *raw.Section, off uint32) uint32 {
	if off >= max(sec.StrEnd(), 1) {
		b.fail(fmt.Errorf("name offset %#x beyond the strings' end %#x: %w",
			off, sec.StrEnd(), btf.ErrCorrupt))
	}
	return off
}

// A source is a section whose strings are copied.
type source struct {
	long map[uint32]uint32 // where its long strings are now, by logical offset
	left int64             // how many more bytes of long strings may be read
}

const (
	// longName is how long a string is at least that is looked up by its offset before it is
	// read. Of kernels, hardly any is.
	longName = 64
	// minLeft is what may be read of any section.
	minLeft = 1 << 20
)

var errOverlap = fmt.Errorf("names that overlap too much to be written whole: %w",
	btf.ErrUnsupported)

// copyName adds the string that a name offset of the source means. It reads a long string once,
// and of all long ones together no more than four times the bytes of the section's strings.
func (b *Builder) copyName(sec *raw.Section, off uint32) uint32 {
	off = b.keepName(sec, off)
	if b.err != nil {
		return 0
	}
	sec = sec.Storing(off)
	name := sec.NamePrefix(off, longName)
	if len(name) < longName {
		return b.internFrom(sec, name)
	}
	src := b.sources[sec]
	if src == nil {
		src = &source{make(map[uint32]uint32), max(4*int64(len(sec.Strs)), minLeft)}
		if b.sources == nil {
			b.sources = make(map[*raw.Section]*source)
		}
		b.sources[sec] = src
	}
	to, ok := src.long[off]
	if ok {
		return to
	}
	name = sec.NameBytes(off)
	if src.left -= int64(len(name)); src.left < 0 {
		b.fail(errOverlap)
		return 0
	}
	to = b.internFrom(sec, name)
	src.long[off] = to
	return to
}

// internFrom is intern for a string in the bytes of sec, which may vanish.
func (b *Builder) internFrom(sec *raw.Section, s string) uint32 {
	if sec.CopyNames {
		if off, ok := b.strings.find(s); ok {
			return off
		}
		s = strings.Clone(s)
	}
	return b.intern(s)
}
