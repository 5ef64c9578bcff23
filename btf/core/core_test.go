package core_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/internal/built"
)

// An asked relocation: kind, the name of a type of the object, access string.
type asked struct {
	kind   core.Kind
	name   string
	access string
}

// parse returns the Spec of what fill adds to a Builder, split from base.
func parse(t testing.TB, base *btf.Spec, order binary.ByteOrder,
	fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base, ByteOrder: order})
	fill(b)
	return built.Spec(t, b, base)
}

// object returns an object's Spec and Ext, with relocations in section "prog".
func object(t testing.TB, order binary.ByteOrder, fill func(b *builder.Builder), relos ...asked) (
	*btf.Spec, *core.Ext) {
	t.Helper()
	var records []uint32
	strs := map[string]uint32{}
	spec := parse(t, nil, order, func(b *builder.Builder) {
		fill(b)
		for _, s := range []string{"prog", "file.c", "x = 1;"} {
			strs[s] = b.Intern(s)
		}
		for _, r := range relos {
			strs[r.access] = b.Intern(r.access)
		}
	})
	for i, r := range relos {
		typ, err := spec.TypeByName(r.name)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, uint32(8*i), uint32(typ.ID()), strs[r.access], uint32(r.kind))
	}
	ext := []uint32{0, 32, 0, 20, 20, 28, 48, uint32(4 * (3 + len(records))),
		8, strs["prog"], 1, 16, 1, // func_info
		16, strs["prog"], 1, 24, strs["file.c"], strs["x = 1;"], 7<<10 | 5, // line_info
		16, strs["prog"], uint32(len(relos))}
	var data []byte
	for _, w := range append(ext, records...) {
		data = append(data, make([]byte, 4)...)
		order.PutUint32(data[len(data)-4:], w)
	}
	order.PutUint16(data, 0xeb9f)
	data[2] = 1
	parsed, err := core.Parse(data, spec)
	if err != nil {
		t.Fatal(err)
	}
	return spec, parsed
}

// resolve answers all relocations of an object.
func resolve(kernel core.Source, ext *core.Ext) (answers []string) {
	r := core.NewResolver(kernel)
	for relo := range ext.Relocations() {
		v, err := r.Resolve(relo)
		text := v.String()
		if err != nil {
			text = "error: " + err.Error()
		}
		answers = append(answers, text)
	}
	return answers
}

func local(b *builder.Builder) {
	u32 := b.Int("u32", 4, btf.Int{Bits: 32})
	b.Struct("task", 16, builder.Member{Name: "pid", Type: u32},
		builder.Member{Name: "flags", Type: u32, BitOffset: 32},
		builder.Member{Name: "gone", Type: u32, BitOffset: 64})
	b.Enum("mode", 4, true, builder.Enumerator{Name: "OFF", Value: 0},
		builder.Enumerator{Name: "ON___v2", Value: 1})
	b.Struct("task___v2", 4, builder.Member{Name: "pid", Type: u32})
	b.Typedef("count", u32)
	b.Struct("bits", 4, builder.Member{Name: "b", Type: u32, BitOffset: 1, BitfieldSize: 3})
	b.Struct("list", 8, builder.Member{Name: "head", Type: u32},
		builder.Member{Name: "tail", Type: b.NextID() + 1, BitOffset: 32})
	b.Array(u32, u32, 0)
	b.Struct("nowhere", 4, builder.Member{Name: "x", Type: u32})
}

func target(b *builder.Builder) {
	u32 := b.Int("u32", 4, btf.Int{Bits: 32})
	within := b.Struct("", 8, builder.Member{Name: "stack", Type: u32},
		builder.Member{Name: "pid", Type: u32, BitOffset: 32})
	b.Struct("task", 32, builder.Member{Name: "", Type: within, BitOffset: 64},
		builder.Member{Name: "flags", Type: u32, BitOffset: 160})
	b.Enum("mode", 4, true, builder.Enumerator{Name: "ON", Value: -7})
	b.Typedef("count", u32)
	b.Struct("bits", 8, builder.Member{Name: "b", Type: u32, BitOffset: 37, BitfieldSize: 5})
	b.Struct("list", 8, builder.Member{Name: "tail", Type: b.NextID() + 1, BitOffset: 64})
	b.Array(u32, u32, 0)
}

