package mutate

import "encoding/binary"

// field says what lies at an offset, as far as the undamaged blob tells.
type field uint8

const (
	fieldOther field = iota // of no field: gaps, layout, bytes behind the sections
	fieldMagic              // the first four bytes: magic number, version and flags
	fieldHdrLen
	fieldTypeOff
	fieldTypeLen
	fieldStrOff
	fieldStrLen
	fieldLayoutOff
	fieldLayoutLen
	fieldNameOff // the offset of a name: a type's, member's, parameter's or enumerator's
	fieldInfo    // a record's info word
	fieldSize    // a record's size
	fieldTypeID
	fieldBitOffset // a member's offset
	fieldValue     // another word of a record: an encoding, linkage, number of elements, enum value
	fieldString    // in the string section
)

var fieldNames = [...]string{"other", "magic", "hdr_len", "type_off", "type_len", "str_off",
	"str_len", "layout_off", "layout_len", "name_off", "info", "size", "type", "bit offset",
	"value", "string"}

// String returns the field's name in the words of the format's documents.
func (f field) String() string {
	return fieldNames[f]
}

// fieldMap knows the field of each word of a blob.
type fieldMap struct {
	blob  []byte
	order binary.ByteOrder
	opts  Options

	words  []field  // by offset / 4; a last word that is cut off included
	ids    []uint32 // by offset / 4: the id of the type whose record it is; else 0
	types  uint32   // own types found
	strLen uint32   // of the string section, as stated
}

// newMap walks the records of blob as far as they are sound.
func newMap(blob []byte, o *Options) *fieldMap {
	m := &fieldMap{
		blob: blob, order: byteOrderOf(blob), opts: *o,
		words: make([]field, (len(blob)+3)/4), ids: make([]uint32, (len(blob)+3)/4),
	}
	if len(blob) < 24 {
		m.mark(0, fieldMagic)
		return m
	}
	hdrLen := m.word(4)
	for i := 0; i < 8 && uint32(i*4) < min(hdrLen, 32) && i*4+4 <= len(blob); i++ {
		m.mark(i*4, fieldMagic+field(i))
	}
	typeOff := uint64(hdrLen) + uint64(m.word(8))
	m.strLen = m.word(20)
	m.fill(uint64(hdrLen)+uint64(m.word(16)), uint64(m.strLen), fieldString)
	m.walk(typeOff, typeOff+uint64(m.word(12)))
	return m
}

func (m *fieldMap) word(at int) uint32 { return m.order.Uint32(m.blob[at:]) }

func (m *fieldMap) mark(at int, f field) {
	if at/4 < len(m.words) {
		m.words[at/4] = f
	}
}

func (m *fieldMap) fill(from, n uint64, f field) {
	for at := from; at < from+n && at < uint64(len(m.blob)); at++ {
		m.mark(int(at), f)
	}
}

// A shape is the fields of a record's third word, of the fixed trailer, and of one element.
type shape struct {
	third       field
	fixed, elem []field
}

// shapes is indexed by kind, as in include/uapi/linux/btf.h.
var shapes = [20]shape{
	1:  {third: fieldSize, fixed: []field{fieldValue}},
	2:  {third: fieldTypeID},
	3:  {third: fieldValue, fixed: []field{fieldTypeID, fieldTypeID, fieldValue}},
	4:  {third: fieldSize, elem: []field{fieldNameOff, fieldTypeID, fieldBitOffset}},
	5:  {third: fieldSize, elem: []field{fieldNameOff, fieldTypeID, fieldBitOffset}},
	6:  {third: fieldSize, elem: []field{fieldNameOff, fieldValue}},
	7:  {third: fieldValue},
	8:  {third: fieldTypeID},
	9:  {third: fieldTypeID},
	10: {third: fieldTypeID},
	11: {third: fieldTypeID},
	12: {third: fieldTypeID},
	13: {third: fieldTypeID, elem: []field{fieldNameOff, fieldTypeID}},
	14: {third: fieldTypeID, fixed: []field{fieldValue}},
	15: {third: fieldSize, elem: []field{fieldTypeID, fieldValue, fieldSize}},
	16: {third: fieldSize},
	17: {third: fieldTypeID, fixed: []field{fieldValue}},
	18: {third: fieldTypeID},
	19: {third: fieldSize, elem: []field{fieldNameOff, fieldValue, fieldValue}},
}

// walk marks the records between two offsets and stops at the first that is not sound.
func (m *fieldMap) walk(at, end uint64) {
	if end > uint64(len(m.blob)) || at%4 != 0 {
		return
	}
	for at+12 <= end {
		info := m.word(int(at) + 4)
		kind, vlen := info>>24&0x7f, info&0xffffff
		if kind == 0 || int(kind) >= len(shapes) {
			return
		}
		s := shapes[kind]
		if kind == 12 {
			vlen = 0 // a FUNC keeps its linkage there
		}
		size := 12 + 4*uint64(len(s.fixed)) + 4*uint64(vlen)*uint64(len(s.elem))
		if at+size > end {
			return
		}
		m.types++
		m.record(int(at), int(at+size), s)
		at += size
	}
}

func (m *fieldMap) record(at, end int, s shape) {
	id := m.opts.BaseTypes + m.types
	for i := at; i < end; i += 4 {
		m.ids[i/4] = id
	}
	m.mark(at, fieldNameOff)
	m.mark(at+4, fieldInfo)
	m.mark(at+8, s.third)
	at += 12
	for i, f := range s.fixed {
		m.mark(at+4*i, f)
	}
	at += 4 * len(s.fixed)
	for ; at < end; at += 4 * len(s.elem) {
		for i, f := range s.elem {
			m.mark(at+4*i, f)
		}
	}
}
