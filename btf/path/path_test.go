package path_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/path"
)

// parse returns the Spec of what fill adds to a Builder.
func parse(t testing.TB, fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	fill(b)
	return built.Spec(t, b, nil)
}

func typeByName(t testing.TB, spec *btf.Spec, name string) btf.Type {
	t.Helper()
	typ, err := spec.TypeByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// zoo has every form of member that a path may meet.
func zoo(b *builder.Builder) {
	u32 := b.Int("unsigned int", 4, btf.Int{Bits: 32})  // 1
	old := b.Int("old", 4, btf.Int{Offset: 3, Bits: 5}) // 2
	pair := b.Struct("pair", 8, member("a", u32, 0), member("b", u32, 32))
	pairs := b.Array(pair, u32, 4)
	grid := b.Array(b.Array(u32, u32, 3), u32, 2)
	flex := b.Array(pair, u32, 0)
	named := b.Typedef("pair_t", b.Const(pair))
	inner := b.Union("", 8, member("x", u32, 0), member("pairs0", flex, 0), member("y", pair, 0))
	deep := b.Struct("", 16, member("first", u32, 0), member("", b.Volatile(inner), 64))
	self := b.Ptr(b.NextID() + 2)
	b.Fwd("unknown", btf.KindStruct)
	b.Struct("zoo", 136, member("head", u32, 0), member("", u32, 32), member("", deep, 64),
		member("pairs", pairs, 192), member("grid", grid, 448), member("none", flex, 640),
		member("t", named, 640), member("self", self, 704), member("opaque", b.NextID()+1, 768),
		member("void", b.NextID()+2, 832), member("old", old, 896), member("tail", flex, 1088))
	b.Ptr(b.NextID() - 2)
	b.Ptr(0)
	b.Struct("bits", 8, member("l", u32, 0),
		builder.Member{Name: "w", Type: u32, BitOffset: 35, BitfieldSize: 7})
	b.Var("the_zoo", b.NextID()-4, btf.LinkageGlobal)
	b.Typedef("zoo_t", b.NextID()-5)
}

func member(name string, typ btf.TypeID, off uint32) builder.Member {
	return builder.Member{Name: name, Type: typ, BitOffset: off}
}

// TestResolve compares what paths lead to, by the functions and by a Resolver, which
// is asked twice.
func TestResolve(t *testing.T) {
	spec := parse(t, zoo)
	var r path.Resolver
	for _, c := range []struct {
		expr   string
		offset uint64
		size   uint64
		derefs string
	}{
		{"zoo", 0, 136 * 8, "[]"}, {"struct zoo", 0, 136 * 8, "[]"}, {"pair_t", 0, 64, "[]"},
		{"zoo.head", 0, 32, "[]"}, {"zoo_t.head", 0, 32, "[]"}, {"the_zoo.head", 0, 32, "[]"},
		{"zoo.first", 64, 32, "[]"}, {"zoo.x", 128, 32, "[]"}, {"zoo.y.b", 160, 32, "[]"},
		{"zoo.pairs", 192, 256, "[]"}, {"zoo.pairs[3]", 384, 64, "[]"},
		{"zoo.pairs[0x3].b", 416, 32, "[]"}, {"zoo.grid[1]", 544, 96, "[]"},
		{"zoo.grid[1][2]", 608, 32, "[]"}, {"zoo.t.b", 672, 32, "[]"},
		{"zoo.tail", 1088, 0, "[]"}, {"zoo.tail[100].b", 1088 + 6400 + 32, 32, "[]"},
		{"zoo.self", 704, 64, "[]"}, {"zoo.self->y.b", 160, 32, "[88]"},
		{"zoo.self->self->head", 0, 32, "[88 88]"}, {"zoo.self[2].head", 2 * 136 * 8, 32, "[88]"},
		{"zoo.void", 832, 64, "[]"}, {"zoo.void[0]", 0, 0, "[104]"},
		{"zoo.opaque[0]", 0, 0, "[96]"}, {"zoo.old", 899, 5, "[]"},
		{"bits.w", 35, 7, "[]"}, {"bits.l", 0, 32, "[]"},
		{"zoo.self" + strings.Repeat("->self", 7) + "->head", 0, 32, "[88 88 88 88 88 88 88 88]"},
	} {
		for i, find := range []func(path.Source, string) (path.Field, error){path.Find, r.Find, r.Find} {
			f, err := find(spec, c.expr)
			got := fmt.Sprint(f.DerefOffsets[:f.Derefs])
			if err != nil || f.BitOffset != c.offset || f.BitSize != c.size || got != c.derefs {
				t.Errorf("%d: %s: %d, %d bits, %s (%v); want %d, %d, %s", i, c.expr,
					f.BitOffset, f.BitSize, got, err, c.offset, c.size, c.derefs)
			}
		}
	}
	for expr, want := range map[string]bool{"zoo.old": true, "bits.w": true, "bits.l": false} {
		if f, err := path.Find(spec, expr); err != nil || f.Bitfield != want {
			t.Errorf("%s: bitfield %v, %v", expr, f.Bitfield, err)
		}
	}
}

// TestMembers lists the members of a struct and of the anonymous ones within, each as Find finds
// it, also through a typedef.
func TestMembers(t *testing.T) {
	spec := parse(t, zoo)
	for root, want := range map[string]string{
		"zoo":   "head first x pairs0 y pairs grid none t self opaque void old tail",
		"zoo_t": "head first x pairs0 y pairs grid none t self opaque void old tail",
		"bits":  "l w", "unsigned int": "", "unknown": "",
	} {
		var names []string
		for f := range path.Members(typeByName(t, spec, root)) {
			name := f.Member.Name()
			names = append(names, name)
			found, err := path.Find(spec, root+"."+name)
			if err != nil || found != f {
				t.Errorf("%s.%s: %+v, but Find says %+v, %v", root, name, f, found, err)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("members of %s: %q, want %q", root, got, want)
		}
		for f := range path.Members(typeByName(t, spec, root)) {
			if f.Member.Name() != names[0] {
				t.Errorf("%s after the first", f.Member.Name())
			}
			break
		}
	}
}

// TestErrors wants each error to name how far the path leads and why not further.
func TestErrors(t *testing.T) {
	spec := parse(t, zoo)
	long := strings.Repeat("->self", path.MaxDerefs)
	for expr, want := range map[string]string{
		"zoo.y.c":                      `path: y is [3] STRUCT pair: no member "c"; it has a, b`,
		"zoo.haed":                     `no member "haed"; it has head, grid,`,
		"zoo.pairs[4]":                 "no element 4 of 4",
		"zoo.none[0]":                  "no element 0 of 0", // not the last member
		"zoo.pairs0[0]":                "no element 0 of 0", // nor here
		"zoo.grid[0][3]":               "no element 3 of 3",
		"zoo.head[0]":                  "head is [1] INT unsigned int: no array or pointer",
		"zoo.self.head":                "a pointer, which only -> or [0] follows",
		"zoo.head->x":                  "no pointer that -> could follow",
		"zoo.self" + long + "->head":   "more than 8 pointers to follow",
		"zoo.void[1]":                  "elements without a size",
		"zoo.opaque->x":                `no member "x"; it has no members`,
		"zoo.head.x":                   `no member "x"; it has no members`,
		"zoo.head-":                    `no member "head-"; it has head,`,
		"zoo.tail[0xffffffffffffffff]": "an offset beyond 64 bits",
		"zoo.self[0x1fffffffffffffff]": "an offset beyond 64 bits",
		"zoo.":                         `expected, not ""`,
		"zoo..x":                       "expected", "zoo.head.": "expected", "zoo[": "expected",
		"zoo.pairs[x]": `expected, not "[x]"`, "zoo.pairs[-1]": "expected", "zoo.pairs[1]x": "expected",
		"zoo.pairs[18446744073709551616]": "expected", "zoo head": "expected", "zoo.head->": "expected",
		"":     `expected, not ""`,
		"zo.x": `named "zo"`, "union zoo.x": `btf: no UNION named "zoo"`,
	} {
		_, err := path.Find(spec, expr)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", expr, err, want)
			continue
		}
		var r path.Resolver
		if _, other := r.Find(spec, expr); other == nil || other.Error() != err.Error() {
			t.Errorf("%s: a Resolver says %v, not %v", expr, other, err)
		}
		notFound := strings.Contains(want, "no member") || strings.Contains(want, "no element") ||
			strings.Contains(want, "named")
		if errors.Is(err, btf.ErrNotFound) != notFound ||
			errors.Is(err, path.ErrSyntax) != strings.Contains(want, "expected") {
			t.Errorf("%s: the class of %v", expr, err)
		}
	}
}

// TestErrorLength wants errors to stay short, and to show the member that was meant.
func TestErrorLength(t *testing.T) {
	spec := parse(t, func(b *builder.Builder) {
		i := b.Int("int", 4, btf.Int{Bits: 32})
		var members []builder.Member
		for n := range 3000 {
			members = append(members, member(fmt.Sprintf("member_with_a_name_%d", n*7), i, 0))
		}
		members = append(members, member(strings.Repeat("n", 2000), i, 0))
		b.Struct(strings.Repeat("s", 3000), 4, members...)
		b.Struct("huge", 4, member(strings.Repeat("n", 2000), i, 0))
	})
	_, err := path.Resolve(typeByName(t, spec, strings.Repeat("s", 3000)), "member_with_a_name_702"+
		strings.Repeat("[1]", 500))
	if err == nil || len(err.Error()) > 1024 ||
		!strings.Contains(err.Error(), "has member_with_a_name_70") {
		t.Errorf("%d bytes: %v", len(err.Error()), err)
	}
	_, err = path.Find(spec, "huge."+strings.Repeat("x", 5000))
	if err == nil || len(err.Error()) > 1024 {
		t.Errorf("%d bytes: %v", len(err.Error()), err)
	}
}

// TestHomonyms wants definitions of one name to agree, or those in which the path leads nowhere not
// to count.
func TestHomonyms(t *testing.T) {
	spec := parse(t, func(b *builder.Builder) {
		i := b.Int("int", 4, btf.Int{Bits: 32})
		b.Struct("s", 8, member("same", i, 0), member("differs", i, 0))
		b.Struct("s", 8, member("same", i, 0), member("differs", i, 32), member("once", i, 32))
	})
	for expr, ambiguous := range map[string]bool{"s.same": false, "s.once": false, "s.differs": true} {
		if _, err := path.Find(spec, expr); errors.Is(err, path.ErrAmbiguous) != ambiguous ||
			err != nil && !ambiguous {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

// TestModules wants what a module defines to count only where the kernel has nothing of the name.
func TestModules(t *testing.T) {
	base := parse(t, func(b *builder.Builder) {
		b.Struct("s", 8, member("x", b.Int("int", 4, btf.Int{Bits: 32}), 32))
	})
	b := builder.New(builder.Options{Base: base})
	b.Struct("s", 4, member("x", 1, 0), member("y", 1, 0))
	b.Struct("own", 4, member("x", 1, 0), member("y", 1, 0))
	spec := built.Spec(t, b, base)
	if f, err := path.Find(spec, "s.x"); err != nil || f.BitOffset != 32 {
		t.Errorf("s.x: %d, %v", f.BitOffset, err)
	}
	if _, err := path.Find(spec, "s.y"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("s.y: %v", err)
	}
	if f, err := path.Find(spec, "own.y"); err != nil || f.BitOffset != 0 {
		t.Errorf("own.y: %d, %v", f.BitOffset, err)
	}
}

// TestHostile wants an end where anonymous structs contain themselves, each other twice over, or
// more of one another than any compiler makes.
func TestHostile(t *testing.T) {
	spec := parse(t, func(b *builder.Builder) {
		i := b.Int("int", 4, btf.Int{Bits: 32})
		b.Struct("", 4, member("", b.NextID(), 0), member("", b.NextID(), 32)) // itself
		b.Struct("loop", 4, member("", b.NextID()-1, 0), member("x", i, 64))
		for range 60 { // 2^60 ways down
			b.Struct("", 4, member("", b.NextID()+1, 0), member("", b.NextID()+1, 32))
		}
		b.Struct("", 4, member("bottom", i, 8))
		b.Struct("tree", 4, member("", b.NextID()-61, 0))
		for range 200 {
			b.Struct("", 4, member("", b.NextID()+1, 0))
		}
		b.Struct("", 4, member("abyss", i, 0))
		b.Struct("well", 4, member("", b.NextID()-201, 0))
		b.Typedef("cycle", b.NextID())
		b.Ptr(b.NextID())
		b.Typedef("turn", b.NextID()-1)
	})
	for expr, want := range map[string]string{
		"loop.x": "64", "loop.y": "error", "tree.bottom": "8", "tree.x": "error",
		"well.abyss": "error", "cycle.x": "error", "cycle": "0", "turn" + strings.Repeat("[0]", 8): "0",
		"turn" + strings.Repeat("[0]", 9): "error",
	} {
		var r path.Resolver
		for _, find := range []func(path.Source, string) (path.Field, error){path.Find, r.Find} {
			got := "error"
			if f, err := find(spec, expr); err == nil {
				got = fmt.Sprint(f.BitOffset)
			}
			if got != want {
				t.Errorf("%s: %s, want %s", expr, got, want)
			}
		}
	}
}

// TestAllocations promises that resolving allocates nothing, in the second turn of a Resolver.
func TestAllocations(t *testing.T) {
	spec := parse(t, zoo)
	root := typeByName(t, spec, "zoo")
	var r path.Resolver
	for _, expr := range []string{"y.b", "self->self->pairs[2].b", "tail[3]"} {
		for _, resolve := range []func(btf.Type, string) (path.Field, error){path.Resolve, r.Resolve} {
			if _, err := resolve(root, expr); err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(100, func() { resolve(root, expr) }); n != 0 {
				t.Errorf("%s: %v allocations", expr, n)
			}
		}
	}
}

// TestClosed wants nothing but an error after Close.
func TestClosed(t *testing.T) {
	spec := parse(t, zoo)
	root := typeByName(t, spec, "zoo")
	spec.Close()
	if _, err := path.Resolve(root, "head"); err == nil {
		t.Error("a member of a closed Spec")
	}
	if _, err := path.Find(spec, "zoo.head"); !errors.Is(err, btf.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// Of members with one name the first counts, in a Resolver's tables, too. Names that only differ
// far behind their beginning are other names.
func TestResolverSameNames(t *testing.T) {
	long := strings.Repeat("x", 200)
	spec := parse(t, func(b *builder.Builder) {
		i := b.Int("int", 4, btf.Int{Bits: 32})
		var members []builder.Member
		for n, name := range []string{"a", "b", "a", long + "1", long + "2"} {
			members = append(members, builder.Member{Name: name, Type: i, BitOffset: uint32(32 * n)})
		}
		b.Struct("twice", 20, members...)
	})
	var r path.Resolver
	for expr, want := range map[string]uint64{"a": 0, "b": 32, long + "1": 96, long + "2": 128} {
		f, err := r.Find(spec, "twice."+expr)
		if err != nil || f.BitOffset != want {
			t.Errorf("%s: bit %d, %v; want %d", expr, f.BitOffset, err, want)
		}
	}
	if _, err := r.Find(spec, "twice."+long); err == nil {
		t.Error("a member that has only the beginning of a name is found")
	}
}
