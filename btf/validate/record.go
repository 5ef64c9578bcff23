package validate

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// metaSource names the function of the kernel that checks records of a kind.
func metaSource(k btf.Kind) string {
	switch k {
	case btf.KindStruct, btf.KindUnion:
		return "btf_struct_check_meta"
	case btf.KindPtr, btf.KindTypedef, btf.KindConst, btf.KindVolatile, btf.KindRestrict,
		btf.KindTypeTag:
		return "btf_ref_type_check_meta"
	}
	if name := metaSources[k]; name != "" {
		return name
	}
	return "btf_check_meta"
}

var metaSources = map[btf.Kind]string{btf.KindInt: "btf_int_check_meta",
	btf.KindArray: "btf_array_check_meta", btf.KindEnum: "btf_enum_check_meta",
	btf.KindEnum64: "btf_enum64_check_meta", btf.KindFwd: "btf_fwd_check_meta",
	btf.KindFunc: "btf_func_check_meta", btf.KindFuncProto: "btf_func_proto_check_meta",
	btf.KindVar: "btf_var_check_meta", btf.KindDatasec: "btf_datasec_check_meta",
	btf.KindFloat: "btf_float_check_meta", btf.KindDeclTag: "btf_decl_tag_check_meta"}

// Kinds whose kind_flag means something, and those that have no elements to count.
const (
	flagged = raw.Composites | raw.Enums | raw.Tags | 1<<raw.Fwd
	counted = raw.WithElements | 1<<raw.Func
)

// checkRecord holds one record to the rules of btf_check_meta, without what it refers to.
func (c *checker) checkRecord(t btf.Type) {
	c.t = t
	k := t.Kind()
	source := metaSource(k)
	if t.IsOpaque() {
		c.add("kind", source, "kind %v", k)
		return
	}
	sec, off := btf.Internal.Record(t)
	vlen := raw.InfoVlen(sec.Word(off + 4))
	if vlen != 0 && !raw.Kind(k).In(counted) {
		c.add("vlen", source, "vlen %d of a %v", vlen, k)
	}
	if raw.InfoFlag(sec.Word(off+4)) && !raw.Kind(k).In(flagged) {
		c.add("kind-flag", source, "kind_flag of a %v", k)
	}
	c.checkTypeName(source)
	third := sec.Word(off + 8)
	switch k {
	case btf.KindInt:
		c.checkInt(source, sec.Word(off+12))
	case btf.KindArray:
		if third != 0 {
			c.add("array-size", source, "a size of %d in place of 0", third)
		}
		if t.TargetID() == 0 || t.IndexType().IsVoid() {
			c.add("array-void", source, "elements or an index of type void")
		}
	case btf.KindFwd:
		if third != 0 {
			c.add("fwd-type", source, "a forward declaration of type %d", third)
		}
	case btf.KindStruct, btf.KindUnion:
		c.checkMembers(source)
	case btf.KindEnum, btf.KindEnum64:
		c.checkEnum(source, third)
	case btf.KindFunc:
		if vlen > 2 || vlen == 2 && !c.object {
			c.add("linkage", source, "linkage %d", vlen)
		}
	case btf.KindFloat:
		if third != 2 && third != 4 && third != 8 && third != 12 && third != 16 {
			c.add("float-size", source, "a size of %d bytes", third)
		}
	case btf.KindVar:
		c.checkVar(source, sec.Word(off+12))
	case btf.KindDatasec:
		c.checkDatasec(source, third)
	case btf.KindDeclTag:
		if i := int32(sec.Word(off + 12)); i < -1 {
			c.add("component", source, "component %d", i)
		}
	}
}

func (c *checker) checkInt(source string, word uint32) {
	size, _ := c.t.Size()
	bits := word&0xff + word>>16&0xff
	switch encoding := word >> 24 & 0xf; {
	case word>>28 != 0:
		c.add("int-bits", source, "bits that mean nothing: %#x", word)
	case bits > 128:
		c.add("int-bits", source, "%d bits, more than 128", bits)
	case uint64(bits+7)/8 > uint64(size):
		c.add("int-bits", source, "%d bits in %d bytes", bits, size)
	case encoding&(encoding-1) != 0 || encoding > 4:
		c.add("int-encoding", source, "encoding %#x", encoding)
	}
}

func (c *checker) checkMembers(source string) {
	size, _ := c.t.Size()
	last := uint32(0)
	for i, m := range c.t.Members() {
		off := m.BitOffset()
		c.checkName(source, "member", c.elementName(i), true)
		switch {
		case m.TargetID() == 0:
			c.add("member-void", source, "member %d of type void", i)
		case c.t.Kind() == btf.KindUnion && off != 0:
			c.add("union-offset", source, "member %d of a union at bit %d", i, off)
		case off < last:
			c.add("member-order", source, "member %d at bit %d, behind one at bit %d", i, off, last)
		case (uint64(off)+7)/8 > uint64(size):
			c.add("member-outside", source, "member %d at bit %d of %d bytes", i, off, size)
		}
		last = off
	}
}

// elementName returns the offset of the name of a member, parameter or enumerator.
func (c *checker) elementName(i int) uint32 {
	sec, off := btf.Internal.Record(c.t)
	step := 4 * raw.ElementWords(raw.Kind(c.t.Kind()))
	return sec.Word(off + raw.HeaderSize + uint32(i)*step)
}

func (c *checker) checkEnum(source string, size uint32) {
	if size == 0 || size > 8 || size&(size-1) != 0 {
		c.add("enum-size", source, "a size of %d bytes", size)
	}
	for i := range c.t.Enumerators() {
		c.checkName(source, "enumerator", c.elementName(i), false)
	}
}

func (c *checker) checkVar(source string, linkage uint32) {
	if c.t.TargetID() == 0 {
		c.add("var-void", source, "a variable of type void")
	}
	if linkage > 2 || linkage == 2 && !c.object {
		c.add("linkage", source, "linkage %d", linkage)
	}
}

func (c *checker) checkDatasec(source string, size uint32) {
	if size == 0 && c.object {
		return // the loader fills offsets and sizes in
	}
	if size == 0 {
		c.add("section-size", source, "a size of 0 bytes")
		return
	}
	end, sum := uint64(0), uint64(0)
	for i, v := range c.t.VarSecinfos() {
		off, n := uint64(v.Offset()), uint64(v.Size())
		switch {
		case v.TargetID() == 0:
			c.add("section-void", source, "variable %d of type void", i)
		case off < end && !(off == 0 && c.object):
			c.add("section-order", source, "variable %d at byte %d, behind the end of one at %d",
				i, off, end)
		case n == 0 || off+n > uint64(size) || off >= uint64(size):
			c.add("section-outside", source, "variable %d has bytes %d to %d of %d", i, off, off+n, size)
		}
		end, sum = off+n, sum+n
	}
	if sum > uint64(size) {
		c.add("section-sum", source, "variables of %d bytes in %d", sum, size)
	}
}