// TestResolve asks for every kind, what is there and what is not. The answers are libbpf's, which
// module fuzz asks for those of real objects.
func TestResolve(t *testing.T) {
	relos := []asked{
		{core.FieldByteOffset, "task", "0:0"}, {core.FieldByteOffset, "task", "1:1"},
		{core.FieldByteOffset, "task", "0:2"}, {core.FieldExists, "task", "0:2"},
		{core.FieldExists, "task", "0:1"}, {core.FieldByteSize, "task", "0:1"},
		{core.FieldSigned, "task", "0:1"}, {core.FieldByteOffset, "task", "0"},
		{core.FieldByteOffset, "bits", "0:0"}, {core.FieldByteSize, "bits", "0:0"},
		{core.FieldLShiftU64, "bits", "0:0"}, {core.FieldRShiftU64, "bits", "0:0"},
		{core.FieldByteOffset, "list", "0:1:3"},
		{core.TypeIDLocal, "task", "0"}, {core.TypeIDTarget, "task", "0"}, {core.TypeSize, "task", "0"},
		{core.TypeExists, "task", "0"}, {core.TypeMatches, "task", "0"},
		{core.TypeMatches, "task___v2", "0"}, {core.TypeExists, "nowhere", "0"},
		{core.TypeSize, "nowhere", "0"}, {core.FieldByteOffset, "nowhere", "0:0"},
		{core.FieldByteOffset, "task___v2", "0:0"}, {core.TypeSize, "count", "0"},
		{core.EnumvalExists, "mode", "0"}, {core.EnumvalExists, "mode", "1"},
		{core.EnumvalValue, "mode", "0"}, {core.EnumvalValue, "mode", "1"},
	}
	want := []string{"0 -> 12", "20 -> 52", "8 -> none", "1 -> 0", "1 -> 1", "4 -> 4", "0 -> 0",
		"0 -> 0", "0 -> 4", "4 -> 4", "60 -> 54", "61 -> 59", "16 -> 20", "2 -> 2", "2 -> 3",
		"16 -> 32", "1 -> 1",
		"1 -> 0", "1 -> 0", "1 -> 0", "4 -> 0", "0 -> none", "0 -> 12", "4 -> 4", "1 -> 0", "1 -> 1",
		"0 -> none", "1 -> 18446744073709551609"}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		_, ext := object(t, order, local, relos...)
		want := slices.Clone(want)
		if order == binary.BigEndian {
			want[10] = "33 -> 37"
		}
		got := resolve(parse(t, nil, order, target), ext)
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%v: %v: %s, want %s", order, relos[i], got[i], want[i])
			}
		}
	}
}

// TestAccess follows the ways to the answers, through anonymous members that are not named.
func TestAccess(t *testing.T) {
	wants := []asked{{core.FieldByteOffset, "task", "0:0:1"}, {core.FieldByteOffset, "task", "1:1"},
		{core.FieldByteOffset, "task", ""}, {core.FieldExists, "task", ""},
		{core.FieldByteOffset, "list", "0:0:3"}, {core.EnumvalExists, "mode", "0"},
		{core.EnumvalExists, "mode", ""}, {core.TypeSize, "task", "0"}, {core.TypeIDLocal, "task", ""}}
	relos := slices.Clone(wants)
	for i, access := range []string{"0:0", "1:1", "0:2", "0:2", "0:1:3", "1", "0", "0", "0"} {
		relos[i].access = access
	}
	_, ext := object(t, binary.LittleEndian, local, relos...)
	r, i := core.NewResolver(parse(t, nil, binary.LittleEndian, target)), 0
	for relo := range ext.Relocations() {
		v, err := r.Resolve(relo)
		if err != nil || v.Access != wants[i].access || v.Candidate.IsVoid() != (v.Access == "") {
			t.Errorf("%v: %q of %v, %v; want %q", relo, v.Access, v.Candidate, err, wants[i].access)
		}
		i++
	}
}

