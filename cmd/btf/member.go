package main

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// A member is one of a struct or union. Offset and size are in bits, the offset from the start of
// the struct. A flexible array has size 0.
type member struct {
	Name      string     `json:"name"`
	Type      string     `json:"type"` // in C
	TypeID    btf.TypeID `json:"type_id"`
	BitOffset uint64     `json:"bit_offset"`
	BitSize   uint64     `json:"bit_size"`
	Bitfield  bool       `json:"bitfield,omitempty"`
}

func newMember(m btf.Member) *member {
	t := m.Target()
	v := &member{Name: m.Name(), Type: declaration(t, ""), TypeID: t.ID()}
	offset, size, ok := m.Bits()
	if v.Bitfield = ok; ok {
		v.BitOffset, v.BitSize = uint64(offset), uint64(size)
		return v
	}
	v.BitOffset = uint64(m.BitOffset())
	if size, ok := t.Sizeof(); ok {
		v.BitSize = 8 * size
	}
	return v
}

// text tells in words where a member lies.
func (m *member) text(declaration string) string {
	return fmt.Sprintf("%s at %s", declaration, place(m.BitOffset, m.BitSize, m.Bitfield))
}

// place tells offset and size in words: in bytes if they are such.
func place(offset, size uint64, bitfield bool) string {
	if bitfield || offset%8 != 0 || size%8 != 0 {
		return fmt.Sprintf("byte %d bit %d, %s", offset/8, offset%8, plural(size, "bit"))
	}
	return fmt.Sprintf("byte %d, %s", offset/8, plural(size/8, "byte"))
}
