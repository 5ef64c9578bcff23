package builder_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/store"
)

func parse(t testing.TB, data []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

func TestBuilderBytes(t *testing.T) {
	for _, test := range []struct {
		options builder.Options
		want    string
	}{
		{builder.Options{}, "9feb0100" + "18000000" + "00000000" + "10000000" + "10000000" +
			"05000000" + "01000000" + "00000001" + "04000000" + "20000001" + "00696e7400"},
		{builder.Options{ByteOrder: binary.BigEndian}, "eb9f0100" + "00000018" + "00000000" + "00000010" +
			"00000010" + "00000005" + "00000001" + "01000000" + "00000004" + "01000020" + "00696e7400"},
		{builder.Options{Layout: true}, "9feb0100" + "20000000" + "00000000" + "10000000" +
			"60000000" + "05000000" + "10000000" + "50000000" +
			"01000000" + "00000001" + "04000000" + "20000001" +
			// The entries of kinds 0 to 19, as struct btf_layout of libbpf's btf.c.
			"00000000" + "04000000" + "00000000" + "0c000000" + "000c0000" +
			"000c0000" + "00080000" + "00000000" + "00000000" + "00000000" +
			"00000000" + "00000000" + "00000000" + "00080000" + "04000000" +
			"000c0000" + "00000000" + "04000000" + "00000000" + "000c0000" + "00696e7400"},
	} {
		b := builder.New(test.options)
		if id := b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32}); id != 1 {
			t.Errorf("%+v: id %d", test.options, id)
		}
		data, err := b.Bytes()
		if got := fmt.Sprintf("%x", data); err != nil || got != test.want {
			t.Errorf("%+v:\n%s, %v\nwant\n%s", test.options, got, err, test.want)
		}
	}
}

func TestBuilderEmpty(t *testing.T) {
	base := built.Spec(t, builder.New(builder.Options{}), nil)
	if _, end := base.IDs(); end != 1 {
		t.Errorf("base ends at %d", end)
	}
	data, err := builder.New(builder.Options{Base: base}).Bytes()
	if err != nil || len(data) != 24 {
		t.Errorf("split of %d bytes, %v; want 24", len(data), err)
	}
}

// A string is there once, wherever it was first used.
func TestBuilderStrings(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Fwd("sock", btf.KindStruct)
	b.Fwd("ock", btf.KindStruct)
	b.Typedef("sock", 1)
	b.Struct("pair", 8, builder.Member{Name: "sock", Type: 1}, builder.Member{Name: "pair", Type: 1})
	base := built.Spec(t, b, nil)
	if strs, _ := store.SectionOf(base).Strings(); strs != "\x00sock\x00ock\x00pair\x00" {
		t.Errorf("base strings %q", strs)
	}
	b = builder.New(builder.Options{Base: base})
	b.Fwd("pair", btf.KindUnion)
	b.Fwd("new", btf.KindUnion)
	b.Fwd("ock", btf.KindUnion)
	b.Fwd("new", btf.KindUnion)
	middle := built.Spec(t, b, base)
	if strs, start := store.SectionOf(middle).Strings(); strs != "new\x00" || start != 15 {
		t.Errorf("split strings %q at %d", strs, start)
	}
	b = builder.New(builder.Options{Base: middle})
	b.Fwd("sock", btf.KindUnion)
	b.Fwd("new", btf.KindUnion)
	top := built.Spec(t, b, middle)
	if strs, start := store.SectionOf(top).Strings(); strs != "" || start != 19 {
		t.Errorf("strings %q at %d of the split's split", strs, start)
	}
	ids, _ := top.IDsByName("new")
	if fmt.Sprint(ids) != "[6 8 10]" {
		t.Errorf("ids of new: %v", ids)
	}
}

// A base without any string byte leaves offset 0 to the section above.
func TestBuilderStringsOnEmptyBase(t *testing.T) {
	base := parse(t, []byte("\x9f\xeb\x01\x00\x18\x00\x00\x00"+strings.Repeat("\x00", 16)), nil)
	b := builder.New(builder.Options{Base: base})
	b.Fwd("first", btf.KindStruct)
	split := built.Spec(t, b, base)
	if ty, err := split.TypeByName("first"); err != nil || ty.ID() != 1 {
		t.Errorf("first is %v, %v", ty, err)
	}
	b = builder.From(base, builder.CopyOptions{})
	b.Fwd("first", btf.KindStruct)
	if ty, err := built.Spec(t, b, nil).TypeByName("first"); err != nil || ty.ID() != 1 {
		t.Errorf("first is %v, %v", ty, err)
	}
}

