package malformed

import "github.com/btfkit/btfkit/btf"

// ints returns a variant of one INT; encoding is the word behind its header.
func ints(name string, size, encoding uint32) variant {
	return variant{name, func(m *maker) { m.int("x", size, encoding) }}
}

// arrayOf returns a variant of an array whose element is what make returns.
func arrayOf(name string, make func(*maker) uint32) variant {
	return variant{name, func(m *maker) { m.array(make(m), 1, 2) }}
}

var typeRows = []row{
	{49, "INT of no bits or no bytes", Warn, "it holds nothing; btf_int_check_meta accepts it",
		[]variant{ints("width 0", 4, 0), ints("size 0", 0, 0)}},
	{50, "INT of 3 bytes", Validate, "btf_int_check_meta accepts it, and every use as an element " +
		"is refused (btf_type_int_is_regular)",
		[]variant{
			ints("alone", 3, 24),
			{"as an element", func(m *maker) { m.array(m.int("x", 3, 24), 1, 2) }},
		}},
	{51, "INT wider than its bytes", Validate, "btf_int_check_meta",
		[]variant{ints("33 bits in 4 bytes", 4, 33), ints("8 bits from bit 1 of a byte", 1, 1<<16|8)}},
	{52, "INT beyond 128 bits", Validate, "btf_int_check_meta (BITS_PER_U128)",
		[]variant{ints("width 255 in 32 bytes", 32, 255),
			ints("100 bits from bit 29 on", 32, 29<<16|100)}},
	{53, "INT with an unknown encoding", Validate, "signed, char and bool exclude each other, and " +
		"there is no fourth (btf_int_check_meta)",
		[]variant{ints("signed char", 4, 3<<24|32), ints("encoding 8", 4, 8<<24|32)}},
	{54, "INT word with its top bits set", Validate, "BTF_INT_MASK leaves them out",
		[]variant{ints("top bit", 4, 1<<31|32), ints("bit 28", 4, 1<<28|32)}},
	{55, "INT word with bits 8 to 15 set", Warn, "they belong to no field, and nobody looks",
		[]variant{ints("all of them", 4, 0xff00|32)}},
	{67, "ARRAY of or indexed by void", Validate, "void has no size (btf_array_resolve)",
		[]variant{
			arrayOf("of void", void),
			{"indexed by void", func(m *maker) { m.array(1, 0, 2) }},
		}},
	{68, "ARRAY with a size", Validate, "the size is that of its elements (btf_array_check_meta)",
		[]variant{{"size 8", func(m *maker) { m.add(btf.KindArray, "", 0, 8, 1, 1, 2) }}}},
	{70, "ARRAY over 4 GiB", Validate, "sizes have 32 bits (btf_array_resolve)",
		[]variant{
			{"0xffffffff ints", func(m *maker) { m.array(1, 1, 0xffffffff) }},
			{"nested", func(m *maker) { m.array(m.array(m.array(1, 1, 65536), 1, 65536), 1, 65536) }},
		}},
	{71, "ARRAY of or indexed by what cannot be", Validate, "elements have a size, an index is a " +
		"regular INT (btf_array_resolve)",
		[]variant{
			arrayOf("of FWD", fwd),
			arrayOf("of FUNC_PROTO", proto),
			{"indexed by PTR", func(m *maker) { m.array(1, pointer(m), 2) }},
		}},
	{82, "ENUM of odd size", Validate, "1, 2, 4 or 8 bytes (btf_enum_check_meta)",
		[]variant{
			{"size 0", func(m *maker) { m.add(btf.KindEnum, "e", 1, 0, m.name("A"), 0) }},
			{"size 3", func(m *maker) { m.add(btf.KindEnum, "e", 1, 3, m.name("A"), 0) }},
			{"ENUM64 of size 16", func(m *maker) { m.add(btf.KindEnum64, "e", 1, 16, m.name("A"), 0, 0) }},
		}},
	{83, "unnamed enumerator", Validate, "a value without a name is no use (btf_enum_check_meta)",
		[]variant{
			{"ENUM", func(m *maker) { m.add(btf.KindEnum, "e", 1, 4, 0, 0) }},
			{"ENUM64", func(m *maker) { m.add(btf.KindEnum64, "e", 1, 8, 0, 0, 0) }},
		}},
	{84, "duplicate or unsorted enum values", Sound, "C allows both, and a kernel has hundreds",
		[]variant{
			{"duplicate", func(m *maker) {
				m.add(btf.KindEnum, "e", 2, 4, m.name("A"), 1, m.name("B"), 1)
			}},
			{"unsorted", func(m *maker) {
				m.add(btf.KindEnum, "e", flag|2, 4, m.name("A"), 1, m.name("B"), ^uint32(0))
			}},
		}},
	{85, "FWD with a type", Validate, "it declares a name and nothing else (btf_fwd_check_meta)",
		[]variant{{"int", func(m *maker) { m.add(btf.KindFwd, "x", 0, 1) }}}},
	{86, "FUNC of what is no FUNC_PROTO", Verify, "it has no parameters to ask for " +
		"(btf_func_check)",
		[]variant{
			{"INT", func(m *maker) { m.add(btf.KindFunc, "f", 1, 1) }},
			{"void", func(m *maker) { m.add(btf.KindFunc, "f", 1, 0) }},
			{"PTR to FUNC_PROTO", func(m *maker) { m.add(btf.KindFunc, "f", 1, m.ptr(m.proto(0))) }},
		}},
	{87, "FUNC with linkage extern", Object, "compilers write it for kernel functions, and libbpf " +
		"replaces it (btf_func_check_meta)",
		[]variant{{"linkage 2", func(m *maker) { m.add(btf.KindFunc, "f", 2, m.proto(0)) }}}},
	{88, "FUNC with unknown linkage", Validate, "static, global, extern (btf_func_check_meta)",
		[]variant{
			{"linkage 3", func(m *maker) { m.add(btf.KindFunc, "f", 3, m.proto(0)) }},
			{"linkage 0xffffff", func(m *maker) { m.add(btf.KindFunc, "f", 0xffffff, m.proto(0)) }},
		}},
	{89, "vararg in the middle, or named", Validate, "it is the last parameter, without name and " +
		"type (btf_func_proto_check)",
		[]variant{
			{"in the middle", func(m *maker) { m.proto(0, m.name("a"), 1, 0, 0, m.name("b"), 1) }},
			{"named", func(m *maker) { m.proto(0, m.name("a"), 0) }},
		}},
	{90, "FUNC with an unnamed parameter", Object, "declarations have them; btf_func_check refuses",
		[]variant{{"one int", func(m *maker) { m.add(btf.KindFunc, "f", 0, m.proto(0, 0, 1)) }}}},
	{91, "VAR of what cannot be", Validate, "a variable has a size (btf_var_resolve)",
		[]variant{
			{"void", func(m *maker) { m.add(btf.KindVar, "x", 0, 0, 1) }},
			{"FWD", func(m *maker) { m.add(btf.KindVar, "x", 0, fwd(m), 1) }},
			{"VAR", func(m *maker) { m.add(btf.KindVar, "x", 0, global(m), 1) }},
		}},
	{92, "VAR with linkage extern", Object, "compilers write it for what is defined elsewhere " +
		"(btf_var_check_meta)",
		[]variant{{"linkage 2", func(m *maker) { m.add(btf.KindVar, "x", 0, 1, 2) }}}},
	{93, "VAR with unknown linkage", Validate, "static, global, extern (btf_var_check_meta)",
		[]variant{{"linkage 9", func(m *maker) { m.add(btf.KindVar, "x", 0, 1, 9) }}}},
	{94, "DATASEC not laid out yet", Object, "compilers leave size and offsets 0 until a loader " +
		"fills them in (btf_datasec_check_meta)",
		[]variant{
			{"size 0", func(m *maker) { m.add(btf.KindDatasec, ".data", 1, 0, global(m), 0, 4) }},
			{"offset 0 twice", func(m *maker) {
				a, b := global(m), global(m)
				m.add(btf.KindDatasec, ".data", 2, 8, a, 0, 4, b, 0, 4)
			}},
		}},
	{95, "DATASEC entries out of order, overlapping or outside", Validate, "btf_datasec_check_meta",
		[]variant{
			{"unsorted", func(m *maker) {
				a, b := global(m), global(m)
				m.add(btf.KindDatasec, ".data", 2, 8, a, 4, 4, b, 0, 4)
			}},
			{"overlapping", func(m *maker) {
				a, b := global(m), global(m)
				m.add(btf.KindDatasec, ".data", 2, 8, a, 0, 4, b, 2, 4)
			}},
			{"past the end", func(m *maker) { m.add(btf.KindDatasec, ".data", 1, 4, global(m), 4, 4) }},
			{"the sum wraps a u32", func(m *maker) {
				m.add(btf.KindDatasec, ".data", 1, 4, global(m), 0xfffffffc, 8)
			}},
		}},
	{96, "DATASEC of a FUNC", Object, "compilers put kernel functions into .ksyms " +
		"(btf_datasec_resolve)",
		[]variant{{".ksyms", func(m *maker) {
			f := m.add(btf.KindFunc, "f", 2, m.proto(0))
			m.add(btf.KindDatasec, ".ksyms", 1, 0, f, 0, 0)
		}}}},
	{97, "DATASEC of an INT", Validate, "sections hold variables (btf_datasec_resolve)",
		[]variant{{"int", func(m *maker) { m.add(btf.KindDatasec, ".data", 1, 4, 1, 0, 4) }}}},
	{98, "FLOAT of odd size", Validate, "2, 4, 8, 12 or 16 bytes (btf_float_check_meta)",
		[]variant{
			{"1", func(m *maker) { m.add(btf.KindFloat, "f", 0, 1) }},
			{"3", func(m *maker) { m.add(btf.KindFloat, "f", 0, 3) }},
			{"10", func(m *maker) { m.add(btf.KindFloat, "f", 0, 10) }},
			{"32", func(m *maker) { m.add(btf.KindFloat, "f", 0, 32) }},
		}},
}
