package layout_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/layout"
)

func parse(t testing.TB, fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	fill(b)
	return built.Spec(t, b, nil)
}

func member(name string, typ btf.TypeID, off uint32) builder.Member {
	return builder.Member{Name: name, Type: typ, BitOffset: off}
}

// bitfield returns a member of some bits.
func bitfield(typ btf.TypeID, off, size uint32) builder.Member {
	return builder.Member{Name: "b", Type: typ, BitOffset: off, BitfieldSize: size}
}

// TestRules measures one type for each rule of libbpf.
func TestRules(t *testing.T) {
	type gaps = []layout.Gap
	want := map[string]struct {
		align  uint32
		packed bool
		gaps   gaps
	}{
		"byte": {1, false, nil}, "int": {4, false, nil}, "long": {8, false, nil},
		"int128": {8, false, nil}, "int3": {3, false, nil}, "int0": {0, false, nil},
		"double": {8, false, nil}, "enum": {2, false, nil}, "enum64": {8, false, nil},
		"ptr": {8, false, nil}, "array": {4, false, nil}, "void": {0, false, nil},
		"fwd": {0, false, nil}, "func": {0, false, nil}, "var": {0, false, nil},
		"plain":     {8, false, gaps{{8, 56, 1}}},
		"typed":     {8, false, gaps{{8, 56, 1}}},
		"outer":     {8, false, gaps{{32, 32, 1}, {192, 64, 2}}},
		"packed":    {1, true, nil},
		"short":     {1, true, nil},
		"within":    {4, false, gaps{{72, 24, 2}}},
		"union":     {4, false, gaps{{32, 32, 2}}},
		"oddunion":  {1, true, gaps{{32, 16, 1}}},
		"empty":     {1, false, nil},
		"blank":     {1, false, gaps{{0, 32, 0}}},
		"flexible":  {4, false, nil},
		"bits":      {4, false, gaps{{7, 9, 1}, {20, 12, 2}}},
		"hollow":    {0, false, gaps{{0, 32, 1}}},
		"rust":      {4, false, gaps{{32, 32, 0}, {96, 32, 2}}},
		"misplaced": {1, true, gaps{{0, 8, 0}}},
	}
	spec := parse(t, func(b *builder.Builder) {
		char, i32 := b.Int("byte", 1, btf.Int{Bits: 8}), b.Int("int", 4, btf.Int{Bits: 32})
		i64 := b.Int("long", 8, btf.Int{Bits: 64})
		b.Int("int128", 16, btf.Int{Bits: 128})
		b.Int("int3", 3, btf.Int{Bits: 24})
		b.Int("int0", 0, btf.Int{})
		b.Float("double", 16)
		b.Enum("enum", 2, false)
		b.Enum64("enum64", 8, false)
		b.Typedef("ptr", b.Ptr(0))
		array := b.Typedef("array", b.Array(b.Array(i32, i32, 2), i32, 0))
		b.Typedef("void", b.Const(0))
		fwd := b.Fwd("fwd", btf.KindStruct)
		b.Func("func", b.FuncProto(0), btf.LinkageStatic)
		b.Var("var", i32, btf.LinkageStatic)
		plain := b.Struct("plain", 16, member("c", char, 0), member("l", i64, 64))
		b.Typedef("typed", b.Volatile(plain))
		b.Struct("outer", 32, member("i", i32, 0), member("p", plain, 64))
		packed := b.Struct("packed", 9, member("c", char, 0), member("l", i64, 8))
		b.Struct("short", 5, member("i", i32, 0), member("c", char, 32))
		b.Struct("within", 16, member("p", packed, 0), member("c", char, 64), member("i", i32, 96))
		b.Union("union", 8, member("i", i32, 0), member("c", char, 0))
		b.Union("oddunion", 6, member("i", i32, 0))
		b.Struct("empty", 0)
		b.Struct("blank", 4)
		b.Struct("flexible", 4, member("i", i32, 0), member("a", array, 32))
		b.Struct("bits", 4, bitfield(i32, 0, 7), bitfield(char, 16, 4))
		b.Struct("hollow", 4, member("f", fwd, 0))
		b.Struct("rust", 16, member("second", i32, 64), member("first", i32, 0))
		b.Struct("misplaced", 5, member("i", i32, 8), member("f", fwd, 40))
	})
	var r layout.Ruler
	for name, c := range want {
		typ, err := spec.TypeByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			align, packed := r.Align(typ), r.Packed(typ)
			got := slices.Collect(layout.Gaps(typ))
			if align != c.align || packed != c.packed || !slices.Equal(got, c.gaps) {
				t.Errorf("%s: alignment %d, packed %v, gaps %v; want %+v", name, align, packed, got, c)
			}
		}
		if layout.Align(typ) != c.align || layout.Packed(typ) != c.packed {
			t.Errorf("%s: another answer without memory", name)
		}
	}
}

