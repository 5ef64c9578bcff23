package builder

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Int adds an INT of size bytes.
func (b *Builder) Int(name string, size uint32, i btf.Int) btf.TypeID {
	if !b.begin(btf.KindInt, name, false, 0, size) {
		return 0
	}
	if i.Encoding > 0xf {
		b.fail(fmt.Errorf("encoding %#x exceeds 4 bits", uint8(i.Encoding)))
	}
	b.word(uint32(i.Encoding)<<24 | uint32(i.Offset)<<16 | uint32(i.Bits))
	return b.end()
}

// Float adds a FLOAT of size bytes.
func (b *Builder) Float(name string, size uint32) btf.TypeID {
	if !b.begin(btf.KindFloat, name, false, 0, size) {
		return 0
	}
	return b.end()
}

// typed adds a record whose only content is a reference.
func (b *Builder) typed(kind btf.Kind, name string, flag bool, vlen int, target btf.TypeID,
) btf.TypeID {
	if !b.begin(kind, name, flag, vlen, uint32(target)) {
		return 0
	}
	b.use(target)
	return b.end()
}

// Ptr adds a PTR to target; 0 makes it a void pointer.
func (b *Builder) Ptr(target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindPtr, "", false, 0, target)
}

// Const adds a CONST that qualifies target.
func (b *Builder) Const(target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindConst, "", false, 0, target)
}

// Volatile adds a VOLATILE that qualifies target.
func (b *Builder) Volatile(target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindVolatile, "", false, 0, target)
}

// Restrict adds a RESTRICT that qualifies target.
func (b *Builder) Restrict(target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindRestrict, "", false, 0, target)
}

// Typedef adds a TYPEDEF.
func (b *Builder) Typedef(name string, target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindTypedef, name, false, 0, target)
}

// TypeTag adds a TYPE_TAG with the value of a btf_type_tag.
func (b *Builder) TypeTag(value string, target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindTypeTag, value, false, 0, target)
}

// TypeAttribute adds a TYPE_TAG whose value is the body of an __attribute__ (Linux 6.15).
func (b *Builder) TypeAttribute(body string, target btf.TypeID) btf.TypeID {
	return b.typed(btf.KindTypeTag, body, true, 0, target)
}

// Func adds a FUNC, whose linkage takes the place of vlen.
func (b *Builder) Func(name string, proto btf.TypeID, l btf.Linkage) btf.TypeID {
	return b.typed(btf.KindFunc, name, false, int(l), proto)
}

// Fwd adds a FWD for a STRUCT or UNION that is defined elsewhere.
func (b *Builder) Fwd(name string, kind btf.Kind) btf.TypeID {
	if !b.begin(btf.KindFwd, name, kind == btf.KindUnion, 0, 0) {
		return 0
	}
	if kind != btf.KindStruct && kind != btf.KindUnion {
		b.fail(fmt.Errorf("forward declaration of a %v", kind))
	}
	return b.end()
}

// Array adds an ARRAY of n elements.
func (b *Builder) Array(elem, index btf.TypeID, n uint32) btf.TypeID {
	if !b.begin(btf.KindArray, "", false, 0, 0) {
		return 0
	}
	b.ref(elem)
	b.ref(index)
	b.word(n)
	return b.end()
}

// Member describes a field of a STRUCT or UNION.
type Member struct {
	Name string
	Type btf.TypeID
	// BitOffset is where the field starts, in bits from the start of the struct.
	BitOffset uint32
	// BitfieldSize is the width of a bitfield, in bits; 0 if the field is no bitfield. A
	// struct with a bitfield has 24 bits for the offset of each field and 8 for its width.
	BitfieldSize uint32
}

// Struct adds a STRUCT of size bytes. It sets kind_flag if any member is a bitfield.
func (b *Builder) Struct(name string, size uint32, members ...Member) btf.TypeID {
	return b.composite(btf.KindStruct, name, size, members)
}

// Union adds a UNION of size bytes. It sets kind_flag if any member is a bitfield.
func (b *Builder) Union(name string, size uint32, members ...Member) btf.TypeID {
	return b.composite(btf.KindUnion, name, size, members)
}

