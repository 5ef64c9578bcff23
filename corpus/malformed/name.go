package malformed

import (
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// typedefs returns a variant of a typedef for each name, described by the name itself.
func typedefs(names ...string) []variant {
	var vs []variant
	for _, n := range names {
		vs = append(vs, variant{fmt.Sprintf("%q", n), func(m *maker) {
			m.add(btf.KindTypedef, n, 0, 1)
		}})
	}
	return vs
}

// unnamed returns a variant of each kind without a name.
func unnamed(kinds ...btf.Kind) []variant {
	var vs []variant
	for _, k := range kinds {
		vs = append(vs, variant{k.String(), func(m *maker) {
			m.sound(k, 0)
			last := len(m.types) - 12
			if k == btf.KindVar || k == btf.KindDeclTag || k == btf.KindInt {
				last -= 4
			}
			m.order.PutUint32(m.types[last:], 0)
		}})
	}
	return vs
}

// elementNames returns a variant for each kind whose elements have names, with a name offset at
// the end of the strings and one far beyond.
func elementNames() []variant {
	var vs []variant
	add := func(kind btf.Kind, third uint32, rest ...uint32) {
		vs = append(vs, variant{fmt.Sprintf("%v, at the end of the strings", kind), func(m *maker) {
			words := append([]uint32{uint32(len(m.strings)) + 2}, rest...) // + 2: the type's "x"
			m.add(kind, "x", 1, third, words...)
		}}, variant{fmt.Sprintf("%v, far beyond", kind), func(m *maker) {
			m.add(kind, "x", 1, third, append([]uint32{0xfffffff0}, rest...)...)
		}})
	}
	add(btf.KindStruct, 4, 1, 0)
	add(btf.KindUnion, 4, 1, 0)
	add(btf.KindEnum, 4, 0)
	add(btf.KindEnum64, 8, 0, 0)
	vs = append(vs, variant{"FUNC_PROTO", func(m *maker) { m.proto(0, 5, 1) }})
	return vs
}

var nameRows = []row{
	{39, "base's strings do not start with NUL", Open, "offset 0 is the empty name " +
		"(btf_parse_str_sec)",
		[]variant{{"a letter", func(m *maker) { m.strings[0] = 'x' }}}},
	{40, "strings do not end with NUL", Open, "the last string has no end (btf_parse_str_sec)",
		[]variant{
			{"base", func(m *maker) { m.strings[len(m.strings)-1] = 'x' }},
			{"split", func(m *maker) {
				m.split()
				m.add(btf.KindTypedef, "mine", 0, 1)
				m.strings[len(m.strings)-1] = 'x'
			}},
		}},
	{41, "type's name beyond the strings", Open, "the name is not there",
		[]variant{
			{"at their end", func(m *maker) { m.addAt(btf.KindTypedef, 5, 0, 1) }},
			{"0xffffffff", func(m *maker) { m.addAt(btf.KindTypedef, 0xffffffff, 0, 1) }},
			{"of a kind without names", func(m *maker) { m.addAt(btf.KindPtr, 5, 0, 1) }},
			{"split, at their end", func(m *maker) {
				m.split()
				m.add(btf.KindTypedef, "mine", 0, 1)
				m.addAt(btf.KindTypedef, 10, 0, 1)
			}},
		}},
	{42, "element's name beyond the strings", Verify, "the name is not there; Open does not look " +
		"at elements", elementNames()},
	{43, "name in the middle of a string", Sound, "a string may share another's end; nobody writes " +
		"it, and the kernel reads it",
		[]variant{
			{"of a type", func(m *maker) { m.addAt(btf.KindTypedef, 2, 0, 1) }},
			{"of a member", func(m *maker) { m.structure("s", 4, 3, 1, 0) }},
			{"from the base, by a split", func(m *maker) {
				m.split()
				m.addAt(btf.KindTypedef, 3, 0, 1)
			}},
		}},
	{44, "invalid UTF-8", Sound, "names are bytes in no declared encoding",
		[]variant{
			{"unused string", func(m *maker) { m.name("\xff\xfe") }},
			{"tag's value", func(m *maker) { m.add(btf.KindTypeTag, "\xc3\x28", 0, 1) }},
		}},
	{45, "name that is no identifier", Validate, "letters, digits, '_' and '.', and no digit first " +
		"(btf_name_valid_identifier)",
		append(typedefs("1a", "a b", "a-b", "größe"),
			variant{"member", func(m *maker) { m.structure("s", 4, m.name("a b"), 1, 0) }},
			variant{"enumerator", func(m *maker) { m.add(btf.KindEnum, "e", 1, 4, m.name("1"), 0) }},
		)},
	{46, "name with dots", Sound, "btf_name_valid_identifier takes them for letters",
		append(typedefs(".a", "a.b", "..", "_.1"),
			variant{"DATASEC", func(m *maker) {
				v := m.add(btf.KindVar, "v", 0, 1, 1)
				m.add(btf.KindDatasec, ".data..percpu", 1, 4, v, 0, 4)
			}})},
	{47, "identifier over 512 bytes", Validate, "KSYM_NAME_LEN is 512, the NUL not counted",
		[]variant{{"513 letters", func(m *maker) {
			m.add(btf.KindTypedef, strings.Repeat("a", 513), 0, 1)
		}}}},
	{48, "anonymous INT or FLOAT", Warn, "nobody can ask for it by name; no reader refuses it",
		unnamed(btf.KindInt, btf.KindFloat)},
	{61, "name on a kind that has none", Validate, "it is ignored; btf_ref_type_check_meta and its " +
		"like refuse it",
		[]variant{
			{"PTR", func(m *maker) { m.add(btf.KindPtr, "p", 0, 1) }},
			{"CONST", func(m *maker) { m.add(btf.KindConst, "c", 0, 1) }},
			{"ARRAY", func(m *maker) { m.add(btf.KindArray, "a", 0, 0, 1, 1, 2) }},
			{"FUNC_PROTO", func(m *maker) { m.add(btf.KindFuncProto, "f", 0, 1) }},
		}},
	{62, "no name on a kind that needs one", Validate, "it could not be referred to " +
		"(btf_ref_type_check_meta, btf_fwd_check_meta, btf_var_check_meta, btf_decl_tag_check_meta)",
		append(unnamed(btf.KindTypedef, btf.KindFwd, btf.KindFunc, btf.KindVar, btf.KindDeclTag,
			btf.KindTypeTag),
			variant{"DATASEC", func(m *maker) {
				v := m.add(btf.KindVar, "v", 0, 1, 1)
				m.add(btf.KindDatasec, "", 1, 4, v, 0, 4)
			}})},
}
