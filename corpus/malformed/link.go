package malformed

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// missing returns variants with a reference to an id that does not exist, one for each place that
// holds one.
func missing() []variant {
	var vs []variant
	place := func(name string, make func(*maker, uint32)) {
		vs = append(vs,
			variant{name + ", first free id", func(m *maker) {
				lost := m.nextID + 1 // behind the one record that make adds
				make(m, lost)
			}},
			variant{name + ", 0xffffffff", func(m *maker) { make(m, 0xffffffff) }})
	}
	for _, k := range []btf.Kind{btf.KindPtr, btf.KindTypedef, btf.KindVolatile, btf.KindConst,
		btf.KindRestrict, btf.KindFunc, btf.KindFuncProto, btf.KindTypeTag} {
		place(k.String(), func(m *maker, id uint32) { m.addAt(k, 1, 0, id) })
	}
	place("VAR", func(m *maker, id uint32) { m.add(btf.KindVar, "x", 0, id, 0) })
	place("DECL_TAG", func(m *maker, id uint32) { m.add(btf.KindDeclTag, "x", 0, id, 0) })
	place("ARRAY element", func(m *maker, id uint32) { m.array(id, 1, 1) })
	place("ARRAY index", func(m *maker, id uint32) { m.array(1, id, 1) })
	place("STRUCT member", func(m *maker, id uint32) { m.structure("x", 4, 0, id, 0) })
	place("UNION member", func(m *maker, id uint32) { m.add(btf.KindUnion, "x", 1, 4, 0, id, 0) })
	place("FUNC_PROTO parameter", func(m *maker, id uint32) { m.proto(0, 1, id) })
	place("DATASEC entry", func(m *maker, id uint32) {
		m.add(btf.KindDatasec, "x", 1, 4, id, 0, 4)
	})
	return vs
}

// cycle returns a variant in which a record of each kind refers to the next, and the last to the
// first.
func cycle(kinds ...btf.Kind) variant {
	return variant{fmt.Sprint(kinds), func(m *maker) {
		first := m.nextID
		for i, k := range kinds {
			next := first + uint32((i+1)%len(kinds))
			if k == btf.KindArray {
				m.array(next, 1, 1)
			} else {
				name := uint32(0)
				if k.HasName() {
					name = 1
				}
				m.addAt(k, name, 0, next)
			}
		}
	}}
}

// chain adds n records of a kind without name, each of which refers to the next; the last refers
// to void.
func chain(m *maker, kind btf.Kind, n int) {
	for range n - 1 {
		m.addAt(kind, 0, 0, m.nextID+1)
	}
	m.addAt(kind, 0, 0, 0)
}

var linkRows = []row{
	{56, "reference to a missing type", Verify, "there is nothing to follow", missing()},
	{57, "PTR to itself", Verify, "it is a pointer to a pointer without end " +
		"(env_stack_push: EEXIST)",
		[]variant{cycle(btf.KindPtr), cycle(btf.KindPtr, btf.KindPtr),
			cycle(btf.KindPtr, btf.KindTypedef)}},
	{58, "cycle of modifiers or typedefs", Verify, "following them never ends; libbpf hangs " +
		"(env_stack_push: EEXIST)",
		[]variant{cycle(btf.KindConst), cycle(btf.KindTypedef),
			cycle(btf.KindTypedef, btf.KindConst, btf.KindVolatile, btf.KindTypeTag, btf.KindRestrict)}},
	{59, "33 modifiers in a row", Validate, "MAX_RESOLVE_DEPTH is 32",
		[]variant{{"CONST", func(m *maker) { chain(m, btf.KindConst, 33) }}}},
	{60, "300,000 pointers in a row", Sound, "long, and not circular; it must not cost stack",
		[]variant{{"forward", func(m *maker) { chain(m, btf.KindPtr, 300_000) }}}},
	{63, "CONST to TYPE_TAG", Warn, "kernels up to 6.18 want tags before other modifiers " +
		"(btf_check_type_tags)",
		[]variant{{"of int", func(m *maker) {
			m.add(btf.KindConst, "", 0, m.add(btf.KindTypeTag, "user", 0, 1))
		}}}},
	{64, "tag with kind_flag", Sound, "since Linux 6.15 it marks an attribute's body",
		[]variant{
			{"TYPE_TAG", func(m *maker) { m.ptr(m.add(btf.KindTypeTag, "user", flag, 1)) }},
			{"DECL_TAG", func(m *maker) {
				m.add(btf.KindDeclTag, "tag", flag, m.add(btf.KindTypedef, "t", 0, 1), ^uint32(0))
			}},
		}},
	{65, "PTR to VAR or DATASEC", Validate, "they are no types of values (btf_ptr_resolve)",
		[]variant{
			{"VAR", func(m *maker) { m.ptr(global(m)) }},
			{"DATASEC", func(m *maker) {
				m.ptr(m.add(btf.KindDatasec, ".data", 1, 4, global(m), 0, 4))
			}},
		}},
	{66, "PTR or TYPEDEF to FUNC", Warn, "a FUNC is no type of a value, but the kernel lets it pass",
		[]variant{
			{"PTR", func(m *maker) { m.ptr(m.add(btf.KindFunc, "f", 0, m.proto(0))) }},
			{"TYPEDEF", func(m *maker) {
				m.add(btf.KindTypedef, "t", 0, m.add(btf.KindFunc, "f", 0, m.proto(0)))
			}},
		}},
	{69, "ARRAY of itself", Verify, "it has no size (env_stack_push: EEXIST)",
		[]variant{cycle(btf.KindArray), cycle(btf.KindArray, btf.KindTypedef)}},
	{76, "struct contains itself by value", Verify, "it has no size (env_stack_push: EEXIST)",
		[]variant{
			{"directly", func(m *maker) { m.structure("s", 4, 0, m.nextID, 0) }},
			{"through an array", func(m *maker) {
				m.structure("s", 4, 0, m.nextID+1, 0)
				m.array(m.nextID-1, 1, 1)
			}},
			{"through a union and a typedef", func(m *maker) {
				m.structure("s", 4, 0, m.nextID+1, 0)
				m.add(btf.KindUnion, "u", 1, 4, 0, m.nextID+1, 0)
				m.add(btf.KindTypedef, "t", 0, m.nextID-2)
			}},
		}},
	{101, "split blob parsed without its base", Open, "its names lie beyond its own strings; name " +
		"the base",
		[]variant{
			{"strings that start with a name", func(m *maker) {
				m.split()
				m.add(btf.KindTypedef, "mine", 0, 1)
				m.bases = nil
			}},
			{"no strings of its own", func(m *maker) {
				m.split()
				m.addAt(btf.KindTypedef, 1, 0, 1)
				m.bases = nil
			}},
		}},
	{102, "split without types and strings", Sound, "a module may add nothing",
		[]variant{{"24 bytes", func(m *maker) { m.split() }}}},
	{103, "split of a split", Sound, "ids and offsets count on from all bases together",
		[]variant{{"one typedef each", func(m *maker) {
			m.split()
			m.add(btf.KindTypedef, "a", 0, 1)
			m.split()
			m.add(btf.KindTypedef, "b", 0, m.nextID-1)
		}}}},
}