func (b *Builder) composite(kind btf.Kind, name string, size uint32, members []Member) btf.TypeID {
	bitfields := slices.ContainsFunc(members,
		func(m Member) bool { return m.BitfieldSize != 0 })
	if !b.begin(kind, name, bitfields, len(members), size) {
		return 0
	}
	for i, m := range members {
		b.element("member", i, m.Name)
		b.name(m.Name)
		b.ref(m.Type)
		switch {
		case m.BitfieldSize > 0xff:
			b.fail(fmt.Errorf("bitfield size %d exceeds 8 bits", m.BitfieldSize))
		case bitfields && m.BitOffset > 0xffffff:
			b.fail(fmt.Errorf("bit offset %d exceeds 24 bits, in a type with bitfields",
				m.BitOffset))
		}
		b.word(m.BitfieldSize<<24 | m.BitOffset)
	}
	return b.end()
}

// Enumerator describes a value of an ENUM or ENUM64, as btf.Enumerator.Int64 returns it.
type Enumerator struct {
	Name  string
	Value int64
}

// Enum adds an ENUM of size bytes. Its values have 32 bits, whatever the size; signed,
// which is kind_flag (Linux 6.0), says how to read them.
func (b *Builder) Enum(name string, size uint32, signed bool, values ...Enumerator) btf.TypeID {
	if !b.begin(btf.KindEnum, name, signed, len(values), size) {
		return 0
	}
	low, high := int64(0), int64(math.MaxUint32)
	if signed {
		low, high = math.MinInt32, math.MaxInt32
	}
	for i, v := range values {
		b.element("enumerator", i, v.Name)
		if v.Value < low || v.Value > high {
			b.fail(fmt.Errorf("value %d outside [%d, %d]", v.Value, low, high))
		}
		b.name(v.Name)
		b.word(uint32(v.Value))
	}
	return b.end()
}

// Enum64 adds an ENUM64 of size bytes (Linux 6.0). If it is not signed, a negative
// value stands for the unsigned one with the same bits.
func (b *Builder) Enum64(name string, size uint32, signed bool, values ...Enumerator) btf.TypeID {
	if !b.begin(btf.KindEnum64, name, signed, len(values), size) {
		return 0
	}
	for i, v := range values {
		b.element("enumerator", i, v.Name)
		b.name(v.Name)
		b.word(uint32(v.Value))
		b.word(uint32(v.Value >> 32))
	}
	return b.end()
}

// Param describes a parameter of a FUNC_PROTO. The zero Param, if it is the
// last, is the ellipsis of a variadic function.
type Param struct {
	Name string
	Type btf.TypeID
}

// FuncProto adds a FUNC_PROTO that returns ret; 0 is void.
func (b *Builder) FuncProto(ret btf.TypeID, params ...Param) btf.TypeID {
	if !b.begin(btf.KindFuncProto, "", false, len(params), uint32(ret)) {
		return 0
	}
	b.use(ret)
	for i, p := range params {
		b.element("parameter", i, p.Name)
		b.name(p.Name)
		b.ref(p.Type)
	}
	return b.end()
}

// Var adds a VAR.
func (b *Builder) Var(name string, target btf.TypeID, l btf.Linkage) btf.TypeID {
	if !b.begin(btf.KindVar, name, false, 0, uint32(target)) {
		return 0
	}
	b.use(target)
	b.word(uint32(l))
	return b.end()
}

// VarSecinfo places a variable in a DATASEC: Offset and Size are in bytes.
type VarSecinfo struct {
	Type         btf.TypeID
	Offset, Size uint32
}

// Datasec adds a DATASEC of size bytes.
func (b *Builder) Datasec(name string, size uint32, vars ...VarSecinfo) btf.TypeID {
	if !b.begin(btf.KindDatasec, name, false, len(vars), size) {
		return 0
	}
	for i, v := range vars {
		b.element("variable", i, "")
		b.ref(v.Type)
		b.word(v.Offset)
		b.word(v.Size)
	}
	return b.end()
}

// DeclTag adds a DECL_TAG with the value of a btf_decl_tag. component is the index of the
// member or parameter of target that it is about; -1 means target as a whole.
func (b *Builder) DeclTag(value string, target btf.TypeID, component int) btf.TypeID {
	return b.declTag(value, false, target, component)
}