// TestResolveFields asks for fields whose types or places differ in one thing.
func TestResolveFields(t *testing.T) {
	struct1 := func(size uint32, m builder.Member, more ...builder.Member) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			u32 := b.Int("u32", 4, btf.Int{Bits: 32})                                      // 1
			b.Enum("", 4, false, builder.Enumerator{Name: "A", Value: 0xffffffff})         // 2
			b.Enum("one", 4, false, builder.Enumerator{Name: "A"})                         // 3
			b.Enum("one___old", 4, false, builder.Enumerator{Name: "A"})                   // 4
			b.Enum("two", 4, false, builder.Enumerator{Name: "A"})                         // 5
			b.Array(u32, u32, 0)                                                           // 6
			b.Float("float", 4)                                                            // 7
			b.Enum("max", 4, false, builder.Enumerator{Name: "MAX", Value: 0xffffffff})    // 8
			b.Enum64("max64", 8, false, builder.Enumerator{Name: "MAX", Value: 0xfffffff}) // 9
			b.Struct("s", size, append([]builder.Member{m}, more...)...)
		}
	}
	member := func(typ btf.TypeID) builder.Member { return builder.Member{Name: "m", Type: typ} }
	wide := builder.Member{Name: "m", Type: 1, BitOffset: 30, BitfieldSize: 5}
	too := builder.Member{Name: "m", Type: 1, BitOffset: 63, BitfieldSize: 32}
	for _, c := range []struct {
		local, target func(b *builder.Builder)
		asked
		want string
	}{
		{struct1(4, member(2)), struct1(4, member(3)), asked{core.FieldExists, "s", "0:0"}, "1 -> 1"},
		{struct1(4, member(3)), struct1(4, member(2)), asked{core.FieldExists, "s", "0:0"}, "1 -> 1"},
		{struct1(4, member(4)), struct1(4, member(3)), asked{core.FieldExists, "s", "0:0"}, "1 -> 1"},
		{struct1(4, member(3)), struct1(4, member(5)), asked{core.FieldExists, "s", "0:0"}, "1 -> 0"},
		{struct1(4, member(7)), struct1(4, member(7)), asked{core.FieldExists, "s", "0:0"}, "1 -> 1"},
		{struct1(4, member(7)), struct1(4, member(1)), asked{core.FieldExists, "s", "0:0"}, "1 -> 0"},
		{struct1(4, member(6)), struct1(4, member(6)), asked{core.FieldExists, "s", "0:0:1"}, "1 -> 1"},
		{struct1(4, member(6)), struct1(4, member(6), builder.Member{Name: "n", Type: 1}),
			asked{core.FieldExists, "s", "0:0:1"}, "1 -> 0"},
		{struct1(8, wide), struct1(8, wide), asked{core.FieldByteSize, "s", "0:0"}, "8 -> 8"},
		{struct1(8, member(1)), struct1(8, too), asked{core.FieldByteSize, "s", "0:0"},
			"do not fit 8 bytes"},
		{struct1(4, member(1)), func(b *builder.Builder) { b.Fwd("other", btf.KindStruct) },
			asked{core.TypeIDTarget, "s", "0"}, "10 -> 0"},
		{struct1(4, member(1)), struct1(4, member(1)), asked{core.EnumvalValue, "max", "0"},
			"18446744073709551615 -> 18446744073709551615"},
		{struct1(4, member(1)), struct1(4, member(1)), asked{core.EnumvalValue, "max64", "0"},
			"268435455 -> 268435455"},
	} {
		_, ext := object(t, binary.LittleEndian, c.local, c.asked)
		got := resolve(parse(t, nil, binary.LittleEndian, c.target), ext)[0]
		if got != c.want && !(strings.HasPrefix(got, "error") && strings.Contains(got, c.want)) {
			t.Errorf("%v: %s, want %s", c.asked, got, c.want)
		}
	}
}

// TestResolveErrors asks what makes no sense.
func TestResolveErrors(t *testing.T) {
	for _, c := range []struct {
		asked
		want string
	}{
		{asked{core.FieldByteOffset, "task", "0:3"}, "has no member 3"},
		{asked{core.FieldByteOffset, "task", "0:0:0"}, "has no parts"},
		{asked{core.FieldByteOffset, "task", "0:x"}, "no access string"},
		{asked{core.FieldByteOffset, "task", "-1"}, "no access string"},
		{asked{core.FieldSigned, "list", "0:1:3"}, "element of an array"},
		{asked{core.FieldByteOffset, "task", strings.Repeat("0:", 64) + "0"}, "no parts"},
		{asked{core.TypeSize, "task", "1"}, "no part"},
		{asked{core.EnumvalValue, "mode", "2"}, "no enumerator 2"},
		{asked{core.EnumvalValue, "mode", "0:0"}, "no parts"},
		{asked{core.EnumvalValue, "task", "0"}, "no enumerator 0"},
		{asked{13, "task", "0"}, "Kind(13)"},
	} {
		_, ext := object(t, binary.LittleEndian, local, c.asked)
		got := resolve(parse(t, nil, binary.LittleEndian, target), ext)[0]
		if !strings.Contains(got, c.want) || !strings.Contains(got, "prog+0x0") || len(got) > 1024 {
			t.Errorf("%v: %s, want %s", c.asked, got, c.want)
		}
	}
}

