package validate

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

const memberSource = "btf_struct_resolve"

func (c *checker) resolveMembers(t btf.Type, depth int) error {
	for i, m := range t.Members() {
		target := m.Target()
		if in(target, noSize|sourceOnly) {
			return c.report(t, "member-type", memberSource, "member %d is %v", i, target)
		}
		if err := c.follow(target, depth); err != nil {
			return err
		}
		if err := c.checkMember(t, i, m, concrete(target)); err != nil {
			return err
		}
	}
	return nil
}

// checkMember holds a member to lie within its struct, by the rules of check_member and
// check_kflag_member of its kind.
func (c *checker) checkMember(t btf.Type, i int, m btf.Member, target btf.Type) error {
	size, ok := c.size(target)
	if !ok {
		return c.report(t, "member-type", memberSource, "member %d is %v", i, target)
	}
	off, bits := uint64(m.BitOffset()), 8*size
	width, isInt := uint64(m.BitfieldSize()), target.Kind() == btf.KindInt
	whole, _ := t.Size()
	switch {
	case isInt && !t.KindFlag():
		n, _ := target.Int()
		off += uint64(n.Offset)
		bits = uint64(n.Bits)
		if off%8+bits > 128 {
			return c.report(t, "bitfield", "btf_int_check_member", "member %d of %d bits", i, bits)
		}
	case isInt || t.KindFlag() && in(target, raw.Enums):
		if isInt && !isRegular(target) {
			return c.report(t, "bitfield", "btf_int_check_kflag_member", "member %d is %v, no plain integer",
				i, target)
		}
		if n, ok := target.Int(); ok {
			bits = uint64(n.Bits)
		} else if !c.object {
			bits = 32 // the kernel takes every enum for an int here
		}
		if width > bits {
			return c.report(t, "bitfield", "btf_int_check_kflag_member", "member %d of %d bits in %v", i,
				width, target)
		}
		if width == 0 && off%8 != 0 {
			return c.report(t, "member-unaligned", memberSource, "member %d at bit %d", i, off)
		}
		if width > 0 {
			bits = width
		}
	case width != 0:
		return c.report(t, "bitfield", "btf_generic_check_kflag_member", "member %d is %v, no integer", i,
			target)
	case off%8 != 0:
		return c.report(t, "member-unaligned", memberSource, "member %d at bit %d", i, off)
	case target.Kind() == btf.KindFloat && !c.object && off/8%min(c.ptrSize, max(size, 1)) != 0:
		return c.report(t, "member-unaligned", "btf_float_check_member", "member %d at bit %d", i, off)
	}
	if (off+bits+7)/8 > uint64(whole) {
		return c.report(t, "member-outside", memberSource, "member %d ends at bit %d of %d bytes", i,
			off+bits, whole)
	}
	return nil
}
