package malformed

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// cut returns a variant whose type section ends n bytes after the "int", inside what make adds.
func cut(name string, n int, make func(*maker)) variant {
	return variant{name, func(m *maker) {
		end := len(m.types) + n
		make(m)
		m.types = m.types[:end]
	}}
}

// unknown returns a variant with one record of a kind that nobody knows, of the words given.
func unknown(name string, kind btf.Kind, vlen uint32, rest ...uint32) variant {
	return variant{name, func(m *maker) { m.add(kind, "new", vlen, 0, rest...) }}
}

// withLayout makes a variant one with a layout section that sizes further kinds.
func withLayout(v variant, more ...[2]byte) variant {
	return variant{v.name, func(m *maker) {
		m.fullLayout(more...)
		v.make(m)
	}}
}

// withInfo returns a variant with one typedef-like record of each kind and the vlen given.
func withInfo(vlen uint32, what string, kinds ...btf.Kind) []variant {
	var vs []variant
	for _, k := range kinds {
		vs = append(vs, variant{fmt.Sprintf("%v with %s", k, what), func(m *maker) {
			m.sound(k, vlen)
		}})
	}
	return vs
}

// sound adds a record of a kind without elements that is sound if vlen is 0.
func (m *maker) sound(k btf.Kind, vlen uint32) {
	switch k {
	case btf.KindInt:
		m.add(k, "x", vlen, 4, 32)
	case btf.KindFloat:
		m.add(k, "x", vlen, 4)
	case btf.KindArray:
		m.add(k, "", vlen, 0, 1, 1, 2)
	case btf.KindFwd:
		m.add(k, "x", vlen, 0)
	case btf.KindVar:
		m.add(k, "x", vlen, 1, 0)
	case btf.KindDeclTag:
		m.add(k, "x", vlen, m.add(btf.KindTypedef, "t", 0, 1), ^uint32(0))
	case btf.KindFunc:
		m.add(k, "x", vlen, m.proto(0))
	case btf.KindTypedef, btf.KindTypeTag:
		m.add(k, "x", vlen, 1)
	default:
		m.add(k, "", vlen, 1)
	}
}

var recordRows = []row{
	{19, "type section ends inside a record's header", Open, "a header has 12 bytes",
		[]variant{
			cut("after 4 bytes", 4, func(m *maker) { m.ptr(1) }),
			cut("after 11 bytes", 11, func(m *maker) { m.ptr(1) }),
		}},
	{20, "record runs past the section", Open, "what is not there cannot be read",
		[]variant{
			cut("INT without its word", 12, func(m *maker) { m.int("x", 4, 32) }),
			cut("ARRAY cut in its trailer", 20, func(m *maker) { m.array(1, 1, 1) }),
			cut("second of two members", 24, func(m *maker) {
				m.structure("s", 8, 0, 1, 0, 0, 1, 32)
			}),
			{"greatest vlen", func(m *maker) { m.add(btf.KindEnum, "e", 0xffffff, 4, 0, 0) }},
			{"greatest vlen and flag", func(m *maker) {
				m.add(btf.KindEnum64, "e", flag|0xffffff, 8, 0, 0, 0)
			}},
		}},
	{29, "unknown kind, sized by the layout", Sound, "it is kept as opaque bytes and counted; that " +
		"is what the layout is for",
		[]variant{
			withLayout(unknown("fixed part", 20, 0, 7, 7), [2]byte{8, 0}),
			withLayout(unknown("elements", 20, 2, 7, 7, 7, 7), [2]byte{0, 8}),
			withLayout(unknown("both", 20, 1, 7, 8), [2]byte{4, 4}),
			withLayout(unknown("neither", 20, 5), [2]byte{0, 0}),
			withLayout(unknown("kind 33", 33, 0), make([][2]byte, 14)...),
			withLayout(unknown("kind 127", 127, 0), make([][2]byte, 108)...),
		}},
	{30, "unknown kind, without an entry", Open, "where the next record starts is anyone's guess",
		[]variant{
			unknown("no layout", 20, 0),
			withLayout(unknown("a layout of 20 kinds", 20, 0)),
		}},
	{31, "unknown kind, sizes not multiples of 4", Open, "what follows would be misaligned",
		[]variant{
			withLayout(unknown("info_sz 6", 20, 0, 7, 7), [2]byte{6, 0}),
			withLayout(unknown("elem_sz 2", 20, 2, 7), [2]byte{0, 2}),
		}},
	{32, "unknown kind, size of 2 GiB and more", Open, "the product needs 64 bits; 32 signed ones " +
		"crash libbpf",
		[]variant{
			withLayout(unknown("vlen 0xffffff of 252 bytes", 20, 0xffffff), [2]byte{0, 252}),
			withLayout(unknown("vlen 0x820821 of 252 bytes", 20, 0x820821), [2]byte{0, 252}),
		}},
	{33, "kind 0 in a record", Open, "void is not stored (btf_check_meta)",
		[]variant{
			{"all zero", func(m *maker) { m.words(0, 0, 0) }},
			unknown("with a name", 0, 0),
		}},
	{34, "STRUCT with 65,536 members", Sound, "vlen has 24 bits since Linux 7.2 (BTF_MAX_VLEN)",
		[]variant{{"of one byte each", func(m *maker) {
			char := m.int("char", 1, 8)
			members := make([]uint32, 0, 3<<16)
			for i := range uint32(1 << 16) {
				members = append(members, 0, char, 8*i)
			}
			m.structure("wide", 1<<16, members...)
		}}}},
	{35, "kind 33", Open, "kind has 7 bits since Linux 7.2; 5 of them read as INT",
		[]variant{
			unknown("no layout", 33, 0, 32),
			withLayout(unknown("a layout of 20 kinds", 33, 0, 32)),
		}},
	{36, "INT with bit 16 of its info word", Validate, "since Linux 7.2 it belongs to vlen, which " +
		"an INT has not (btf_int_check_meta)",
		withInfo(1<<16, "bit 16", btf.KindInt)},
	{37, "vlen where there are no elements", Validate, "it is ignored; btf_int_check_meta and its " +
		"like refuse it",
		withInfo(3, "vlen 3", btf.KindInt, btf.KindPtr, btf.KindArray, btf.KindFwd,
			btf.KindTypedef, btf.KindVolatile, btf.KindConst, btf.KindRestrict, btf.KindVar,
			btf.KindFloat, btf.KindDeclTag, btf.KindTypeTag)},
	{38, "kind_flag where it means nothing", Validate, "it is ignored; btf_int_check_meta and its " +
		"like refuse it",
		withInfo(flag, "kind_flag", btf.KindInt, btf.KindConst, btf.KindFunc, btf.KindPtr,
			btf.KindArray, btf.KindTypedef, btf.KindVar, btf.KindFloat)},
}