// TestResolveCandidates has several types of the name: they must agree, those that did not answer
// once are not asked again, flavours count, and a module's do where the kernel has none.
func TestResolveCandidates(t *testing.T) {
	task := func(b *builder.Builder, name, member string, off uint32) {
		u32 := b.Int("u32", 4, btf.Int{Bits: 32})
		b.Struct(name, 16, builder.Member{Name: member, Type: u32, BitOffset: off})
	}
	relos := []asked{{core.FieldByteOffset, "task", "0:0"}, {core.FieldByteOffset, "task", "0:1"}}
	_, ext := object(t, binary.LittleEndian, local, relos...)
	kernel := func(fill func(b *builder.Builder)) *btf.Spec {
		return parse(t, nil, binary.LittleEndian, fill)
	}
	for _, c := range []struct {
		what   string
		kernel *btf.Spec
		want   string
	}{
		{"two places", kernel(func(b *builder.Builder) {
			task(b, "task", "pid", 0)
			task(b, "task", "pid", 32)
		}), "error"},
		{"only one has the first field", kernel(func(b *builder.Builder) {
			task(b, "task", "pid", 32)
			task(b, "task", "flags", 64)
		}), "0 -> 4,4 -> none"},
		{"flavours", kernel(func(b *builder.Builder) {
			task(b, "task___old", "pid", 64)
			task(b, "task___", "pid", 32)
			task(b, "task____x", "pid", 32)
		}), "0 -> 8,4 -> none"},
		{"module", parse(t, kernel(func(b *builder.Builder) { task(b, "other", "pid", 0) }),
			binary.LittleEndian, func(b *builder.Builder) { task(b, "task", "flags", 96) }),
			"0 -> none,4 -> 12"},
		{"kernel before module", parse(t, kernel(func(b *builder.Builder) { task(b, "task", "pid", 64) }),
			binary.LittleEndian, func(b *builder.Builder) { task(b, "task", "pid", 96) }),
			"0 -> 8,4 -> none"},
	} {
		got := resolve(c.kernel, ext)
		if text := strings.Join(got, ","); text != c.want && !strings.HasPrefix(text, c.want+":") {
			t.Errorf("%s: %s, want %s", c.what, text, c.want)
		}
		if c.want != "error" {
			continue
		}
		r := core.NewResolver(c.kernel)
		for relo := range ext.Relocations() {
			if _, err := r.Resolve(relo); !errors.Is(err, core.ErrAmbiguous) {
				t.Errorf("%s: %v", c.what, err)
			}
			break
		}
	}
}

// TestResolveEnds compares with structs that name others over and over, and with themselves.
func TestResolveEnds(t *testing.T) {
	kernel := parse(t, nil, binary.LittleEndian, func(b *builder.Builder) {
		next := b.NextID() + 1
		for range 60 { // 2^60 ways through anonymous members
			b.Struct("", 8, builder.Member{Type: next}, builder.Member{Type: next})
			next++
		}
		b.Int("u32", 4, btf.Int{Bits: 32})
		b.Struct("task", 8, builder.Member{Type: 1})
	})
	_, ext := object(t, binary.LittleEndian, local, asked{core.FieldByteOffset, "task", "0:0"})
	if got := resolve(kernel, ext)[0]; !strings.Contains(got, "too many types") {
		t.Error(got)
	}
	loop := func(b *builder.Builder) {
		b.Typedef("loop", b.NextID()+1)
		b.FuncProto(b.NextID()-1, builder.Param{Type: b.NextID() - 1},
			builder.Param{Type: b.NextID() - 1})
	}
	for _, kind := range []core.Kind{core.TypeExists, core.TypeMatches} {
		_, ext = object(t, binary.LittleEndian, loop, asked{kind, "loop", "0"})
		got := resolve(parse(t, nil, binary.LittleEndian, loop), ext)[0]
		if !strings.Contains(got, "too deep") && !strings.Contains(got, "too many") {
			t.Error(got)
		}
	}
}

// A build adds a type to a Builder that has u32 already.
type build = func(b *builder.Builder, u32 btf.TypeID) btf.TypeID

