package merge_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/merge"
)

// split opens BTF on top of base, which may be nil.
func split(t testing.TB, base *btf.Spec, add func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base, Limits: builder.LimitsFormat})
	add(b)
	return built.Spec(t, b, base)
}

func kernel(t testing.TB) *btf.Spec {
	t.Helper()
	return split(t, nil, func(b *builder.Builder) {
		b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32}) // 1
		b.Struct("known", 4, builder.Member{Name: "n", Type: 1})    // 2
		b.Ptr(2)                                                    // 3
	})
}

// merged returns the own types of what the modules are merged to, as dump.Raw writes them.
func merged(t *testing.T, base *btf.Spec, modules ...func(b *builder.Builder)) string {
	t.Helper()
	var specs []*btf.Spec
	for _, add := range modules {
		specs = append(specs, split(t, base, add))
	}
	data, err := merge.Modules(base, specs...)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Verify(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := dump.Raw(&b, spec.Own()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// list adds a list of nodes with a value of the type, which refer to each other in a circle.
func list(value btf.TypeID) func(b *builder.Builder) {
	return func(b *builder.Builder) {
		node := b.NextID() + 1
		next := b.Ptr(node)
		b.Struct("node", 16, builder.Member{Name: "next", Type: next},
			builder.Member{Name: "value", Type: value, BitOffset: 64})
		b.Func("walk", b.FuncProto(0, builder.Param{Name: "n", Type: next}), btf.LinkageStatic)
	}
}

// Types that are equal, in circles too, are there once, and those that differ in what they refer
// to, however far away, are not.
func TestEqual(t *testing.T) {
	reversed := func(b *builder.Builder) { // the same with other ids
		node := b.NextID()
		b.Struct("node", 16, builder.Member{Name: "next", Type: node + 1},
			builder.Member{Name: "value", Type: 1, BitOffset: 64})
		b.Ptr(node)
		b.Func("walk", b.FuncProto(0, builder.Param{Name: "n", Type: node + 1}), btf.LinkageStatic)
	}
	got := merged(t, kernel(t), list(1), list(1), reversed, list(3))
	want := `[4] PTR '(anon)' type_id=5
[5] STRUCT 'node' size=16 vlen=2
	'next' type_id=4 bits_offset=0
	'value' type_id=1 bits_offset=64
[6] FUNC_PROTO '(anon)' ret_type_id=0 vlen=1
	'n' type_id=4
[7] FUNC 'walk' type_id=6 linkage=static
[8] PTR '(anon)' type_id=9
[9] STRUCT 'node' size=16 vlen=2
	'next' type_id=8 bits_offset=0
	'value' type_id=3 bits_offset=64
[10] FUNC_PROTO '(anon)' ret_type_id=0 vlen=1
	'n' type_id=8
[11] FUNC 'walk' type_id=10 linkage=static
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Types that differ in one word behind their header are not equal.
func TestDifferentWords(t *testing.T) {
	module := func(bits uint8, length uint32) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			b.Int("narrow", 4, btf.Int{Bits: bits})
			b.Typedef("array", b.Array(1, 2, length))
		}
	}
	got := merged(t, kernel(t), module(3, 2), module(4, 2), module(4, 3))
	if ints, arrays := strings.Count(got, "INT 'narrow'"), strings.Count(got, "ARRAY"); ints != 2 ||
		arrays != 2 {
		t.Errorf("%d INTs and %d ARRAYs, want 2 and 2:\n%s", ints, arrays, got)
	}
}

// Variables are never equal, and what the base has is taken from there.
func TestVariablesAndBase(t *testing.T) {
	module := func(b *builder.Builder) {
		v := b.Var("count", b.Ptr(2), btf.LinkageStatic)
		b.Datasec(".data", 8, builder.VarSecinfo{Type: v, Size: 8})
	}
	got := merged(t, kernel(t), module, module)
	want := `[4] VAR 'count' type_id=3, linkage=static
[5] DATASEC '.data' size=8 vlen=1
	type_id=4 offset=0 size=8 (VAR 'count')
[6] VAR 'count' type_id=3, linkage=static
[7] DATASEC '.data' size=8 vlen=1
	type_id=6 offset=0 size=8 (VAR 'count')
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// holder adds a struct that points at what is at offset 0, and the struct itself if n > 0.
func holder(name string, n uint32) func(b *builder.Builder) {
	return func(b *builder.Builder) {
		var to btf.TypeID
		if n == 0 {
			to = b.Fwd("held", btf.KindStruct)
		} else {
			to = b.Struct("held", n, builder.Member{Name: "n", Type: 1})
		}
		b.Struct(name, 8, builder.Member{Name: "p", Type: b.Ptr(to)})
	}
}

// A FWD is taken for the one definition of its name.
func TestForwardUnique(t *testing.T) {
	got := merged(t, kernel(t), holder("holder", 0), holder("holder", 4), holder("other", 0))
	want := `[4] PTR '(anon)' type_id=6
[5] STRUCT 'holder' size=8 vlen=1
	'p' type_id=4 bits_offset=0
[6] STRUCT 'held' size=4 vlen=1
	'n' type_id=1 bits_offset=0
[7] STRUCT 'other' size=8 vlen=1
	'p' type_id=4 bits_offset=0
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Of several, it is the one that makes structs equal; else it stays.
func TestForwardInContext(t *testing.T) {
	got := merged(t, kernel(t), holder("first", 4), holder("second", 8), holder("second", 0))
	want := `[4] STRUCT 'held' size=4 vlen=1
	'n' type_id=1 bits_offset=0
[5] PTR '(anon)' type_id=4
[6] STRUCT 'first' size=8 vlen=1
	'p' type_id=5 bits_offset=0
[7] STRUCT 'held' size=8 vlen=1
	'n' type_id=1 bits_offset=0
[8] PTR '(anon)' type_id=7
[9] STRUCT 'second' size=8 vlen=1
	'p' type_id=8 bits_offset=0
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = merged(t, kernel(t), holder("first", 4), holder("second", 8), holder("third", 0))
	if !strings.Contains(got, "FWD 'held'") {
		t.Errorf("no FWD in\n%s", got)
	}
	// The struct that tells is the first type of all modules, and its like is in the base.
	base := split(t, nil, func(b *builder.Builder) {
		b.Int("int", 4, btf.Int{Bits: 32})
		holder("first", 4)(b)
		holder("second", 8)(b)
	})
	got = merged(t, base, func(b *builder.Builder) {
		b.Struct("first", 8, builder.Member{Name: "p", Type: b.NextID() + 1})
		b.Ptr(b.NextID() + 1)
		b.Fwd("held", btf.KindStruct)
	})
	if got != "" {
		t.Errorf("not all is in the base:\n%s", got)
	}
	// Two structs that differ in more than what is declared tell nothing about it.
	pair := func(n uint32, other btf.TypeID) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			held := b.NextID()
			if n == 0 {
				b.Fwd("held", btf.KindStruct)
			} else {
				b.Struct("held", n, builder.Member{Name: "n", Type: 1})
			}
			b.Struct("pair", 16, builder.Member{Name: "other", Type: b.Ptr(other)},
				builder.Member{Name: "held", Type: b.Ptr(held), BitOffset: 64})
		}
	}
	got = merged(t, kernel(t), holder("first", 4), pair(8, 1), pair(0, 3))
	if !strings.Contains(got, "FWD 'held'") {
		t.Errorf("no FWD in\n%s", got)
	}
}

// An enum without values is a forward declaration, too.
func TestForwardEnum(t *testing.T) {
	enum := func(values ...builder.Enumerator) func(b *builder.Builder) {
		return func(b *builder.Builder) { b.Ptr(b.Enum("colour", 4, false, values...)) }
	}
	got := merged(t, kernel(t), enum(), enum(builder.Enumerator{Name: "RED"}))
	want := `[4] PTR '(anon)' type_id=5
[5] ENUM 'colour' encoding=UNSIGNED size=4 vlen=1
	'RED' val=0
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Merging a module with itself gives what merging it alone does: the module, without what the
// kernel has, here a pointer and kfree_skb. So does merging what came of it.
func TestIdempotent(t *testing.T) {
	base, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	module, err := btf.Parse(btftest.Module(base, nil), base)
	if err != nil {
		t.Fatal(err)
	}
	once := remerged(t, base, module)
	var texts []string
	for _, spec := range []*btf.Spec{once, remerged(t, base, module, module, module),
		remerged(t, base, once), remerged(t, base, module, once)} {
		var text strings.Builder
		if err := dump.Raw(&text, spec.Own()); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text.String())
	}
	for i, text := range texts {
		if text != texts[0] {
			t.Errorf("%d: got\n%s\nwant\n%s", i, text, texts[0])
		}
	}
	first, end := once.Own().IDs()
	if _, err := once.Own().TypeByName("kfree_skb"); err == nil || end-first != 8 {
		t.Errorf("%d types:\n%s", end-first, texts[0])
	}
}

// remerged opens what the modules are merged to.
func remerged(t *testing.T, base *btf.Spec, modules ...*btf.Spec) *btf.Spec {
	t.Helper()
	data, err := merge.Modules(base, modules...)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// Without a base, types that stand alone become one, and so do those that are there twice in one.
func TestDedup(t *testing.T) {
	twice := func(b *builder.Builder) {
		for range 2 {
			at := b.NextID()
			b.Int("int", 4, btf.Int{Bits: 32})
			b.Struct("node", 16, builder.Member{Name: "next", Type: at + 2},
				builder.Member{Name: "value", Type: at, BitOffset: 64})
			b.Ptr(at + 1)
		}
		b.Typedef("t", b.NextID()-1)
	}
	want := `[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
[2] STRUCT 'node' size=16 vlen=2
	'next' type_id=3 bits_offset=0
	'value' type_id=1 bits_offset=64
[3] PTR '(anon)' type_id=2
[4] TYPEDEF 't' type_id=3
`
	if got := merged(t, nil, twice); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := merged(t, nil, twice, twice); got != want {
		t.Errorf("two: got\n%s\nwant\n%s", got, want)
	}
	for _, base := range []*btf.Spec{nil, kernel(t)} {
		add := twice
		if base != nil {
			add = list(1)
		}
		spec := split(t, base, add)
		once, err := merge.Dedup(spec)
		if err != nil {
			t.Fatal(err)
		}
		if modules, err := merge.Modules(base, spec); err != nil || string(modules) != string(once) {
			t.Errorf("Dedup is not Modules of one: %v", err)
		}
	}
	if data, err := merge.Modules(nil); err != nil || len(data) == 0 {
		t.Errorf("nothing: %d bytes, %v", len(data), err)
	}
}

func TestErrors(t *testing.T) {
	base, other := kernel(t), kernel(t)
	foreign := split(t, other, list(1))
	if _, err := merge.Modules(base, foreign); err == nil {
		t.Error("a module of another base is taken")
	}
	if _, err := merge.Modules(nil, foreign); err == nil {
		t.Error("a module is taken without its base")
	}
	missing := split(t, base, func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: b.Intern("t"), SizeOrType: 77})
	})
	if _, err := merge.Modules(base, missing); !errors.Is(err, btf.ErrCorrupt) {
		t.Errorf("missing type: %v", err)
	}
	long := func(end btf.TypeID) *btf.Spec {
		return split(t, base, func(b *builder.Builder) {
			for range 1000 {
				b.Ptr(b.NextID() + 1)
			}
			b.Typedef("end", end)
		})
	}
	if _, err := merge.Modules(base, long(1), long(2)); !errors.Is(err, merge.ErrLimit) {
		t.Errorf("1,000 links: %v", err)
	}
	closed := split(t, base, list(1))
	closed.Close()
	if _, err := merge.Modules(base, closed); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("closed module: %v", err)
	}
	base.Close()
	if _, err := merge.Modules(base); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("closed base: %v", err)
	}
}

// FuzzMerge merges whatever can be opened with itself: with luck, the own types come out as the
// own types of one, and once more the same.
func FuzzMerge(f *testing.F) {
	base := kernel(f)
	for _, add := range []func(b *builder.Builder){list(1), holder("h", 0), holder("h", 4)} {
		b := builder.New(builder.Options{Base: base})
		add(b)
		data, err := b.Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, data)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 16<<10 || len(b) > 16<<10 {
			return
		}
		first, err := btf.Parse(a, base)
		if err != nil {
			return
		}
		modules := []*btf.Spec{first, first}
		if second, err := btf.Parse(b, base); err == nil {
			modules = append(modules, second)
		}
		once, err := merge.Modules(base, modules...)
		if err != nil {
			return
		}
		spec, err := btf.Parse(once, base)
		if err != nil {
			t.Fatal(err)
		}
		again, err := merge.Modules(base, spec)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := btf.Parse(again, base)
		if err != nil {
			t.Fatal(err)
		}
		var x, y strings.Builder
		dump.Raw(&x, spec.Own())
		dump.Raw(&y, twice.Own())
		if x.String() != y.String() {
			t.Errorf("merged\n%s\nagain\n%s", &x, &y)
		}
		cdump.Header(new(strings.Builder), spec, cdump.Options{Limit: 1 << 16})
	})
}
