package funcs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/btf/internal/built"
)

func parse(t testing.TB, base *btf.Spec, fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base, Limits: builder.LimitsFormat})
	fill(b)
	return built.Spec(t, b, base)
}

// function adds a FUNC with parameters of the given types; an ellipsis is 0 at the end.
func function(b *builder.Builder, name string, ret btf.TypeID, params ...btf.TypeID) {
	var list []builder.Param
	for i, p := range params {
		name := fmt.Sprint("p", i)
		if p == 0 {
			name = ""
		}
		list = append(list, builder.Param{Name: name, Type: p})
	}
	b.Func(name, b.FuncProto(ret, list...), btf.LinkageStatic)
}

// find returns "name:param" for each function that is selected, asked twice, and by Match.
func find(t testing.TB, src funcs.Source, q funcs.Query) (found []string) {
	t.Helper()
	f, err := funcs.New(q)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		var again []string
		for m := range f.In(src) {
			again = append(again, fmt.Sprint(m.Func.Name(), ":", m.Param))
		}
		if round == 1 && !slices.Equal(found, again) {
			t.Errorf("%+v: first %v, then %v", q, found, again)
		}
		found = again
	}
	var alone []string
	for fn := range src.TypesByKind(btf.KindFunc) {
		fresh, _ := funcs.New(q)
		if param, ok := fresh.Match(fn); ok {
			alone = append(alone, fmt.Sprint(fn.Name(), ":", param))
		}
	}
	if !slices.Equal(found, alone) {
		t.Errorf("%+v: together %v, one by one %v", q, found, alone)
	}
	return found
}

// homonyms has two definitions of struct chan, functions of each, and other things of the name.
func homonyms(b *builder.Builder) {
	u32 := b.Int("unsigned int", 4, btf.Int{Bits: 32})
	first, second := b.Struct("chan", 4), b.Struct("chan", 8)
	p1, p2 := b.Ptr(first), b.Ptr(b.Const(second))
	union := b.Ptr(b.Union("chan", 4))
	size := b.Typedef("size_t", b.Typedef("__size_t", u32))
	handle := b.Typedef("handle_t", p1)
	alias := b.Ptr(b.Typedef("chan_t", first))
	function(b, "one", 0, u32, p1)
	function(b, "two", 0, p2)
	function(b, "both", 0, p2, p1)
	function(b, "of_union", 0, union)
	function(b, "by_value", 0, first)
	function(b, "by_handle", 0, b.Const(handle))
	function(b, "by_alias", 0, alias)
	function(b, "of_pointer", 0, b.Ptr(p1))
	function(b, "of_size", 0, u32, b.Volatile(size))
	function(b, "of_void", 0, b.Ptr(0))
	function(b, "of_const_void", 0, b.Ptr(b.Const(0)), 0)
	function(b, "late", 0, u32, u32, u32, u32, u32, p1)
	function(b, "none", 0)
	b.Func("odd", u32, btf.LinkageStatic) // no prototype
	function(b, "of_enum", 0, b.Enum("color", 4, false))
	function(b, "of_enum64", 0, b.Enum64("color", 8, false))
}

// TestParam selects by each form of type.
func TestParam(t *testing.T) {
	spec := parse(t, nil, homonyms)
	for _, c := range []struct {
		param string
		first int
		want  string
	}{
		{"struct chan *", 0, "one:1 two:0 both:0 by_handle:0 by_alias:0 late:5"},
		{" const struct  chan*", 5, "one:1 two:0 both:0 by_handle:0 by_alias:0"},
		{"chan *", 1, "two:0 both:0 of_union:0 by_handle:0 by_alias:0"},
		{"union chan *", 0, "of_union:0"}, {"chan_t *", 0, "by_alias:0"},
		{"struct chan_t *", 0, ""}, {"handle_t", 0, "by_handle:0"},
		{"struct chan", 0, "by_value:0"}, {"struct chan **", 0, "of_pointer:0"},
		{"size_t", 0, "of_size:1"}, {"__size_t", 0, "of_size:1"},
		{"unsigned int", 1, "one:0 of_size:0 late:0"}, {"void *", 0, "of_void:0 of_const_void:0"},
		{"void", 0, ""}, {"enum color", 0, "of_enum:0 of_enum64:0"}, {"struct color", 0, ""},
		{"nothing *", 0, ""}, {"struct void *", 0, ""},
	} {
		got := strings.Join(find(t, spec, funcs.Query{Param: c.param, First: c.first}), " ")
		if got != c.want {
			t.Errorf("%q among %d: %s, want %s", c.param, c.first, got, c.want)
		}
	}
	for _, param := range []string{"*", " ", "const", "int [3]", "int (*)(void)", "a, b"} {
		if _, err := funcs.New(funcs.Query{Param: param}); err == nil {
			t.Errorf("%q is a type", param)
		}
	}
}

