package across

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// Minimise makes data smaller while keep holds, trying at most tries forms of it. It takes out
// types, renumbering those behind, then bytes of the sections with the header corrected, and sets
// words to 0. Of bytes whose header leads nowhere it takes out any.
func Minimise(data, base []byte, tries int, keep func([]byte) bool) []byte {
	m := &minimiser{data: bytes.Clone(data), base: base, tries: tries, keep: keep}
	for before := []byte(nil); !bytes.Equal(before, m.data) && m.tries > 0; {
		before = m.data
		m.dropTypes()
		m.dropElements()
		m.dropBytes()
		m.zeroWords()
	}
	return m.data
}

type minimiser struct {
	data, base []byte
	tries      int
	keep       func([]byte) bool
}

// try takes over a form of data if it is another one and keeps what has to be kept.
func (m *minimiser) try(data []byte) bool {
	if m.tries <= 0 || bytes.Equal(data, m.data) {
		return false
	}
	m.tries--
	if !m.keep(data) {
		return false
	}
	m.data = data
	return true
}

// A layout is where the sections of data are, by offsets in data.
type layout struct {
	order                    binary.ByteOrder
	header                   int
	types, typesEnd          int
	strs, strsEnd            int
	typeLen, strOff, strsLen uint32
}

// layoutOf reads the header; ok is false if sections are not where they can be taken apart: the
// types in front of the strings, inside of data.
func layoutOf(data []byte) (l layout, ok bool) {
	if len(data) < 24 {
		return l, false
	}
	l.order = binary.LittleEndian
	if data[0] == 0xeb {
		l.order = binary.BigEndian
	}
	field := func(at int) uint64 { return uint64(l.order.Uint32(data[at:])) }
	header, types, typeLen := field(4), field(8), field(12)
	strs, strLen := field(16), field(20)
	if header < 24 || types+typeLen > strs || header+strs+strLen > uint64(len(data)) {
		return l, false
	}
	l.header, l.types = int(header), int(header+types)
	l.typesEnd, l.strs = l.types+int(typeLen), int(header+strs)
	l.strsEnd = l.strs + int(strLen)
	l.typeLen, l.strOff, l.strsLen = uint32(typeLen), uint32(strs), uint32(strLen)
	return l, true
}

// without returns data without its bytes from one offset to another, which are in one of the
// sections, with the header corrected.
func (l layout) without(data []byte, from, to int) []byte {
	out := slices.Concat(data[:from], data[to:])
	n := uint32(to - from)
	switch {
	case to <= l.header:
		l.order.PutUint32(out[4:], uint32(l.header)-n)
	case to <= l.types:
		l.order.PutUint32(out[8:], uint32(l.types-l.header)-n)
		l.order.PutUint32(out[16:], l.strOff-n)
	case from >= l.types && to <= l.typesEnd:
		l.order.PutUint32(out[12:], l.typeLen-n)
		l.order.PutUint32(out[16:], l.strOff-n)
	case from >= l.typesEnd && to <= l.strs:
		l.order.PutUint32(out[16:], l.strOff-n)
	case from >= l.strs && to <= l.strsEnd:
		l.order.PutUint32(out[20:], l.strsLen-n)
	}
	return out
}

// dropTypes takes out one type after the other, the last first.
func (m *minimiser) dropTypes() {
	for i := m.countTypes() - 1; i >= 0; i-- {
		if form, ok := m.withoutType(i); ok {
			m.try(form)
		}
	}
}

// parse finds the types, whatever version and flags say.
func (m *minimiser) parse() *naive.Blob {
	data := bytes.Clone(m.data)
	if len(data) >= 24 {
		data[2], data[3] = 1, 0
	}
	var under *naive.Blob
	if m.base != nil {
		if under, _ = naive.Parse(m.base, nil); under == nil {
			return nil
		}
	}
	blob, _ := naive.Parse(data, under)
	return blob
}

