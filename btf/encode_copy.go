package btf

import (
	"encoding/binary"
	"fmt"
)

// CopyOptions configures NewBuilderFrom. The zero value keeps everything.
type CopyOptions struct {
	// Order is the byte order to write; nil is that of the source.
	Order binary.ByteOrder
	// RebuildStrings writes a new string section that holds what the types use, each
	// string once, in the order of first use. Otherwise the source's strings are
	// copied as they are, unused ones included, and no name offset changes. It fails if
	// strings overlap so much that writing each whole is out of proportion to the input;
	// see Section.NameBudget.
	RebuildStrings bool
	// AddLayout writes a layout section if the source has none; DropLayout leaves the
	// source's out, and wins if both are set.
	AddLayout, DropLayout bool
}

// NewBuilderFrom returns a Builder that holds the types of spec's own section, with the
// same ids on the same base, to be written again or added to. If the source is laid
// out as a Builder does, Bytes returns the same bytes; else the same types without the
// gaps. With Order it swaps bytes.
//
// What this package does not understand cannot be written again: unknown header bytes
// and kinds fail with ErrUnsupported. References to types and strings that do not exist
// fail, too. The limits are LimitsFormat. It takes time and memory linear in the section.
// spec may be closed afterwards, its base once the Builder is done.
func NewBuilderFrom(spec *Spec, o CopyOptions) *Builder {
	if spec.closed.Load() {
		return &Builder{err: ErrClosed}
	}
	sec := spec.sec
	bigEndian := sec.bigEndian
	if o.Order != nil {
		bigEndian = o.Order.Uint16([]byte{1, 0}) != 1
	}
	b := NewBuilder(BuilderOptions{BigEndian: bigEndian, Base: spec.base,
		Layout: o.AddLayout && !o.DropLayout, Limits: LimitsFormat})
	if b.err != nil {
		return b
	}
	if sec.header.UnknownTail {
		b.err = fmt.Errorf("btf: header with unknown fields: %w", ErrUnsupported)
		return b
	}
	if !o.DropLayout {
		b.copyLayout(sec)
	}
	names, limit := b.keepName, b.limits.nameOffset
	if o.RebuildStrings {
		names = b.copyOnce()
		budget := max(uint64(sec.NameBudget()), 1<<20) // a small input may do as it likes
		b.limits.nameOffset = min(limit, uint64(sec.strStart)+budget)
	} else {
		b.strings.bytes = []byte(sec.strs)
	}
	b.types = make([]byte, 0, len(sec.types))
	for i := range sec.Len() {
		b.copyType(sec.TypeAt(i), nil, names)
	}
	b.limits.nameOffset = limit
	return b
}

// copyOnce is copyName that reads the string at each offset once. Together with a limit on
// what is added, that keeps it linear in the input when strings overlap.
func (b *Builder) copyOnce() func(*Section, uint32) uint32 {
	copied := make(map[uint32]uint32)
	return func(sec *Section, off uint32) uint32 {
		to, ok := copied[off]
		if !ok {
			to = b.copyName(sec, off)
			copied[off] = to
		}
		return to
	}
}

// copyLayout takes over the layout section as it is, what it says about unknown kinds
// included: no type is of such a kind, or copying fails.
func (b *Builder) copyLayout(sec *Section) {
	layout := sec.header.layout(sec.data)
	if len(layout) == 0 {
		return
	}
	if len(layout)%4 != 0 {
		b.err = fmt.Errorf("btf: layout section of %d bytes, not a multiple of 4: %w",
			len(layout), ErrUnsupported)
		return
	}
	b.layout = []byte(layout)
	if sec.bigEndian != b.options.BigEndian {
		for i := 0; i < len(b.layout); i += 4 {
			b.layout[i+2], b.layout[i+3] = b.layout[i+3], b.layout[i+2]
		}
	}
	b.trailers = *sec.trailers
}

// Copy adds a type of any open Spec, with ids saying which id stands here for each that
// the record refers to; nil keeps them. Its strings are added as those of other types.
// Void, a kind that this package does not know, and references to strings that do not
// exist are errors. Its cost is linear in the record and in the lengths of its strings,
// which in hostile input may overlap.
func (b *Builder) Copy(t Type, ids func(ID) ID) ID { return b.copyType(t, ids, b.copyName) }

func (b *Builder) copyType(t Type, ids func(ID) ID, names func(*Section, uint32) uint32) ID {
	if b.err != nil {
		return 0
	}
	kind, info := t.Kind(), t.info()
	b.at = place{kind: kind, id: b.NextID(), source: t}
	if kind == KindVoid || kind > lastKind {
		b.fail(fmt.Errorf("copy of a record of kind %d: %w", kind, ErrUnsupported))
		return 0
	}
	tr := builtinTrailers[kind]
	r, step := kind.references(), uint32(tr.elem)/4
	third := t.word(2)
	if r.header {
		third = b.mapID(ID(third), ids)
	}
	b.header(names(t.sec, t.word(0)), kind, infoFlag(info), int(infoVlen(info)), third)
	for i := range uint32(tr.info) / 4 {
		w := t.word(3 + i)
		if i+3 == uint32(r.fixed[0]) || i+3 == uint32(r.fixed[1]) {
			w = b.mapID(ID(w), ids)
		}
		b.word(w)
	}
	if step == 0 {
		return b.end()
	}
	e := element{t.sec, t.off + headerSize}
	for i := range infoVlen(info) {
		b.element(r.description, int(i), "")
		for j := range step {
			w := e.word(j)
			switch j {
			case uint32(r.name):
				w = names(t.sec, w)
			case uint32(r.id):
				w = b.mapID(ID(w), ids)
			}
			b.word(w)
		}
		e.off += step * 4
	}
	return b.end()
}

// mapID is ref for a word of the source.
func (b *Builder) mapID(id ID, ids func(ID) ID) uint32 {
	if ids != nil {
		id = ids(id)
	}
	return b.use(id)
}

// keepName checks a name offset of the source and keeps it.
func (b *Builder) keepName(sec *Section, off uint32) uint32 {
	if off >= max(sec.strEnd(), 1) {
		b.fail(fmt.Errorf("name offset %#x beyond the strings' end %#x: %w",
			off, sec.strEnd(), ErrCorrupt))
	}
	return off
}

// copyName adds the string that a name offset of the source means.
func (b *Builder) copyName(sec *Section, off uint32) uint32 {
	return b.intern(sec.nameBytes(b.keepName(sec, off)))
}