// limits are what the format cannot hold, with the error that names the type.
var limits = []struct {
	name string
	add  func(b *builder.Builder)
	want string
}{
	{"vlen", func(b *builder.Builder) { b.FuncProto(0, make([]builder.Param, 1<<16)...) },
		"btf: type 2 FUNC_PROTO: vlen 65536 exceeds 65535"},
	{"encoding", func(b *builder.Builder) { b.Int("i", 4, btf.Int{Encoding: 16}) },
		`btf: type 2 INT "i": encoding 0x10 exceeds 4 bits`},
	{"bitfield offset", func(b *builder.Builder) {
		b.Struct("s", 1<<22, builder.Member{Name: "flag", Type: 1, BitfieldSize: 1},
			builder.Member{Name: "far", Type: 1, BitOffset: 1 << 24})
	}, `btf: type 2 STRUCT "s": member 1 "far": ` +
		`bit offset 16777216 exceeds 24 bits, in a type with bitfields`},
	{"bitfield size", func(b *builder.Builder) {
		b.Union("", 64, builder.Member{Type: 1, BitfieldSize: 256})
	}, "btf: type 2 UNION: member 0: bitfield size 256 exceeds 8 bits"},
	{"enum below", func(b *builder.Builder) {
		b.Enum("e", 4, true, builder.Enumerator{Name: "LOW", Value: math.MinInt32 - 1})
	}, `btf: type 2 ENUM "e": enumerator 0 "LOW": ` +
		`value -2147483649 outside [-2147483648, 2147483647]`},
	{"enum above", func(b *builder.Builder) {
		b.Enum("e", 4, false, builder.Enumerator{Name: "HIGH", Value: math.MaxUint32 + 1})
	}, `btf: type 2 ENUM "e": enumerator 0 "HIGH": value 4294967296 outside [0, 4294967295]`},
	{"unsigned enum", func(b *builder.Builder) {
		b.Enum("e", 4, false, builder.Enumerator{Name: "NEG", Value: -1})
	}, `btf: type 2 ENUM "e": enumerator 0 "NEG": value -1 outside [0, 4294967295]`},
	{"linkage", func(b *builder.Builder) { b.Func("f", 1, 65536) },
		`btf: type 2 FUNC "f": vlen 65536 exceeds 65535`},
	{"fwd", func(b *builder.Builder) { b.Fwd("f", btf.KindEnum) },
		`btf: type 2 FWD "f": forward declaration of a ENUM`},
	{"component", func(b *builder.Builder) { b.DeclTag("t", 1, -2) },
		`btf: type 2 DECL_TAG "t": component index -2 outside [-1, 2147483647]`},
	{"reference", func(b *builder.Builder) {
		b.Struct("s", 8, builder.Member{Name: "m", Type: 9})
		b.Ptr(2)
	}, `btf: type 2 STRUCT "s": member 0 "m": reference to type 9, but the last one is 3`},
	{"reference in header", func(b *builder.Builder) { b.Typedef("t", 3) },
		`btf: type 2 TYPEDEF "t": reference to type 3, but the last one is 2`},
	{"reference one further", func(b *builder.Builder) {
		b.Ptr(3)
		b.Ptr(4)
	}, `btf: type 3 PTR: reference to type 4, but the last one is 3`},
	{"NUL", func(b *builder.Builder) { b.Fwd("a\x00b", btf.KindStruct) },
		`btf: type 2 FWD "a\x00b": string with a NUL byte`},
	{"string offset", func(b *builder.Builder) {
		b.Fwd(strings.Repeat("x", 0xfffff9), btf.KindStruct) // "\0int\0" is before
		b.Fwd("y", btf.KindStruct)
	}, `btf: type 3 FWD "y": string of 1 bytes at offset 0xffffff exceeds 0xffffff`},
	{"definition without layout", func(b *builder.Builder) { b.DefineKind(20, 0, 0) },
		"btf: type 2 KIND(20): definition of a kind without a layout section"},
	{"definition of a known kind", func(b *builder.Builder) { b.DefineKind(19, 0, 0) },
		"btf: type 2 ENUM64: definition of a kind outside [20, 127]"},
	{"raw kind", func(b *builder.Builder) { b.Raw(builder.RawType{Kind: 20}) },
		"btf: type 2 KIND(20): kind of unknown size"},
	{"raw void", func(b *builder.Builder) { b.Raw(builder.RawType{}) },
		"btf: type 2 VOID: kind of unknown size"},
	{"raw trailer", func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindEnum, Vlen: 2, Trailer: make([]uint32, 3)})
	}, "btf: type 2 ENUM: trailer of 12 bytes, not 16"},
	{"raw vlen", func(b *builder.Builder) { b.Raw(builder.RawType{Kind: btf.KindPtr, Vlen: -1}) },
		"btf: type 2 PTR: vlen -1"},
	{"raw name", func(b *builder.Builder) {
		b.Raw(builder.RawType{Kind: btf.KindPtr, NameOffset: 5})
	}, "btf: type 2 PTR: name offset 0x5 beyond the strings"},
	{"interned string", func(b *builder.Builder) { b.Intern("\x00") },
		"btf: string with a NUL byte"},
}