// DeclAttribute adds a DECL_TAG whose value is the body of an __attribute__ (Linux 6.15).
func (b *Builder) DeclAttribute(body string, target btf.TypeID, component int) btf.TypeID {
	return b.declTag(body, true, target, component)
}

func (b *Builder) declTag(value string, attribute bool, target btf.TypeID, component int,
) btf.TypeID {
	if !b.begin(btf.KindDeclTag, value, attribute, 0, uint32(target)) {
		return 0
	}
	b.use(target)
	if component < -1 || component > math.MaxInt32 {
		b.fail(fmt.Errorf("component index %d outside [-1, %d]", component, math.MaxInt32))
	}
	b.word(uint32(component))
	return b.end()
}

// DefineKind adds a kind that this package does not know to the layout section, so that Raw
// may write it: infoSize bytes behind the header, and elemSize for each of vlen elements,
// both multiples of 4. The layout section has an entry for every kind up to the highest
// that was defined. The entry of a kind that was not defined says that nothing follows its
// header.
func (b *Builder) DefineKind(kind btf.Kind, infoSize, elemSize uint8) {
	if b.err != nil {
		return
	}
	b.at = place{kind: kind, id: b.NextID()}
	switch {
	case raw.Kind(kind) <= raw.LastKind || kind >= raw.MaxKinds:
		b.fail(fmt.Errorf("definition of a kind outside [%d, %d]", raw.LastKind+1, raw.MaxKinds-1))
		return
	case b.layout == nil:
		b.fail(errors.New("definition of a kind without a layout section"))
		return
	case infoSize%4 != 0 || elemSize%4 != 0:
		b.fail(fmt.Errorf("sizes %d and %d, not multiples of 4", infoSize, elemSize))
		return
	}
	for k := len(b.layout) / 4; k <= int(kind); k++ {
		b.trailers[k] = raw.Trailer{Known: true}
		if k <= int(raw.LastKind) {
			b.trailers[k] = raw.Builtin[k]
		}
		b.layout = appendLayout(b.layout, b.trailers[k])
	}
	b.trailers[kind] = raw.Trailer{Info: infoSize, Elem: elemSize, Known: true}
	at := 4 * int(kind)
	b.layout[at], b.layout[at+1] = infoSize, elemSize
}

// RawType is a record, field by field. Use it for what the other methods cannot express:
// kinds of DefineKind, names that start inside another string, and bad input for tests of
// readers.
type RawType struct {
	// NameOffset is a string's offset, from Intern, or within that string.
	NameOffset uint32
	Kind       btf.Kind
	KindFlag   bool
	Vlen       int
	// SizeOrType is the header's third word.
	SizeOrType uint32
	// Trailer is what follows the header; its length must be what kind and vlen imply.
	Trailer []uint32
}

// Raw adds a record as it is given. It checks the name offset, and no other reference: the
// section's Verify does.
func (b *Builder) Raw(r RawType) btf.TypeID {
	if b.err != nil {
		return 0
	}
	b.at = place{kind: r.Kind, id: b.NextID()}
	t := b.trailers[r.Kind&(raw.MaxKinds-1)]
	want := uint64(t.Info) + uint64(r.Vlen)*uint64(t.Elem)
	switch {
	case r.Kind >= raw.MaxKinds || !t.Known:
		b.fail(errors.New("kind of unknown size"))
	case r.Vlen < 0:
		b.fail(fmt.Errorf("vlen %d", r.Vlen))
	case want != 4*uint64(len(r.Trailer)):
		b.fail(fmt.Errorf("trailer of %d bytes, not %d", 4*len(r.Trailer), want))
	case r.NameOffset != 0 && uint64(r.NameOffset) >=
		uint64(b.strings.start)+uint64(len(b.strings.bytes)):
		b.fail(fmt.Errorf("name offset %#x beyond the strings", r.NameOffset))
	}
	b.header(r.NameOffset, r.Kind, r.KindFlag, r.Vlen, r.SizeOrType)
	for _, w := range r.Trailer {
		b.word(w)
	}
	return b.end()
}
