package malformed

import "github.com/btfkit/btfkit/btf"

// oneMember returns a variant of a struct of 4 bytes with a member of the type that make returns.
func oneMember(name string, make func(*maker) uint32) variant {
	return variant{name, func(m *maker) {
		t := make(m)
		m.structure("s", 4, m.name("x"), t, 0)
	}}
}

// bitfields adds a struct in the form that has bitfields; members are {name, type, width, offset}.
func (m *maker) bitfields(size uint32, members ...uint32) uint32 {
	var words []uint32
	for ; len(members) > 0; members = members[4:] {
		words = append(words, members[0], members[1], members[2]<<24|members[3])
	}
	return m.add(btf.KindStruct, "s", flag|uint32(len(words)/3), size, words...)
}

var memberRows = []row{
	{72, "member of a type without size", Validate, "btf_struct_resolve",
		[]variant{
			oneMember("void", void), oneMember("FWD", fwd), oneMember("FUNC_PROTO", proto),
			oneMember("VAR", global),
		}},
	{73, "members out of order", Validate, "offsets do not decrease in a struct " +
		"(btf_struct_check_meta)",
		[]variant{
			{"plain", func(m *maker) { m.structure("s", 8, m.name("a"), 1, 32, m.name("b"), 1, 0) }},
			{"bitfields", func(m *maker) {
				m.bitfields(4, m.name("a"), 1, 4, 4, m.name("b"), 1, 4, 0)
			}},
		}},
	{74, "member past the end", Validate, "btf_struct_check_meta, btf_int_check_member",
		[]variant{
			{"starts there", func(m *maker) { m.structure("s", 4, m.name("a"), 1, 40) }},
			{"ends there", func(m *maker) { m.structure("s", 4, m.name("a"), 1, 8) }},
			{"offset 0xffffffff", func(m *maker) { m.structure("s", 4, m.name("a"), 1, 0xffffffff) }},
			{"bitfield", func(m *maker) { m.bitfields(4, m.name("a"), 1, 4, 30) }},
		}},
	{75, "union member with an offset", Validate, "all members of a union start at 0 " +
		"(btf_struct_check_meta)",
		[]variant{{"32 bits", func(m *maker) {
			m.add(btf.KindUnion, "u", 2, 8, m.name("a"), 1, 0, m.name("b"), 1, 32)
		}}}},
	{77, "duplicate member names", Sound, "nobody checks, and anonymous members share a name anyway",
		[]variant{{"two of them", func(m *maker) {
			a := m.name("a")
			m.structure("s", 8, a, 1, 0, a, 1, 32)
		}}}},
	{78, "bitfield wider than its base", Validate, "btf_int_check_kflag_member",
		[]variant{
			{"33 bits of an int", func(m *maker) { m.bitfields(8, m.name("a"), 1, 33, 0) }},
			{"9 bits of a char", func(m *maker) {
				m.bitfields(8, m.name("a"), m.int("char", 1, 8), 9, 0)
			}},
		}},
	{79, "bitfield of what is no number", Validate, "btf_generic_check_kflag_member",
		[]variant{
			{"PTR", func(m *maker) { m.bitfields(8, m.name("a"), pointer(m), 3, 0) }},
			{"STRUCT", func(m *maker) { m.bitfields(8, m.name("a"), m.structure("in", 4), 3, 0) }},
		}},
	{80, "1-byte enum ends a struct with bitfields", Sound, "the kernel takes every enum for 32 " +
		"bits there and refuses, which is its quirk (btf_enum_check_kflag_member)",
		[]variant{{"after 4 bits", func(m *maker) {
			e := m.add(btf.KindEnum, "tiny", 1, 1, m.name("A"), 0)
			m.bitfields(2, m.name("a"), 1, 4, 0, m.name("b"), e, 0, 8)
		}}}},
	{81, "zero-length array inside a struct", Sound, "it takes no room; kernels have hundreds",
		[]variant{{"first of two members", func(m *maker) {
			m.structure("s", 4, m.name("a"), m.array(1, 1, 0), 0, m.name("b"), 1, 0)
		}}}},
	{99, "DECL_TAG for a component that is not there", Validate, "-1, or one below vlen " +
		"(btf_decl_tag_resolve)",
		[]variant{
			{"member 1 of 1", func(m *maker) {
				s := m.structure("s", 4, m.name("a"), 1, 0)
				m.add(btf.KindDeclTag, "tag", 0, s, 1)
			}},
			{"member 0 of a typedef", func(m *maker) {
				m.add(btf.KindDeclTag, "tag", 0, m.add(btf.KindTypedef, "t", 0, 1), 0)
			}},
			{"-2", func(m *maker) {
				m.add(btf.KindDeclTag, "tag", 0, m.structure("s", 4, m.name("a"), 1, 0), ^uint32(1))
			}},
		}},
	{100, "DECL_TAG on what carries none", Validate, "STRUCT, UNION, FUNC, VAR or TYPEDEF " +
		"(btf_decl_tag_resolve)",
		[]variant{
			{"INT", func(m *maker) { m.add(btf.KindDeclTag, "tag", 0, 1, ^uint32(0)) }},
			{"PTR", func(m *maker) { m.add(btf.KindDeclTag, "tag", 0, pointer(m), ^uint32(0)) }},
			{"ENUM", func(m *maker) {
				m.add(btf.KindDeclTag, "tag", 0, m.add(btf.KindEnum, "e", 0, 4), ^uint32(0))
			}},
			{"DATASEC", func(m *maker) {
				d := m.add(btf.KindDatasec, ".data", 1, 4, global(m), 0, 4)
				m.add(btf.KindDeclTag, "tag", 0, d, ^uint32(0))
			}},
			{"void", func(m *maker) { m.add(btf.KindDeclTag, "tag", 0, 0, ^uint32(0)) }},
		}},
}
