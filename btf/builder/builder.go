// Package builder writes BTF: new types, or types of BTF that was read before.
//
//	b := builder.New(builder.Options{})
//	integer := b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
//	b.Struct("point", 8, builder.Member{Name: "x", Type: integer},
//		builder.Member{Name: "y", Type: integer, BitOffset: 32})
//	data, err := b.Bytes()
//
// The documentation of package btf describes the format.
package builder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Builder writes one section of BTF: a base, or one split from a base. Methods named for the
// kinds add a type each and return its id; ids are assigned in order, from 1 or from where the
// base ends. A type may refer to a type that is added later; NextID tells the ids to come.
//
// A Builder checks what the format cannot hold, and fails instead of cutting a value short. It
// does not check what a kernel checks beyond that: a struct may end before its members do.
//
// The first error sticks: later calls do nothing and return 0, and Err and Bytes
// report it. A Builder must not be used concurrently. Adding a type takes time and
// memory linear in its record and its strings.
type Builder struct {
	order    binary.AppendByteOrder
	big      bool // order is big-endian
	options  Options
	trailers raw.Trailers
	// layout is the section to write, in the Builder's byte order; nil if there is none.
	layout []byte

	types   []byte
	strings stringTable
	sources map[*raw.Section]*source // that Copy was given types of, if they have long names
	first   btf.TypeID
	count   uint32

	at     place      // what is being written
	maxRef btf.TypeID // the highest id that anything refers to
	refAt  place      // and where
	err    error      // the first one
	limits limits     // of options.Limits
}

// Options configures New. The zero value writes a little-endian base that
// every kernel can read.
type Options struct {
	// ByteOrder is the byte order to write; nil means little-endian. The base may have the
	// other byte order.
	ByteOrder binary.ByteOrder
	// Base is what the section is split from; nil if it stands alone. It may be closed
	// once the Builder is done.
	Base *btf.Spec
	// Layout writes a layout section (Linux 7.1), which tells old readers the sizes of
	// kinds that they do not know, and with it a header of 32 bytes instead of 24.
	Layout bool
	// Limits says how far the section may grow.
	Limits Limits
}

// Limits is a set of limits on what a Builder writes.
type Limits uint8

const (
	// LimitsKernel is what every kernel reads right: 65,535 elements a type, ids up to
	// 1,048,574 (one below BTF_MAX_TYPE, as the kernel counts), and string offsets up to
	// BTF_MAX_NAME_OFFSET (0xffffff). Types and strings of the base count.
	LimitsKernel Limits = iota
	// LimitsKernel72 is LimitsKernel with vlen's 24 bits of Linux 7.2: 16,777,215
	// elements a type. Older readers take vlen modulo 65,536 and misread the rest.
	LimitsKernel72
	// LimitsFormat is what the fields can hold: 24 bits of vlen, 32 bits of ids and
	// offsets. No kernel loads a section beyond its own limits, but this package and libbpf
	// do.
	LimitsFormat
)

type limits struct {
	vlen, nameOffset uint64
	id               uint64
}

func (l Limits) values() limits {
	v := limits{vlen: 0xffff, nameOffset: 0xffffff, id: 0xffffe}
	if l >= LimitsKernel72 {
		v.vlen = 0xffffff
	}
	if l >= LimitsFormat {
		v.nameOffset, v.id = math.MaxUint32-1, math.MaxUint32-1
	}
	return v
}

// An Error says which type a Builder could not write.
type Error struct {
	// ID, Kind and Name identify the type.
	ID   btf.TypeID
	Kind btf.Kind
	Name string
	// Err is the cause.
	Err error
}

// Error returns a line such as
// `btf: type 17 STRUCT "s": member 2 "x": bitfield size 300 exceeds 8 bits`. It cuts long names.
func (e *Error) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("btf: type %d %v: %v", e.ID, e.Kind, e.Err)
	}
	return fmt.Sprintf("btf: type %d %v %s: %v", e.ID, e.Kind, raw.Quote(e.Name), e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// place is where the Builder is, for errors: a type and, within it, an element.
type place struct {
	kind     btf.Kind
	id       btf.TypeID
	name     string
	source   btf.Type // that is copied, which has the name then
	part     string   // "member"; "" outside elements
	index    int
	partName string
}

func (p *place) error(err error) error {
	switch {
	case p.part != "" && p.partName != "":
		err = fmt.Errorf("%s %d %s: %w", p.part, p.index, raw.Quote(p.partName), err)
	case p.part != "":
		err = fmt.Errorf("%s %d: %w", p.part, p.index, err)
	}
	name := p.name
	if name == "" {
		name = p.source.Name()
	}
	return &Error{ID: p.id, Kind: p.kind, Name: name, Err: err}
}

// New returns a Builder without types. A closed base makes it fail with btf.ErrClosed.
func New(o Options) *Builder {
	b := &Builder{order: binary.LittleEndian, options: o, first: 1,
		trailers: raw.Builtin, limits: o.Limits.values()}
	if b.big = isBigEndian(o.ByteOrder); b.big {
		b.order = binary.BigEndian
	}
	if o.Base != nil {
		if btf.Internal.Closed(o.Base) {
			b.err = fmt.Errorf("base: %w", btf.ErrClosed)
			return b
		}
		base := btf.Internal.Section(o.Base)
		b.first, b.trailers = btf.TypeID(base.End()), *base.Trailers
		b.strings.base, b.strings.start = base, base.StrEnd()
	}
	if b.strings.start == 0 {
		b.strings.bytes = []byte{0}
	}
	if o.Layout {
		for k := range raw.LastKind + 1 {
			b.layout = appendLayout(b.layout, raw.Builtin[k])
		}
	}
	return b
}

// appendLayout appends one struct btf_layout. Its u16 of flags is unused, so that the
// byte order does not matter.
func appendLayout(dst []byte, t raw.Trailer) []byte { return append(dst, t.Info, t.Elem, 0, 0) }

// isBigEndian says which of the two byte orders it is, whatever the type; nil is little-endian.
func isBigEndian(order binary.ByteOrder) bool {
	return order != nil && order.Uint16([]byte{1, 0}) != 1
}

// Err returns the first error, or nil.
func (b *Builder) Err() error { return b.err }

// NextID returns the id of the type that is added next.
func (b *Builder) NextID() btf.TypeID { return b.first + btf.TypeID(b.count) }

// fail keeps the first error.
func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = b.at.error(err)
	}
}