func TestBuilderLimits(t *testing.T) {
	for _, test := range limits {
		b := builder.New(builder.Options{})
		b.Int("int", 4, btf.Int{Bits: 32})
		test.add(b)
		data, err := b.Bytes()
		if err == nil || err.Error() != test.want || data != nil {
			t.Errorf("%s: %v; want %s", test.name, err, test.want)
		}
		if b.Err() == nil {
			continue // a missing reference, which may still be added
		}
		if id := b.Ptr(0); id != 0 || !errors.Is(err, b.Err()) {
			t.Errorf("%s: id %d and error %v after the error", test.name, id, b.Err())
		}
	}
}

// DefineKind writes entries up to the kind, and Raw then has the kind's size.
func TestBuilderDefineKind(t *testing.T) {
	for _, test := range []struct {
		kind       btf.Kind
		info, elem uint8
		want       string
	}{
		{20, 4, 8, ""}, {127, 0, 252, ""},
		{128, 4, 8, "btf: type 1 KIND(128): definition of a kind outside [20, 127]"},
		{20, 6, 8, "btf: type 1 KIND(20): sizes 6 and 8, not multiples of 4"},
		{20, 4, 6, "btf: type 1 KIND(20): sizes 4 and 6, not multiples of 4"},
	} {
		b := builder.New(builder.Options{Layout: true})
		b.DefineKind(test.kind, test.info, test.elem)
		got := ""
		if b.Err() != nil {
			got = b.Err().Error()
		}
		if got != test.want {
			t.Errorf("kind %d: %q; want %q", test.kind, got, test.want)
		}
		if test.want != "" {
			continue
		}
		b.Raw(builder.RawType{Kind: test.kind, Vlen: 2,
			Trailer: make([]uint32, (int(test.info)+2*int(test.elem))/4)})
		spec := built.Spec(t, b, nil)
		if n := store.SectionOf(spec).Header().Layout.Len; n != 4*uint32(test.kind)+4 {
			t.Errorf("kind %d: layout of %d bytes", test.kind, n)
		}
		if k := mustType(t, spec, 1).Kind(); k != test.kind {
			t.Errorf("kind %d reads as %v", test.kind, k)
		}
	}
}

func TestBuilderIDLimit(t *testing.T) {
	for _, limits := range []builder.Limits{builder.LimitsKernel, builder.LimitsFormat} {
		b := builder.New(builder.Options{Limits: limits})
		for range 0xffffe {
			b.Ptr(0)
		}
		if b.Err() != nil {
			t.Fatal(b.Err())
		}
		if id := b.Ptr(0); (id == 0) != (limits == builder.LimitsKernel) {
			t.Errorf("limits %d: id %d, %v", limits, id, b.Err())
		}
	}
}

func TestBuilderWideVlen(t *testing.T) {
	params := make([]builder.Param, 1<<16)
	b := builder.New(builder.Options{Limits: builder.LimitsKernel72})
	b.FuncProto(0, params...)
	if n := mustType(t, built.Spec(t, b, nil), 1).Vlen(); n != 1<<16 {
		t.Errorf("vlen %d", n)
	}
	b.Func("f", 1, 1<<24) // its vlen is the linkage
	want := `btf: type 2 FUNC "f": vlen 16777216 exceeds 16777215`
	if err := b.Err(); err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}

func mustType(t testing.TB, spec *btf.Spec, id btf.TypeID) btf.Type {
	t.Helper()
	ty, err := spec.TypeByID(id)
	if err != nil {
		t.Fatalf("type %d: %v", id, err)
	}
	return ty
}

