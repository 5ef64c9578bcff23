package malformed

import (
	"encoding/binary"
	"slices"

	"github.com/btfkit/btfkit/btf"
)

// maker assembles one blob, and keeps the finished ones below it.
type maker struct {
	order binary.ByteOrder
	bases [][]byte

	types   []byte
	layout  []byte
	strings []byte

	firstID, nextID uint32
	firstString     uint32 // logical offset of the first own string

	header   uint32              // hdr_len
	gap      int                 // zero bytes between header and types
	first    bool                // strings lie before types
	finished func([]byte) []byte // the last word on the bytes; may be nil
}

// reset starts a base with a NUL string and type 1, "int".
func (m *maker) reset() {
	*m = maker{order: m.order, firstID: 1, nextID: 1, header: 24, strings: []byte{0}}
	m.int("int", 4, 1<<24|32)
}

// empty starts a base again without the "int".
func (m *maker) empty() {
	*m = maker{order: m.order, firstID: 1, nextID: 1, header: 24, strings: []byte{0}}
}

// split finishes the blob so far as a base, and starts one that is split from it.
func (m *maker) split() {
	*m = maker{
		order: m.order, header: 24,
		bases:   append(m.bases, m.bytes()),
		firstID: m.nextID, nextID: m.nextID,
		firstString: m.firstString + uint32(len(m.strings)),
	}
}

// name adds a string and returns its offset.
func (m *maker) name(s string) uint32 {
	if s == "" {
		return 0
	}
	off := m.firstString + uint32(len(m.strings))
	m.strings = append(append(m.strings, s...), 0)
	return off
}

// flag is the kind_flag bit, to be added to an element count.
const flag = 1 << 31

// add adds a record and returns its id. vlen may include flag.
func (m *maker) add(kind btf.Kind, name string, vlen, third uint32, rest ...uint32) uint32 {
	return m.addAt(kind, m.name(name), vlen, third, rest...)
}

// addAt is add with the offset of the name.
func (m *maker) addAt(kind btf.Kind, name, vlen, third uint32, rest ...uint32) uint32 {
	m.words(name, uint32(kind)<<24|vlen, third)
	m.words(rest...)
	m.nextID++
	return m.nextID - 1
}

func (m *maker) words(words ...uint32) {
	m.types = slices.Grow(m.types, 4*len(words))
	for _, w := range words {
		m.types = m.order.(binary.AppendByteOrder).AppendUint32(m.types, w)
	}
}

func (m *maker) int(name string, size, encoding uint32) uint32 {
	return m.add(btf.KindInt, name, 0, size, encoding)
}

func (m *maker) ptr(target uint32) uint32 { return m.add(btf.KindPtr, "", 0, target) }

func (m *maker) array(elem, index, n uint32) uint32 {
	return m.add(btf.KindArray, "", 0, 0, elem, index, n)
}

// structure adds a struct; members are {name offset, type, bit offset}.
func (m *maker) structure(name string, size uint32, members ...uint32) uint32 {
	return m.add(btf.KindStruct, name, uint32(len(members)/3), size, members...)
}

// proto adds a function prototype; params are {name offset, type}.
func (m *maker) proto(ret uint32, params ...uint32) uint32 {
	return m.add(btf.KindFuncProto, "", uint32(len(params)/2), ret, params...)
}

// fullLayout sets a layout section that sizes the known kinds as they are, and further ones as
// given: {info size, element size}.
func (m *maker) fullLayout(more ...[2]byte) {
	m.header = 32
	known := [20][2]byte{btf.KindInt: {4, 0}, btf.KindArray: {12, 0}, btf.KindStruct: {0, 12},
		btf.KindUnion: {0, 12}, btf.KindEnum: {0, 8}, btf.KindFuncProto: {0, 8},
		btf.KindVar: {4, 0}, btf.KindDatasec: {0, 12}, btf.KindDeclTag: {4, 0},
		btf.KindEnum64: {0, 12}}
	for _, e := range append(known[:], more...) {
		m.layout = append(m.layout, e[0], e[1], 0, 0)
	}
}

// bytes lays the blob out as producers do: header, types, layout, strings.
func (m *maker) bytes() []byte {
	types := uint32(m.gap)
	layout := types + uint32(len(m.types))
	strings := layout + uint32(len(m.layout))
	if m.first {
		strings, types = 0, uint32(len(m.strings))
	}
	b := make([]byte, m.header, int(m.header)+m.gap+len(m.types)+len(m.layout)+len(m.strings))
	fields := []uint32{0, m.header, types, uint32(len(m.types)), strings, uint32(len(m.strings)),
		layout, uint32(len(m.layout))}
	for i, f := range fields {
		if 4*i+4 <= len(b) && (i < 6 || len(m.layout) > 0) {
			m.order.PutUint32(b[4*i:], f)
		}
	}
	m.order.PutUint16(b, 0xeb9f)
	b[2], b[3] = 1, 0
	if m.first {
		b = append(append(b, m.strings...), m.types...)
	} else {
		b = append(b, make([]byte, m.gap)...)
		b = append(append(append(b, m.types...), m.layout...), m.strings...)
	}
	if m.finished != nil {
		b = m.finished(b)
	}
	return b
}

// word makes the blob's word at an offset v, at the end.
func (m *maker) word(at int, v uint32) {
	m.finish(func(b []byte) []byte {
		m.order.PutUint32(b[at:], v)
		return b
	})
}

// finish adds a last change of the bytes.
func (m *maker) finish(change func([]byte) []byte) {
	before := m.finished
	m.finished = func(b []byte) []byte {
		if before != nil {
			b = before(b)
		}
		return change(b)
	}
}

// Forms of types that several rows use.
func fwd(m *maker) uint32     { return m.add(btf.KindFwd, "later", 0, 0) }
func void(*maker) uint32      { return 0 }
func proto(m *maker) uint32   { return m.proto(0) }
func pointer(m *maker) uint32 { return m.ptr(1) }
func global(m *maker) uint32  { return m.add(btf.KindVar, "v", 0, 1, 1) }