// TestPointerSize measures a 32-bit target's types.
func TestPointerSize(t *testing.T) {
	spec := parse(t, func(b *builder.Builder) {
		b.Int("long", 4, btf.Int{Bits: 32})
		long := b.Int("long long", 8, btf.Int{Bits: 64})
		b.Struct("s", 12, member("p", b.NextID()+1, 0), member("l", long, 32))
		b.Ptr(0)
	})
	typ, err := spec.TypeByName("s")
	if err != nil {
		t.Fatal(err)
	}
	if align := layout.Align(typ); align != 4 || layout.Packed(typ) {
		t.Errorf("alignment %d", align)
	}
}

// TestHostile wants an end, and 0, where types contain themselves, and no stack that grows with
// the input.
func TestHostile(t *testing.T) {
	const deep = 100_000
	spec := parse(t, func(b *builder.Builder) {
		i := b.Int("int", 4, btf.Int{Bits: 32})
		b.Struct("self", 4, member("i", i, 0), member("s", b.NextID(), 32))
		b.Struct("left", 4, member("s", b.NextID()+1, 0))
		b.Struct("right", 4, member("s", b.NextID()-1, 0))
		b.Typedef("cycle", b.NextID())
		b.Array(b.NextID(), i, 1)
		b.Typedef("array", b.NextID()-1)
		for range 60 { // 2^60 ways down
			b.Struct("tree", 4, member("l", b.NextID()+1, 0), member("r", b.NextID()+1, 32))
		}
		b.Struct("leaf", 4, member("i", i, 0))
		b.Struct("well", 4, member("s", b.NextID()+1, 0))
		for range deep {
			b.Struct("", 4, member("s", b.NextID()+1, 0))
		}
		b.Struct("bottom", 4, member("i", i, 0))
		b.Typedef("long", b.NextID()+1)
		for range deep {
			b.Const(b.NextID() + 1)
		}
		b.Const(i)
	})
	for name, want := range map[string]uint32{"self": 0, "left": 0, "right": 0, "cycle": 0, "array": 0,
		"tree": 4, "well": 4, "long": 4} {
		typ, err := spec.TypeByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := layout.Align(typ); got != want {
			t.Errorf("%s: alignment %d, want %d", name, got, want)
		}
		layout.Packed(typ)
		for range layout.Gaps(typ) {
		}
	}
}

// TestClosed wants nothing after Close.
func TestClosed(t *testing.T) {
	spec := parse(t, func(b *builder.Builder) {
		b.Struct("s", 16, member("i", b.Int(strings.Repeat("i", 3), 4, btf.Int{Bits: 32}), 8))
	})
	typ, _ := spec.TypeByName("s")
	spec.Close()
	if layout.Align(typ) != 0 || layout.Packed(typ) || len(slices.Collect(layout.Gaps(typ))) != 0 {
		t.Error("a layout of a closed Spec")
	}
}

// TestAllocations promises that gaps, and alignments that are remembered, allocate nothing.
func TestAllocations(t *testing.T) {
	spec := parse(t, func(b *builder.Builder) {
		i := b.Int("int", 4, btf.Int{Bits: 32})
		b.Struct("s", 16, member("i", i, 0), member("a", b.Array(i, i, 2), 64))
		b.Array(i, i, 2)
	})
	typ, err := spec.TypeByName("s")
	if err != nil {
		t.Fatal(err)
	}
	var r layout.Ruler
	r.Align(typ)
	if n := testing.AllocsPerRun(100, func() {
		for range layout.Gaps(typ) {
		}
		r.Align(typ)
		r.Packed(typ)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