// What is written is read back, field by field.
func TestBuilderReadBack(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := builder.New(builder.Options{ByteOrder: order})
		b.Int("int", 4, btf.Int{Encoding: btf.IntBool, Offset: 3, Bits: 9})
		b.Struct("s", 12, builder.Member{Name: "a", Type: 1, BitOffset: 1 << 31})
		b.Union("u", 12, builder.Member{Name: "b", Type: 1, BitOffset: 0xffffff, BitfieldSize: 255})
		b.Enum("e", 8, true, builder.Enumerator{Name: "A", Value: math.MinInt32})
		b.Enum("f", 8, false, builder.Enumerator{Name: "B", Value: math.MaxUint32})
		b.Enum64("g", 8, true, builder.Enumerator{Name: "C", Value: math.MinInt64})
		b.Enum64("h", 8, false, builder.Enumerator{Name: "D", Value: -2})
		b.Fwd("w", btf.KindUnion)
		b.TypeAttribute("x", 1)
		b.DeclAttribute("y", 2, math.MaxInt32)
		b.Var("v", 1, btf.LinkageExtern)
		b.Datasec("d", 77, builder.VarSecinfo{Type: 11, Offset: 5, Size: 6})
		b.Array(1, 2, 0xffffffff)
		spec := built.Spec(t, b, nil)
		if err := spec.Verify(); err != nil {
			t.Error(err)
		}
		at := func(id btf.TypeID) btf.Type { return mustType(t, spec, id) }
		a, _ := at(2).Member(0)
		u, _ := at(3).Member(0)
		var enums []string
		for id := btf.TypeID(4); id <= 7; id++ {
			v, _ := at(id).Enumerator(0)
			enums = append(enums, fmt.Sprint(v.Int64(), " ", v.Uint64()))
		}
		i, _ := at(1).Int()
		tag, _ := at(10).ComponentIndex()
		linkage, _ := at(11).Linkage()
		v, _ := at(12).VarSecinfo(0)
		n, _ := at(13).ArrayLen()
		got := fmt.Sprintln(i, a.BitOffset(), u.BitOffset(), u.BitfieldSize(), enums,
			at(8).FwdKind(), at(9).IsAttribute(), tag, linkage, v.TargetID(), v.Offset(), v.Size(),
			n)
		want := fmt.Sprintln(btf.Int{Encoding: btf.IntBool, Offset: 3, Bits: 9}, uint32(1<<31),
			0xffffff, 255,
			[]string{"-2147483648 18446744071562067968", "4294967295 4294967295",
				"-9223372036854775808 9223372036854775808", "-2 18446744073709551614"},
			"UNION", true, math.MaxInt32, "extern", 11, 5, 6, uint32(math.MaxUint32))
		if got != want {
			t.Errorf("%v:\n%s\nwant\n%s", spec.ByteOrder(), got, want)
		}
	}
}

func TestBuilderClosedBase(t *testing.T) {
	base := built.Spec(t, builder.New(builder.Options{}), nil)
	base.Close()
	b := builder.New(builder.Options{Base: base})
	if _, err := b.Bytes(); !errors.Is(err, btf.ErrClosed) || b.Ptr(0) != 0 {
		t.Errorf("error %v", err)
	}
	b = builder.From(base, builder.CopyOptions{})
	if _, err := b.Bytes(); !errors.Is(err, btf.ErrClosed) || b.Ptr(0) != 0 {
		t.Errorf("error %v", err)
	}
}

// TestErrSticks adds nothing behind an error, whatever is called.
func TestErrSticks(t *testing.T) {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := spec.TypeByID(1)
	if err != nil {
		t.Fatal(err)
	}
	b := builder.New(builder.Options{})
	b.Int("int", 4, btf.Int{Bits: 32})
	b.Fwd("f", btf.KindInt) // of no struct
	want, next := b.Err(), b.NextID()
	if want == nil {
		t.Fatal("a FWD of an INT")
	}
	for name, id := range map[string]btf.TypeID{
		"Int": b.Int("i", 4, btf.Int{Bits: 32}), "Float": b.Float("f", 4), "Ptr": b.Ptr(1),
		"Const": b.Const(1), "Volatile": b.Volatile(1), "Restrict": b.Restrict(1),
		"Typedef": b.Typedef("t", 1), "TypeTag": b.TypeTag("t", 1),
		"TypeAttribute": b.TypeAttribute("t", 1), "Func": b.Func("f", 1, 0),
		"Fwd": b.Fwd("s", btf.KindStruct), "Array": b.Array(1, 1, 1),
		"Struct": b.Struct("s", 4, builder.Member{Name: "m", Type: 1}), "Union": b.Union("u", 4),
		"Enum":      b.Enum("e", 4, false, builder.Enumerator{Name: "a"}),
		"Enum64":    b.Enum64("e", 8, false, builder.Enumerator{Name: "a"}),
		"FuncProto": b.FuncProto(0, builder.Param{Name: "p", Type: 1}),
		"Var":       b.Var("v", 1, 0), "Datasec": b.Datasec(".data", 4),
		"DeclTag": b.DeclTag("t", 1, -1), "DeclAttribute": b.DeclAttribute("t", 1, -1),
		"Copy": b.Copy(first, nil), "Raw": b.Raw(builder.RawType{Kind: btf.KindPtr}),
	} {
		if id != 0 {
			t.Errorf("%s: type %d", name, id)
		}
	}
	b.DefineKind(99, 0, 0)
	if off := b.Intern("new"); off != 0 {
		t.Errorf("Intern: %d", off)
	}
	if data, err := b.Bytes(); data != nil || err != want || b.Err() != want || b.NextID() != next {
		t.Errorf("%d bytes, error %v and %v, next type %d", len(data), err, b.Err(), b.NextID())
	}
}