// begin writes a record's header and reports whether there is no error so far; end
// must follow after the trailer.
func (b *Builder) begin(kind btf.Kind, name string, flag bool, vlen int, word uint32) bool {
	if b.err != nil {
		return false
	}
	b.at = place{kind: kind, id: b.NextID(), name: name}
	if name != "" && !kind.HasName() {
		b.fail(errors.New("a name, which this kind does not have"))
	}
	b.header(b.intern(name), kind, flag, vlen, word)
	return b.err == nil
}

// header writes the three words that start a record, once they are known to fit.
func (b *Builder) header(name uint32, kind btf.Kind, flag bool, vlen int, word uint32) {
	switch {
	case uint64(vlen) > b.limits.vlen:
		b.fail(fmt.Errorf("vlen %d exceeds %d", vlen, b.limits.vlen))
	case uint64(b.first)+uint64(b.count) > b.limits.id:
		b.fail(fmt.Errorf("type id exceeds %d", b.limits.id))
	}
	info := uint32(vlen) | uint32(kind)<<24
	if flag {
		info |= 1 << 31
	}
	b.word(name)
	b.word(info)
	b.word(word)
}

// end completes a record and returns its id.
func (b *Builder) end() btf.TypeID {
	b.at.part, b.at.partName = "", ""
	if uint64(len(b.types)) > math.MaxUint32 {
		b.fail(fmt.Errorf("type section of %d bytes exceeds 32 bits", len(b.types)))
	}
	if b.err != nil {
		return 0
	}
	b.count++
	return b.at.id
}

// element says which element the words that follow belong to.
func (b *Builder) element(part string, index int, name string) {
	b.at.part, b.at.index, b.at.partName = part, index, name
}

func (b *Builder) word(w uint32) { b.types = b.order.AppendUint32(b.types, w) }

func (b *Builder) name(s string) { b.word(b.intern(s)) }

// ref writes a reference to a type, which must exist once the section is complete.
func (b *Builder) ref(id btf.TypeID) { b.word(b.use(id)) }

func (b *Builder) use(id btf.TypeID) uint32 {
	if id > b.maxRef {
		b.maxRef, b.refAt = id, b.at
	}
	return uint32(id)
}

// intern returns the offset of s in the strings, to which it adds s if need be.
func (b *Builder) intern(s string) uint32 {
	off, err := b.strings.add(s, b.limits.nameOffset)
	if err != nil {
		b.fail(err)
	}
	return off
}

// Intern returns the offset of a string, for a RawType. It adds the string unless it is
// there.
func (b *Builder) Intern(s string) uint32 {
	if b.err != nil {
		return 0
	}
	off, err := b.strings.add(s, b.limits.nameOffset)
	if err != nil {
		b.err = fmt.Errorf("btf: %w", err)
	}
	return off
}

// Bytes returns the section: header, types, layout if asked for, strings, without gaps. It
// fails if a type refers to a type that does not exist, and with the first error of an
// earlier call. More types may be added afterwards. It copies the section once.
func (b *Builder) Bytes() ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	if b.maxRef >= b.NextID() {
		return nil, b.refAt.error(fmt.Errorf("reference to type %d, but the last one is %d",
			b.maxRef, b.NextID()-1))
	}
	size := uint64(len(b.types)) + uint64(len(b.layout)) + uint64(len(b.strings.bytes))
	if size > math.MaxUint32 {
		return nil, fmt.Errorf("btf: sections of %d bytes exceed 32 bits", size)
	}
	out := make([]byte, 0, raw.LayoutHeaderLen+size)
	out = b.appendHeader(out)
	out = append(out, b.types...)
	out = append(out, b.layout...)
	return append(out, b.strings.bytes...), nil
}

// appendHeader appends struct btf_header; see package raw.
func (b *Builder) appendHeader(dst []byte) []byte {
	types, layout := uint32(len(b.types)), uint32(len(b.layout))
	u32 := func(words ...uint32) {
		for _, w := range words {
			dst = b.order.AppendUint32(dst, w)
		}
	}
	dst = b.order.AppendUint16(dst, raw.Magic)
	dst = append(dst, raw.Version, 0)
	if b.layout == nil {
		u32(raw.MinHeaderLen, 0, types, types, uint32(len(b.strings.bytes)))
		return dst
	}
	u32(raw.LayoutHeaderLen, 0, types, types+layout, uint32(len(b.strings.bytes)), types, layout)
	return dst
}