func (m *minimiser) countTypes() int {
	if blob := m.parse(); blob != nil {
		return len(blob.Types)
	}
	return 0
}

// withoutType takes out a type by its index, and lowers the ids behind it.
func (m *minimiser) withoutType(i int) ([]byte, bool) {
	blob := m.parse()
	l, ok := layoutOf(m.data)
	if !ok || blob == nil || i >= len(blob.Types) {
		return nil, false
	}
	form, gone := bytes.Clone(m.data), blob.Types[i]
	for _, t := range blob.Types {
		for _, w := range t.IDWords() {
			at := int(t.Offset) + 4*w
			if id := l.order.Uint32(form[at:]); id > gone.ID {
				l.order.PutUint32(form[at:], id-1)
			}
		}
	}
	return l.without(form, int(gone.Offset), int(gone.Offset)+len(gone.Rec)), true
}

// dropElements takes out members, parameters, enumerators and variables, the last first, and lowers
// vlen.
func (m *minimiser) dropElements() {
	for i := m.countTypes() - 1; i >= 0; i-- {
		for n := m.countElements(i); n > 0; n-- {
			if form, ok := m.withoutElement(i, n-1); ok {
				m.try(form)
			}
		}
	}
}

func (m *minimiser) countElements(i int) int {
	if blob := m.parse(); blob != nil && i < len(blob.Types) {
		return len(blob.Types[i].Elems())
	}
	return 0
}

// withoutElement takes out an element of a type by their indexes.
func (m *minimiser) withoutElement(i, n int) ([]byte, bool) {
	blob := m.parse()
	l, ok := layoutOf(m.data)
	if !ok || blob == nil || i >= len(blob.Types) {
		return nil, false
	}
	t := blob.Types[i]
	count := len(t.Elems())
	if n >= count || len(t.Rec) < 12+8*count { // of a FUNC they are in its FUNC_PROTO
		return nil, false
	}
	size := (len(t.Rec) - 12) / count
	form, info := bytes.Clone(m.data), int(t.Offset)+4
	l.order.PutUint32(form[info:], l.order.Uint32(form[info:])-1)
	at := int(t.Offset) + 12 + n*size
	return l.without(form, at, at+size), true
}

// zeroWords sets words of the types, and of a header's tail, to 0.
func (m *minimiser) zeroWords() {
	l, ok := layoutOf(m.data)
	if !ok {
		return
	}
	for at := 24; at+4 <= l.typesEnd; at += 4 {
		form := bytes.Clone(m.data)
		clear(form[at : at+4])
		m.try(form)
	}
}

// dropBytes takes out ever shorter pieces of the sections, and of what is behind them. Of types it
// tries to begin at every word, since records begin at any.
func (m *minimiser) dropBytes() {
	for size := max(1, len(m.data)/8*4); size > 0; size = shorter(size) {
		for at, step := len(m.data)-size, 0; at >= 0; at -= step {
			step = size
			if at+size > len(m.data) {
				continue // it is shorter by now
			}
			l, ok := layoutOf(m.data)
			if ok && at < l.typesEnd {
				step = min(size, 4)
			}
			switch {
			case !ok:
				m.try(slices.Concat(m.data[:at], m.data[at+size:]))
			case l.isInside(at, at+size):
				m.try(l.without(m.data, at, at+size))
			}
		}
	}
}

// shorter returns the next size of a piece: half, in words as long as it is some.
func shorter(size int) int {
	if size > 4 {
		return (size/2 + 3) / 4 * 4
	}
	return size / 2
}

// isInside reports whether a piece lies in one section, or in none.
func (l layout) isInside(from, to int) bool {
	return from >= l.types && to <= l.typesEnd || from >= l.strs && to <= l.strsEnd ||
		from >= l.strsEnd || from >= l.typesEnd && to <= l.strs ||
		from >= 24 && to <= l.header || from >= l.header && to <= l.types
}
