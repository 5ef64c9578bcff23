package cdump_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/internal/built"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// Each of these files is what bpftool 7.8 writes for the blob, sorted and unsorted; package
// fuzz/dumps has it write them.
func TestGolden(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		switch blob.Name {
		case "tour", "kernel", "module":
		default:
			continue
		}
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		for ending, unsorted := range map[string]bool{".h": false, ".unsorted.h": true} {
			got := header(t, spec, cdump.Options{Unsorted: unsorted})
			path := filepath.Join("testdata", blob.Name+ending)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s", path, got)
			}
		}
	}
}

func header(t testing.TB, spec *btf.Spec, o cdump.Options) string {
	t.Helper()
	var b strings.Builder
	if err := cdump.Header(&b, spec, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// build opens what is added to a Builder.
func build(t testing.TB, add func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	add(b)
	return built.Spec(t, b, nil)
}

// body is the definitions of all types by ascending id, without what stands around them.
func body(t *testing.T, add func(b *builder.Builder)) string {
	t.Helper()
	spec := build(t, add)
	var all []btf.Type
	for typ := range spec.TypesByKind() {
		all = append(all, typ)
	}
	var b strings.Builder
	if err := cdump.Definitions(&b, spec, cdump.Options{}, all...); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n\n")
}

func integer(b *builder.Builder) btf.TypeID {
	return b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
}

// A declaration is a type with what it looks like in C.
type declaration struct {
	want string
	id   btf.TypeID
}

// declarations adds types to b.
func declarations(b *builder.Builder) []declaration {
	i := integer(b)
	handler := b.Ptr(b.FuncProto(0, builder.Param{Type: i}))
	return []declaration{
		{"void x", 0},
		{"int x", i},
		{"double x", b.Float("double", 8)},
		{"void *x", b.Ptr(0)},
		{"int **x", b.Ptr(b.Ptr(i))},
		{"const int x", b.Const(i)},
		{"volatile const int x", b.Const(b.Volatile(i))},
		{"const int *x", b.Ptr(b.Const(i))},
		{"int * const x", b.Const(b.Ptr(i))},
		{"int * restrict *x", b.Ptr(b.Restrict(b.Ptr(i)))},
		{"int x[2][3]", b.Array(b.Array(i, i, 3), i, 2)},
		{"int x[2]", b.Const(b.Array(i, i, 2))},
		{"int *x[2]", b.Array(b.Ptr(i), i, 2)},
		{"int (*x)[2]", b.Ptr(b.Array(i, i, 2))},
		{"int x(void)", b.FuncProto(i)},
		{"int x(void)", b.FuncProto(i, builder.Param{})},
		{"int (* const x[4])(int, ...)",
			b.Array(b.Const(b.Ptr(b.FuncProto(i, builder.Param{Type: i}, builder.Param{}))), i, 4)},
		{"int (* (*x)(void))[5]", b.Ptr(b.FuncProto(b.Ptr(b.Array(i, i, 5))))},
		{"void (* (*x)(int sig, void (*handler)(int)))(int)",
			b.Ptr(b.FuncProto(handler, builder.Param{Name: "sig", Type: i},
				builder.Param{Name: "handler", Type: handler}))},
		{"int own(int n)",
			b.Func("own", b.FuncProto(i, builder.Param{Name: "n", Type: i}), btf.LinkageStatic)},
		{"int *own", b.Var("own", b.Ptr(i), btf.LinkageStatic)},
		{"struct s *x", b.Ptr(b.Struct("s", 4))},
		{"union u x", b.Union("u", 4)},
		{"enum e x", b.Enum("e", 4, false)},
		{"struct f *x", b.Ptr(b.Fwd("f", btf.KindStruct))},
		{"union f *x", b.Ptr(b.Fwd("f", btf.KindUnion))},
		{"alias x", b.Typedef("alias", i)},
		{"struct {} *x", b.Ptr(b.Struct("", 0))},
		{"struct {\n\tint n;\n} x", b.Struct("", 4, builder.Member{Name: "n", Type: i})},
		{"enum {\n\tA = -1,\n} x", b.Enum("", 4, true, builder.Enumerator{Name: "A", Value: -1})},
		{`int __attribute__((btf_type_tag("rcu"))) *x`, b.Ptr(b.TypeTag("rcu", i))},
		{"int __attribute__((noderef)) *x", b.Ptr(b.TypeAttribute("noderef", i))},
	}
}

// Declarations, with libbpf's blanks.
func TestDeclaration(t *testing.T) {
	var all []declaration
	spec := build(t, func(b *builder.Builder) { all = declarations(b) })
	for _, d := range all {
		typ, err := spec.TypeByID(d.id)
		if err != nil {
			t.Fatal(err)
		}
		name := "x"
		if strings.Contains(d.want, "own") {
			name = "" // the one that it has
		}
		got, err := cdump.AppendDeclaration([]byte(">"), typ, name)
		if string(got) != ">"+d.want || err != nil {
			t.Errorf("%s, %v; want %s", got[1:], err, d.want)
		}
	}
}

// A definition alone.
func TestDefinition(t *testing.T) {
	spec := build(t, func(b *builder.Builder) {
		i := integer(b)
		b.Struct("s", 8, builder.Member{Name: "p", Type: b.Ptr(b.NextID() + 1)})
		b.Typedef("alias", b.Array(i, i, 3))
		b.Enum("e", 4, false, builder.Enumerator{Name: "A"})
		b.Fwd("u", btf.KindUnion)
		b.Union("w", 4, builder.Member{Name: "i", Type: i})
	})
	for name, want := range map[string]string{
		"s":     "struct s {\n\tstruct s *p;\n}",
		"alias": "typedef int alias[3]",
		"e":     "enum e {\n\tA = 0,\n}",
		"u":     "union u",
		"w":     "union w {\n\tint i;\n}",
	} {
		typ, err := spec.TypeByName(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := cdump.AppendDefinition([]byte(">"), typ)
		if string(got) != ">"+want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	number, _ := spec.TypeByName("int")
	for _, typ := range []btf.Type{{}, number} {
		if got, err := cdump.AppendDefinition([]byte(">"), typ); err == nil || string(got) != ">" {
			t.Errorf("%v: %s, %v", typ, got, err)
		}
	}
}

// What is embedded is defined before, and what is pointed at declared, once.
func TestOrder(t *testing.T) {
	got := body(t, func(b *builder.Builder) {
		i := integer(b)                                           // 1
		b.Struct("outer", 24, builder.Member{Name: "a", Type: 4}, // 2
			builder.Member{Name: "p", Type: 5, BitOffset: 64},
			builder.Member{Name: "t", Type: 7, BitOffset: 128})
		b.Struct("pointee", 8, builder.Member{Name: "o", Type: b.NextID() + 5}) // 3
		b.Struct("inner", 4, builder.Member{Name: "i", Type: i})                // 4
		b.Ptr(3)                                                                // 5
		b.Ptr(3)                                                                // 6
		b.Typedef("handle", 6)                                                  // 7
		b.Ptr(2)                                                                // 8
	})
	want := `struct inner {
	int i;
};

struct pointee;

typedef struct pointee *handle;

struct outer {
	struct inner a;
	struct pointee *p;
	handle t;
};

struct pointee {
	struct outer *o;
};`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Definitions of one name are sorted by what they have, whatever their ids, as bpftool does: by the
// lengths of arrays before the types of their elements.
func TestOrderOfHomonyms(t *testing.T) {
	headers := map[string]bool{}
	for i := range 2 {
		got := header(t, build(t, func(b *builder.Builder) {
			elems := []btf.TypeID{integer(b), b.Int("char", 1, btf.Int{Bits: 8, Encoding: btf.IntChar})}
			for j := range 2 {
				elem := elems[(i+j)%2]
				b.Struct("same", 8, builder.Member{Name: "m", Type: b.Array(elem, 1, uint32(i+j)%2+2)})
			}
		}), cdump.Options{})
		headers[got] = true
		if first := strings.Index(got, "int m[2]"); first < 0 || first > strings.Index(got, "char m[3]") {
			t.Errorf("got\n%s", got)
		}
	}
	if len(headers) != 1 {
		t.Errorf("%d different headers", len(headers))
	}
}

// Same names of tags, and of typedefs and enumerators.
func TestNames(t *testing.T) {
	long := strings.Repeat("n", 300)
	got := body(t, func(b *builder.Builder) {
		i := integer(b)
		b.Struct("same", 0)
		b.Union("same", 0)
		b.Enum("same", 4, false, builder.Enumerator{Name: "A"}, builder.Enumerator{Name: "B"})
		b.Typedef("same", i)
		b.Typedef("A", 3)
		b.Enum("", 4, false, builder.Enumerator{Name: "B"})
		b.Struct(long, 0)
		b.Struct(long, 0)
	})
	want := `struct same {};

union same___2 {};

enum same___3 {
	A = 0,
	B = 1,
};

typedef int same;

typedef union same___2 A___2;

enum {
	B___2 = 0,
};

struct ` + long + ` {};

struct ` + long[:255] + ` {};`
	want = strings.Replace(want, "B = 1", "B = 0", 1)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What bpftool leaves out or adds for the sake of compilers.
func TestBuiltins(t *testing.T) {
	got := body(t, func(b *builder.Builder) {
		i := integer(b)
		b.Typedef("__builtin_va_list", i)
		b.Typedef("__gnuc_va_list", 0)
		b.Typedef("list", 2)
		b.Typedef("poly", b.Int("__Poly64_t", 8, btf.Int{Bits: 64}))
		b.Enum("tiny", 1, false, builder.Enumerator{Name: "T"})
		b.Enum("huge", 8, false, builder.Enumerator{Name: "H"})
		b.Enum64("vast", 8, false, builder.Enumerator{Name: "V", Value: 1 << 40})
		b.Enum64("low", 8, true, builder.Enumerator{Name: "L", Value: 5})
	})
	want := `typedef __builtin_va_list __gnuc_va_list;

typedef __builtin_va_list list;

typedef unsigned long long __Poly64_t;

typedef __Poly64_t poly;

enum tiny {
	T = 0,
} __attribute__((mode(byte)));

enum huge {
	H = 0,
} __attribute__((mode(word)));

enum vast {
	V = 1099511627776ULL,
};

enum low {
	L = 5LL,
} __attribute__((mode(word)));`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Own of a split Spec gives what the module adds, with what it needs of the kernel.
func TestOwn(t *testing.T) {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	module, err := btf.Parse(btftest.Module(kernel, nil), kernel)
	if err != nil {
		t.Fatal(err)
	}
	all := header(t, module, cdump.Options{})
	own := header(t, module.Own(), cdump.Options{})
	for _, want := range []string{"struct toy_device {", "struct module {"} {
		if !strings.Contains(all, want) || !strings.Contains(own, want) {
			t.Errorf("no %q", want)
		}
	}
	if len(own) >= len(all) || strings.Contains(own, "struct msghdr {") {
		t.Errorf("of %d bytes, own are %d:\n%s", len(all), len(own), own)
	}
}

func TestErrors(t *testing.T) {
	spec := build(t, func(b *builder.Builder) {
		i := integer(b)
		for n := range 3000 {
			b.Struct(fmt.Sprint("s", n), 400, builder.Member{Name: strings.Repeat("m", 300), Type: i})
		}
	})
	other := build(t, func(b *builder.Builder) { integer(b) })
	foreign, _ := other.TypeByID(1)
	if err := cdump.Definitions(io.Discard, spec, cdump.Options{}, foreign); err == nil {
		t.Error("the type of another Spec is taken")
	}
	full := errors.New("full")
	for n := range 3 {
		err := cdump.Header(&failing{n, full}, spec, cdump.Options{Unsorted: n == 0})
		if err != full {
			t.Errorf("%v from a writer that fails", err)
		}
	}
	spec.Close()
	if err := cdump.Header(io.Discard, spec, cdump.Options{}); err != btf.ErrClosed {
		t.Errorf("%v after Close", err)
	}
	if err := cdump.Definitions(io.Discard, spec, cdump.Options{}); err != btf.ErrClosed {
		t.Errorf("%v after Close", err)
	}
}

// failing is a writer that takes n pieces.
type failing struct {
	n   int
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// Names are not copied, and notes are made by the page.
func TestAllocations(t *testing.T) {
	for _, n := range []int{1000, 20_000} {
		spec, err := btf.Parse(btftest.Sorted(n, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := testing.AllocsPerRun(3, func() { cdump.Header(io.Discard, spec, cdump.Options{}) })
		if limit := 60 + float64(n)/50; got > limit {
			t.Errorf("%v allocations for %d types, more than %v", got, n, limit)
		}
	}
}

// The text is the same whether written at once or in pieces.
func TestPieces(t *testing.T) {
	spec, err := btf.Parse(btftest.WideVlen(1<<14), nil)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := spec.TypeByName("wide")
	if err != nil {
		t.Fatal(err)
	}
	alone, err := cdump.AppendDefinition(nil, wide)
	if err != nil {
		t.Fatal(err)
	}
	var pieces bytes.Buffer
	if err := cdump.Definitions(&pieces, spec, cdump.Options{}, wide); err != nil {
		t.Fatal(err)
	}
	if got := pieces.String(); got != string(alone)+";\n\n" || len(got) < 1<<17 {
		t.Errorf("%d bytes and %d", len(got), len(alone))
	}
}