// under names what f adds "it".
func under(f build) func(b *builder.Builder) {
	return func(b *builder.Builder) { b.Typedef("it", f(b, b.Int("u32", 4, btf.Int{Bits: 32}))) }
}

func structOf(names ...string) build {
	return func(b *builder.Builder, u32 btf.TypeID) btf.TypeID {
		var ms []builder.Member
		for i, name := range names {
			ms = append(ms, builder.Member{Name: name, Type: u32, BitOffset: uint32(32 * i)})
		}
		return b.Struct("s", 16, ms...)
	}
}

func enumOf(size uint32, names ...string) build {
	return func(b *builder.Builder, _ btf.TypeID) btf.TypeID {
		var es []builder.Enumerator
		for i, name := range names {
			es = append(es, builder.Enumerator{Name: name, Value: int64(i)})
		}
		if size == 8 {
			return b.Enum64("e", 8, false, es...)
		}
		return b.Enum("e", size, false, es...)
	}
}

func ptr(f build) build {
	return func(b *builder.Builder, u32 btf.TypeID) btf.TypeID { return b.Ptr(f(b, u32)) }
}

func array(n uint32) build {
	return func(b *builder.Builder, u32 btf.TypeID) btf.TypeID { return b.Array(u32, u32, n) }
}

func integer(size uint32, e btf.IntEncoding, off uint8) build {
	return func(b *builder.Builder, _ btf.TypeID) btf.TypeID {
		return b.Int("i", size, btf.Int{Encoding: e, Offset: off, Bits: uint8(8*size) - off})
	}
}

func proto(params int, ret build) build {
	return func(b *builder.Builder, u32 btf.TypeID) btf.TypeID {
		var ps []builder.Param
		for range params {
			ps = append(ps, builder.Param{Name: "p", Type: u32})
		}
		return b.FuncProto(ret(b, u32), ps...)
	}
}

func fwd(k btf.Kind) build {
	return func(b *builder.Builder, _ btf.TypeID) btf.TypeID { return b.Fwd("s", k) }
}

func same(_ *builder.Builder, u32 btf.TypeID) btf.TypeID { return u32 }

// TestMatches asks TYPE_MATCHES and TYPE_EXISTS of types that differ in one thing.
func TestMatches(t *testing.T) {
	for i, c := range []struct {
		local, target   build
		matches, exists bool
	}{
		{structOf("a"), structOf("a", "b"), true, true},
		{structOf("a", "c"), structOf("a", "b"), false, true},
		{structOf("a", "b"), structOf("a"), false, true},
		{structOf("a"), enumOf(4, "a"), false, false},
		{ptr(structOf("a")), ptr(structOf("b")), true, true},
		{ptr(structOf("a")), ptr(fwd(btf.KindStruct)), true, false},
		{ptr(structOf("a")), ptr(fwd(btf.KindUnion)), false, false},
		{ptr(fwd(btf.KindStruct)), ptr(structOf("a")), true, false},
		{fwd(btf.KindStruct), structOf("a"), false, false},
		{fwd(btf.KindStruct), fwd(btf.KindUnion), false, true},
		{enumOf(4, "A"), enumOf(4, "B", "A"), true, true},
		{enumOf(4, "A___x"), enumOf(4, "A"), true, true},
		{enumOf(4, "A"), enumOf(4, "A____x"), false, true},
		{enumOf(4, "A"), enumOf(8, "A"), false, true},
		{enumOf(4, "A", "C"), enumOf(4, "A", "B"), false, true},
		{array(3), array(3), true, true},
		{array(3), array(4), false, true},
		{integer(4, 0, 0), integer(4, 0, 0), true, true},
		{integer(4, 0, 0), integer(8, 0, 0), false, true},
		{integer(4, 0, 0), integer(4, btf.IntSigned, 0), false, true},
		{integer(4, 0, 0), integer(4, 0, 2), true, false},
		{proto(1, same), proto(1, same), true, true},
		{proto(1, same), proto(2, same), false, false},
		{proto(1, same), proto(1, array(1)), false, false},
	} {
		_, ext := object(t, binary.LittleEndian, under(c.local), asked{core.TypeMatches, "it", "0"},
			asked{core.TypeExists, "it", "0"})
		want := fmt.Sprintf("[1 -> %d 1 -> %d]", bit(c.matches), bit(c.exists))
		kernel := parse(t, nil, binary.LittleEndian, under(c.target))
		if got := fmt.Sprint(resolve(kernel, ext)); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