// TestModules selects functions of a module, by types of the kernel, of its own, and by a
// declaration.
func TestModules(t *testing.T) {
	base := parse(t, nil, homonyms)
	two, err := base.TypeByName("two", btf.KindFunc)
	if err != nil {
		t.Fatal(err)
	}
	pointer, _ := two.Param(0)
	proto := two.TargetID()
	spec := parse(t, base, func(b *builder.Builder) {
		function(b, "of_base", 0, pointer.TargetID())
		function(b, "of_fwd", 0, b.Ptr(b.Fwd("chan", btf.KindStruct)))
		function(b, "of_union_fwd", 0, b.Ptr(b.Fwd("chan", btf.KindUnion)))
		function(b, "of_own", 0, 1, b.Ptr(b.Struct("chan", 12)))
		b.Func("of_base_proto", proto, btf.LinkageStatic)
	})
	got := strings.Join(find(t, spec.Own(), funcs.Query{Param: "struct chan *"}), " ")
	if want := "of_base:0 of_fwd:0 of_own:1 of_base_proto:0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	name := btf.MustMatcher("^(of_fwd|two)$")
	got = strings.Join(find(t, spec, funcs.Query{Param: "struct chan *", Name: name}), " ")
	if want := "two:0 of_fwd:0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestTraceable has a function for each of the kernel's rules.
func TestTraceable(t *testing.T) {
	want := map[string]string{}
	spec := parse(t, nil, func(b *builder.Builder) {
		add := func(why, name string, ret btf.TypeID, params ...btf.TypeID) {
			function(b, name, ret, params...)
			want[name] = why
		}
		i32, ptr := b.Int("int", 4, btf.Int{Bits: 32}), b.Ptr(0)
		i128, i256 := b.Int("int128", 16, btf.Int{Bits: 128}), b.Int("int256", 32, btf.Int{Bits: 128})
		s16, s17 := b.Struct("s16", 16), b.Struct("s17", 17)
		float, empty, fwd := b.Float("float", 4), b.Struct("empty", 0), b.Fwd("fwd", btf.KindStruct)
		enum, array := b.Enum("enum", 4, false), b.Array(i32, i32, 2)
		add("", "plain", 0, i32, ptr, i128, enum, b.Enum64("e", 8, false))
		add("", "typed", b.Typedef("t", b.Const(i32)), b.Typedef("p", b.Restrict(ptr)))
		add("", "bytes", ptr, b.Struct("s1", 1), b.Int("char", 1, btf.Int{Bits: 8}))
		add("", "structs", ptr, s16, b.Typedef("st", s16), b.Union("u16", 16))
		add("", "twelve", i32, slices.Repeat([]btf.TypeID{i32}, 12)...)
		add("13 parameters", "thirteen", i32, slices.Repeat([]btf.TypeID{i32}, 13)...)
		add("variadic", "variadic", i32, ptr, 0)
		add("parameter 0 is void", "void_param", 0, 0, i32)
		add("parameter 0 is void", "const_void_param", 0, b.Const(0), i32)
		add("parameter 1 is [6] STRUCT s17", "large", 0, i32, s17)
		add("parameter 0 is", "large_int", 0, i256)
		add("", "large_int_returned", i256)
		add("parameter 0 is", "float", 0, float)
		add("parameter 0 is", "empty", 0, empty)
		add("parameter 0 is", "fwd", 0, fwd)
		add("parameter 0 is", "array", 0, array)
		add("it returns", "returns_struct", s16)
		add("it returns", "returns_typed", b.Typedef("r", s16))
		add("it returns", "returns_union", b.Union("u", 8))
		add("it returns", "returns_float", float)
		add("it returns", "returns_array", array)
		add("it returns void", "returns_const_void", b.Const(0))
		b.Func("no_proto", i32, btf.LinkageStatic)
		want["no_proto"] = "no function with a prototype"
	})
	traceable := find(t, spec, funcs.Query{Traceable: true})
	for name, why := range want {
		fn, err := spec.TypeByName(name, btf.KindFunc)
		if err != nil {
			t.Fatal(err)
		}
		err = funcs.CheckTraceable(fn)
		if why == "" && err != nil || why != "" && (err == nil || !strings.Contains(err.Error(), why)) {
			t.Errorf("%s: %v, want %q", name, err, why)
		}
		if slices.Contains(traceable, name+":-1") != (why == "") {
			t.Errorf("%s: a Finder says otherwise", name)
		}
	}
	if err := funcs.CheckTraceable(btf.Type{}); err == nil {
		t.Error("void can be traced")
	}
}

// TestHostile wants an end where types are cycles, and where ids do not exist or mean two things.
func TestHostile(t *testing.T) {
	spec := parse(t, nil, func(b *builder.Builder) {
		cycle := b.Typedef("cycle", b.NextID())
		self := b.Ptr(b.NextID())
		proto := b.FuncProto(0, builder.Param{Name: "p", Type: b.NextID()})
		function(b, "f", cycle, cycle, self)
		b.Func("g", proto, btf.LinkageStatic)
		function(b, "h", 0, proto)
		b.Raw(builder.RawType{Kind: btf.KindFunc, SizeOrType: 1 << 30, NameOffset: b.Intern("i")})
		b.Raw(builder.RawType{Kind: btf.KindFuncProto, Vlen: 1, SizeOrType: 1 << 30,
			Trailer: []uint32{1, 1 << 30}})
		b.Func("j", b.NextID()-1, btf.LinkageStatic)
	})
	for param, want := range map[string]string{"cycle": "f:0", "x *": "", "x": "", "void": ""} {
		if got := strings.Join(find(t, spec, funcs.Query{Param: param}), " "); got != want {
			t.Errorf("%s: %s", param, got)
		}
	}
	if got := find(t, spec, funcs.Query{Traceable: true}); len(got) != 0 {
		t.Errorf("%s can be traced", got)
	}
}

// TestManyParameters finds the parameters beyond those that a memo has room for, time and again.
func TestManyParameters(t *testing.T) {
	const n = 1<<16 + 10
	for _, at := range []int{0, 1<<16 - 3, 1<<16 - 2, 1<<16 - 1, 1 << 16, n - 1} {
		spec := parse(t, nil, func(b *builder.Builder) {
			i := b.Int("int", 4, btf.Int{Bits: 32})
			params := make([]builder.Param, n)
			for j := range params {
				params[j] = builder.Param{Name: "p", Type: i + 1}
			}
			params[at].Type = i
			b.Int("long", 8, btf.Int{Bits: 64})
			proto := b.FuncProto(0, params...)
			b.Func("f", proto, btf.LinkageStatic)
			b.Func("g", proto, btf.LinkageStatic)
		})
		want := fmt.Sprintf("f:%d g:%d", at, at)
		if got := strings.Join(find(t, spec, funcs.Query{Param: "int"}), " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := strings.Join(find(t, spec, funcs.Query{}), " "); got != "f:-1 g:-1" {
			t.Errorf("of all: %s", got)
		}
	}
}

// TestAllocations promises that asking again allocates nothing for each function.
func TestAllocations(t *testing.T) {
	spec := parse(t, nil, homonyms)
	f, err := funcs.New(funcs.Query{Param: "struct chan *", Traceable: true})
	if err != nil {
		t.Fatal(err)
	}
	fn, err := spec.TypeByName("one", btf.KindFunc)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { f.Match(fn) }); n != 0 {
		t.Errorf("%v allocations a function", n)
	}
}

// TestClosed wants nothing after Close.
func TestClosed(t *testing.T) {
	spec := parse(t, nil, homonyms)
	spec.Close()
	if got := find(t, spec, funcs.Query{Param: "struct chan *"}); len(got) != 0 {
		t.Error(got)
	}
}
