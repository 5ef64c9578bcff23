package diff_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/diff"
	"github.com/btfkit/btfkit/btf/internal/built"
)

func parse(t testing.TB, data []byte) *btf.Spec {
	t.Helper()
	spec, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func build(t testing.TB, fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	fill(b)
	return built.Spec(t, b, nil)
}

func typeByID(t testing.TB, spec *btf.Spec, id btf.TypeID) btf.Type {
	t.Helper()
	typ, err := spec.TypeByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// agree wants both relations to be symmetric, Equal to imply SameDeclaration, and that the same
// Hash.
func agree(t testing.TB, a, b btf.Type) (equal, same bool) {
	t.Helper()
	equal, same = diff.Equal(a, b), diff.SameDeclaration(a, b)
	if diff.Equal(b, a) != equal || diff.SameDeclaration(b, a) != same || equal && !same ||
		same && diff.Hash(a) != diff.Hash(b) {
		t.Errorf("%v and %v: equal %v, declared alike %v, and not so the other way round, or the hashes",
			a, b, equal, same)
	}
	return equal, same
}

// TestKernel compares each type with its copy in the other byte order, and with the one before.
func TestKernel(t *testing.T) {
	little := parse(t, btftest.Kernel(binary.LittleEndian))
	big := parse(t, btftest.Kernel(binary.BigEndian))
	var before btf.Type
	for id, a := range little.All() {
		b := typeByID(t, big, id)
		if equal, same := agree(t, a, b); !equal || !same {
			t.Errorf("%v differs from %v", a, b)
		}
		if equal, same := agree(t, a, before); (equal || same) && !a.IsVoid() {
			t.Errorf("%v and %v are equal", a, before)
		}
		before = b
	}
	if changes := diff.Between(little, big); len(changes) != 0 {
		t.Errorf("changes %v", changes)
	}
}

// An add adds a type that may refer to 1, int, and 2, char.
type add = func(b *builder.Builder) btf.TypeID

// differing returns types that differ from one another, each in one thing that counts.
func differing() map[string][]add {
	m := func(name string, typ btf.TypeID, off, bits uint32) builder.Member {
		return builder.Member{Name: name, Type: typ, BitOffset: off, BitfieldSize: bits}
	}
	e := func(name string, v int64) builder.Enumerator {
		return builder.Enumerator{Name: name, Value: v}
	}
	p := func(name string, typ btf.TypeID) builder.Param {
		return builder.Param{Name: name, Type: typ}
	}
	d := func(b *builder.Builder, typ btf.TypeID, offset, size uint32) btf.TypeID {
		return b.Datasec("d", 8, builder.VarSecinfo{Type: typ, Offset: offset, Size: size})
	}
	return map[string][]add{
		"INT": {
			func(b *builder.Builder) btf.TypeID { return b.Int("x", 4, btf.Int{Bits: 32}) },
			func(b *builder.Builder) btf.TypeID { return b.Int("y", 4, btf.Int{Bits: 32}) },
			func(b *builder.Builder) btf.TypeID { return b.Int("x", 8, btf.Int{Bits: 32}) },
			func(b *builder.Builder) btf.TypeID { return b.Int("x", 4, btf.Int{Bits: 31}) },
			func(b *builder.Builder) btf.TypeID { return b.Float("x", 4) },
		},
		"references": {
			func(b *builder.Builder) btf.TypeID { return b.Ptr(1) },
			func(b *builder.Builder) btf.TypeID { return b.Ptr(2) },
			func(b *builder.Builder) btf.TypeID { return b.Ptr(0) },
			func(b *builder.Builder) btf.TypeID { return b.Ptr(b.Struct("x", 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Ptr(b.Struct("y", 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Ptr(b.Union("x", 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Ptr(b.Typedef("x", 1)) },
			func(b *builder.Builder) btf.TypeID { return b.Const(1) },
			func(b *builder.Builder) btf.TypeID { return b.TypeTag("user", 1) },
			func(b *builder.Builder) btf.TypeID { return b.TypeAttribute("user", 1) },
			func(b *builder.Builder) btf.TypeID { return b.TypeTag("rcu", 1) },
			func(b *builder.Builder) btf.TypeID { return b.Array(1, 1, 2) },
			func(b *builder.Builder) btf.TypeID { return b.Array(1, 1, 3) },
			func(b *builder.Builder) btf.TypeID { return b.Array(2, 1, 2) },
			func(b *builder.Builder) btf.TypeID { return b.Typedef("t", 1) },
			func(b *builder.Builder) btf.TypeID { return b.Typedef("u", 1) },
			func(b *builder.Builder) btf.TypeID { return b.DeclTag("d", 1, -1) },
			func(b *builder.Builder) btf.TypeID { return b.DeclTag("d", 1, 0) },
			func(b *builder.Builder) btf.TypeID { return b.Var("v", 1, btf.LinkageStatic) },
			func(b *builder.Builder) btf.TypeID { return b.Var("v", 1, btf.LinkageGlobal) },
			func(b *builder.Builder) btf.TypeID { return b.Fwd("f", btf.KindStruct) },
			func(b *builder.Builder) btf.TypeID { return b.Fwd("f", btf.KindUnion) },
		},
		"STRUCT": {
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 8, m("a", 1, 0, 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Union("s", 8, m("a", 1, 0, 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 4, m("a", 1, 0, 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 8, m("b", 1, 0, 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 8, m("a", 2, 0, 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 8, m("a", 1, 8, 0)) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 8, m("a", 1, 0, 3)) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("s", 8) },
			func(b *builder.Builder) btf.TypeID { return b.Struct("", 8, m("a", 1, 0, 0)) },
		},
		"ENUM": {
			func(b *builder.Builder) btf.TypeID { return b.Enum("e", 4, false, e("A", 1)) },
			func(b *builder.Builder) btf.TypeID { return b.Enum("e", 4, true, e("A", 1)) },
			func(b *builder.Builder) btf.TypeID { return b.Enum("e", 4, false, e("A", 2)) },
			func(b *builder.Builder) btf.TypeID { return b.Enum("e", 4, false, e("B", 1)) },
			func(b *builder.Builder) btf.TypeID { return b.Enum("e", 4, false, e("A", 1), e("B", 1)) },
			func(b *builder.Builder) btf.TypeID { return b.Enum64("e", 4, false, e("A", 1)) },
		},
		"FUNC": {
			func(b *builder.Builder) btf.TypeID { return b.Func("f", b.FuncProto(1, p("x", 2)), 0) },
			func(b *builder.Builder) btf.TypeID { return b.Func("f", b.FuncProto(2, p("x", 2)), 0) },
			func(b *builder.Builder) btf.TypeID { return b.Func("f", b.FuncProto(1, p("x", 1)), 0) },
			func(b *builder.Builder) btf.TypeID { return b.Func("f", b.FuncProto(1, p("y", 2)), 0) },
			func(b *builder.Builder) btf.TypeID { return b.Func("f", b.FuncProto(1), 0) },
			func(b *builder.Builder) btf.TypeID { return b.Func("f", b.FuncProto(1, p("x", 2)), 1) },
		},
		"DATASEC": {
			func(b *builder.Builder) btf.TypeID { return d(b, 1, 0, 4) },
			func(b *builder.Builder) btf.TypeID { return d(b, 1, 0, 5) },
			func(b *builder.Builder) btf.TypeID { return d(b, 2, 0, 4) },
			func(b *builder.Builder) btf.TypeID { return d(b, 1, 4, 4) },
		},
	}
}

// TestRules compares each type of differing with each, whose ids differ, too.
func TestRules(t *testing.T) {
	for kind, adds := range differing() {
		var ids [2][]btf.TypeID
		var specs [2]*btf.Spec
		for side := range specs {
			specs[side] = build(t, func(b *builder.Builder) {
				b.Int("int", 4, btf.Int{Bits: 32})
				b.Int("char", 1, btf.Int{Bits: 8})
				for range side {
					b.Fwd("shifts_ids", btf.KindStruct)
				}
				for _, add := range adds {
					ids[side] = append(ids[side], add(b))
				}
			})
		}
		for i, a := range ids[0] {
			for j, b := range ids[1] {
				a, b := typeByID(t, specs[0], a), typeByID(t, specs[1], b)
				if equal, same := agree(t, a, b); equal != (i == j) || same != (i == j) {
					t.Errorf("%s %d and %d: equal %v, declared alike %v", kind, i, j, equal, same)
				}
				if i != j && diff.Hash(a) == diff.Hash(b) {
					t.Errorf("%s %d and %d have one hash", kind, i, j)
				}
			}
		}
	}
}

// TestDepth has differences that are far away, or behind names.
func TestDepth(t *testing.T) {
	var specs [3]*btf.Spec
	for i := range specs {
		specs[i] = build(t, func(b *builder.Builder) {
			integer := b.Int("int", 4, btf.Int{Bits: 32})
			far := b.Struct("far", 4, builder.Member{Name: fmt.Sprint("x", i/2), Type: integer})
			near := b.Struct("near", 8, builder.Member{Name: "p", Type: b.Ptr(b.Const(far))})
			b.Struct("outer", 8, builder.Member{Name: "n", Type: near})
			inner := b.Struct("", 4, builder.Member{Name: fmt.Sprint("y", i/2), Type: integer})
			b.Typedef("inner_t", b.Ptr(inner))
		})
	}
	for name, want := range map[string][2]bool{
		"near": {false, true}, "outer": {false, true}, "far": {false, false}, "inner_t": {false, false}} {
		var types [3]btf.Type
		for i, spec := range specs {
			types[i], _ = spec.TypeByName(name)
		}
		if equal, same := agree(t, types[0], types[1]); !equal || !same {
			t.Errorf("%s: a copy differs", name)
		}
		if equal, same := agree(t, types[0], types[2]); equal != want[0] || same != want[1] {
			t.Errorf("%s: equal %v, declared alike %v, want %v", name, equal, same, want)
		}
	}
}

// TestCycles has rings of different lengths that look alike from inside, and one with a difference
// far round.
func TestCycles(t *testing.T) {
	ring := func(n int, name string) btf.Type {
		spec := build(t, func(b *builder.Builder) {
			for i := range btf.TypeID(n) {
				own := "node"
				if int(i) == n/2 {
					own = name
				}
				b.Struct(own, 8, builder.Member{Name: "next", Type: 2*i + 2})
				b.Ptr(2*((i+1)%btf.TypeID(n)) + 1)
			}
		})
		return typeByID(t, spec, 1)
	}
	if equal, _ := agree(t, ring(1, "node"), ring(2, "node")); !equal {
		t.Error("a ring of one and of two differ")
	}
	if equal, _ := agree(t, ring(5003, "node"), ring(5009, "node")); !equal {
		t.Error("rings of 5,003 and 5,009 differ")
	}
	if equal, _ := agree(t, ring(5003, "node"), ring(5009, "other")); equal {
		t.Error("a ring with another name is equal")
	}
	self := build(t, func(b *builder.Builder) {
		b.Ptr(1)
		b.Typedef("t", 2)
		b.Struct("", 4, builder.Member{Type: 3}, builder.Member{Type: 3})
		b.Struct("", 4, builder.Member{Type: 4}, builder.Member{Type: 4})
	})
	agree(t, typeByID(t, self, 1), typeByID(t, self, 2))
	if equal, _ := agree(t, typeByID(t, self, 3), typeByID(t, self, 4)); !equal {
		t.Error("structs that contain themselves differ")
	}
}

// TestBetween compares two kernels that differ in each way.
func TestBetween(t *testing.T) {
	kernel := func(new int) *btf.Spec {
		return build(t, func(b *builder.Builder) {
			at := func(old, now btf.TypeID) btf.TypeID {
				if new == 1 {
					return now
				}
				return old
			}
			u32 := b.Int("u32", 4, btf.Int{Bits: 32})
			u64 := b.Int("u64", 8, btf.Int{Bits: 64})
			if new == 1 {
				b.Struct("added", 4)
			} else {
				b.Struct("removed", 4)
			}
			moved := uint32(at(0, 64))
			inner := b.Union("", 16, builder.Member{Name: "m", Type: u32, BitOffset: moved},
				builder.Member{Name: "stays", Type: u32})
			b.Struct("s", 16+uint32(at(0, 8)), builder.Member{Type: inner},
				builder.Member{Name: "r", Type: at(u32, u64), BitOffset: 64},
				builder.Member{Name: fmt.Sprint("only", new), Type: u32})
			b.Enum("e", 4, false, builder.Enumerator{Name: "A", Value: int64(new)},
				builder.Enumerator{Name: "B"}, builder.Enumerator{Name: fmt.Sprint("C", new)})
			if new == 1 { // an ENUM that grew
				b.Enum64("wide", 8, false, builder.Enumerator{Name: "W"})
			} else {
				b.Enum("wide", 4, false, builder.Enumerator{Name: "W"})
			}
			b.Enum("", 4, true, builder.Enumerator{Name: "X"},
				builder.Enumerator{Name: "Y", Value: int64(new)})
			b.Typedef("t", at(u32, u64))
			b.Var("v", at(u32, u64), btf.LinkageGlobal)
			b.Func("f", b.FuncProto(at(u32, 0), builder.Param{Name: "x", Type: u32},
				builder.Param{Name: fmt.Sprint("p", new), Type: u32}, builder.Param{}), btf.LinkageStatic)
			b.Func("same", b.FuncProto(0, builder.Param{Name: "s", Type: b.NextID() + 2}),
				btf.LinkageStatic)
			b.Ptr(5)
			for i := range 3 + new { // of one name: one that is the same, and two against three
				b.Struct("dup", uint32(1+i*i*(1+new*i)))
			}
		})
	}
	got := ""
	for _, c := range diff.Between(kernel(0), kernel(1)) {
		got += c.String() + "\n"
	}
	want := `FUNC f: retyped; p1 added; p0 removed
STRUCT added: added
STRUCT dup: resized
STRUCT dup: resized
STRUCT dup: added
STRUCT removed: removed
STRUCT s: resized; m moved; r resized, retyped; only1 added; only0 removed
ENUM X: Y revalued
ENUM e: A revalued; C1 added; C0 removed
ENUM64 wide: resized
TYPEDEF t: retyped
VAR v: retyped
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if changes := diff.Between(kernel(0), kernel(1), btf.KindTypedef); len(changes) != 1 {
		t.Errorf("of typedefs: %v", changes)
	}
	if changes := diff.Between(kernel(1), kernel(1)); len(changes) != 0 {
		t.Errorf("to itself: %v", changes)
	}
}

// TestManyHomonyms wants an end where thousands have one name.
func TestManyHomonyms(t *testing.T) {
	const n = 20_000
	kernel := func(order int) *btf.Spec {
		return build(t, func(b *builder.Builder) {
			for i := range n {
				b.Struct("s", uint32((i*order)%n))
			}
		})
	}
	if changes := diff.Between(kernel(1), kernel(n-1)); len(changes) != 0 {
		t.Errorf("%d changes", len(changes))
	}
}

// TestBetweenDeep wants differences that are far away, behind what all share: at the end of a chain
// of many PTRs, and of a name that is longer than what Equal compares.
func TestBetweenDeep(t *testing.T) {
	const n = 20_000
	kernel := func(size uint32, suffix string) *btf.Spec {
		return build(t, func(b *builder.Builder) {
			for i := range uint32(n) {
				b.Struct("s", i, builder.Member{Name: "m", Type: n + 3})
			}
			b.Typedef("t", b.NextID()+1)
			b.Union("", 4, builder.Member{Name: strings.Repeat("n", diff.MaxName) + suffix})
			for range n {
				b.Ptr(b.NextID() + 1)
			}
			b.Int("end", size, btf.Int{Bits: 32})
		})
	}
	for _, c := range []struct {
		size         uint32
		suffix       string
		retyped, all int
	}{{4, "a", 0, 0}, {8, "a", n, n}, {4, "b", 0, 1}} {
		changes := diff.Between(kernel(4, "a"), kernel(c.size, c.suffix))
		retyped := 0
		for _, c := range changes {
			if slices.Equal(c.Elements, []diff.Element{{Name: "m", What: diff.Retyped}}) {
				retyped++
			}
		}
		if retyped != c.retyped || len(changes) != c.all {
			t.Errorf("%v: %d retyped of %d", c, retyped, len(changes))
		}
	}
}

// TestBetweenCycles compares cycles in which no type has a name, as C has none.
func TestBetweenCycles(t *testing.T) {
	kernel := func(size uint32, pairs int, first bool) *btf.Spec {
		return build(t, func(b *builder.Builder) {
			if !first { // the cycle is met elsewhere first
				b.Typedef("a", 4)
			}
			b.Var("v", 3, btf.LinkageStatic)
			if first {
				b.Typedef("a", 4)
			}
			start := b.NextID()
			for range pairs - 1 {
				b.Ptr(b.NextID() + 1)
				b.Struct("", 8, builder.Member{Name: "m", Type: b.NextID() + 1})
			}
			b.Ptr(b.NextID() + 1)
			b.Struct("", size, builder.Member{Name: "m", Type: start})
		})
	}
	if len(diff.Between(kernel(8, 2, true), kernel(8, 2, false))) != 0 ||
		len(diff.Between(kernel(8, 1, true), kernel(8, 3, false))) != 0 {
		t.Error("the same cycle differs")
	}
	for pairs := 1; pairs <= 4; pairs++ {
		got := fmt.Sprint(diff.Between(kernel(8, pairs, true), kernel(16, pairs, false)))
		if got != "[TYPEDEF a: retyped VAR v: retyped]" {
			t.Errorf("%d pairs: %s", pairs, got)
		}
	}
}

// TestBetweenShared lists the elements that changed of what shares an anonymous struct, as long as
// that is not out of all proportion.
func TestBetweenShared(t *testing.T) {
	kernel := func(structs, members int, typ btf.TypeID) *btf.Spec {
		return build(t, func(b *builder.Builder) {
			b.Int("int", 4, btf.Int{Bits: 32})
			b.Int("long", 8, btf.Int{Bits: 64})
			var list []builder.Member
			for i := range members {
				list = append(list, builder.Member{Name: fmt.Sprint("m", i), Type: typ})
			}
			b.Union("", 8, list...)
			for i := range structs {
				b.Struct(fmt.Sprint("s", i), 8, builder.Member{Type: 3})
			}
		})
	}
	for _, c := range []struct{ structs, members, least, most int }{
		{6, 500, 6, 6}, {500, 500, 3, 50},
	} {
		changes := diff.Between(kernel(c.structs, c.members, 1), kernel(c.structs, c.members, 2))
		listed := 0
		for _, c := range changes {
			if len(c.Elements) > 0 {
				listed++
			}
		}
		if len(changes) != c.structs || listed < c.least || listed > c.most {
			t.Errorf("%v: %d changes, %d with elements", c, len(changes), listed)
		}
	}
}

// TestBetweenOpaque takes types of unknown kinds for equal to themselves alone.
func TestBetweenOpaque(t *testing.T) {
	kernel := func() *btf.Spec {
		b := builder.New(builder.Options{Layout: true})
		b.DefineKind(33, 0, 0)
		b.Typedef("t", b.Raw(builder.RawType{Kind: 33}))
		data, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, data)
	}
	one, other := kernel(), kernel()
	if changes := diff.Between(one, one); len(changes) != 0 {
		t.Error(changes)
	}
	if changes := diff.Between(one, other); len(changes) == 0 {
		t.Error("what refers to them is the same")
	}
}

// TestHashBound hashes declarations of any size and depth.
func TestHashBound(t *testing.T) {
	spec := build(t, func(b *builder.Builder) {
		for range 60 { // 2^60 ways down
			b.Struct("", 4, builder.Member{Type: b.NextID() + 1}, builder.Member{Type: b.NextID() + 1})
		}
		b.Struct("", 4)
		for range 100_000 {
			b.Ptr(b.NextID() + 1)
		}
		b.Struct("s", 4, slices.Repeat([]builder.Member{{Name: strings.Repeat("n", 1000)}}, 60_000)...)
	})
	for _, id := range []btf.TypeID{1, 62, 100_062} {
		if diff.Hash(typeByID(t, spec, id)) == 0 {
			t.Error("0")
		}
	}
	if !diff.Equal(typeByID(t, spec, 1), typeByID(t, spec, 1)) ||
		diff.Equal(typeByID(t, spec, 1), typeByID(t, spec, 2)) {
		t.Error("a tower of 61 and one of 60")
	}
}

// TestHashStable pins a hash: it may be kept, so that it must not change by accident.
func TestHashStable(t *testing.T) {
	spec := parse(t, btftest.Kernel(nil))
	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := diff.Hash(skb), uint64(0x9fbafd4389de1fde); got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}
