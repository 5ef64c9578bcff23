package minimize_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/minimize"
)

// An asked relocation: kind, the name of a type of the object, access string.
type asked struct {
	kind         core.Kind
	name, access string
}

// parse opens what fill adds to a Builder.
func parse(t testing.TB, base *btf.Spec, order binary.ByteOrder,
	fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{ByteOrder: order, Base: base})
	fill(b)
	return built.Spec(t, b, base)
}

// object returns an object with relocations.
func object(t testing.TB, order binary.ByteOrder, fill func(b *builder.Builder),
	relos ...asked) *core.Ext {
	t.Helper()
	words := []uint32{0, 32, 0, 0, 0, 0, 0, uint32(12 + 16*len(relos)), 16, 0, uint32(len(relos))}
	spec := parse(t, nil, order, func(b *builder.Builder) {
		fill(b)
		for _, r := range relos {
			b.Intern(r.access)
		}
	})
	b := builder.From(spec, builder.CopyOptions{})
	for _, r := range relos {
		typ, err := spec.TypeByName(r.name)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, 0, uint32(typ.ID()), b.Intern(r.access), uint32(r.kind))
	}
	var data []byte
	for _, w := range words {
		data = order.(binary.AppendByteOrder).AppendUint32(data, w)
	}
	order.PutUint16(data, 0xeb9f)
	data[2] = 1
	ext, err := core.Parse(data, spec)
	if err != nil {
		t.Fatal(err)
	}
	return ext
}

// raw writes BTF as bpftool does.
func raw(t testing.TB, data []byte) string {
	t.Helper()
	spec, err := btf.Parse(data, nil)
	if err == nil {
		err = spec.Verify()
	}
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := dump.Raw(&b, spec); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func member(name string, typ btf.TypeID, off uint32) builder.Member {
	return builder.Member{Name: name, Type: typ, BitOffset: off}
}

const u32 = "[1] INT 'u32' size=4 bits_offset=0 nr_bits=32 encoding=(none)\n"

// TestObjects selects for relocations of each kind, in both byte orders.
func TestObjects(t *testing.T) {
	kernel := func(b *builder.Builder) {
		u32 := b.Int("u32", 4, btf.Int{Bits: 32})
		other := b.Struct("unneeded", 4, member("x", u32, 0))
		list := b.Array(b.Ptr(other), u32, 4)
		either := b.Union("", 32, member("y", u32, 0), member("list", list, 0))
		mode := b.Enum("mode", 4, false, builder.Enumerator{Name: "A"},
			builder.Enumerator{Name: "B", Value: 1})
		b.Struct("task", 64, member("pid", u32, 0), member("", either, 64),
			builder.Member{Name: "bits", Type: u32, BitOffset: 321, BitfieldSize: 3},
			member("mode", b.NextID()+1, 352))
		b.Typedef("mode_t", b.NextID()+1)
		b.Const(mode)
		b.Typedef("callback", b.NextID()+1)
		b.Ptr(b.NextID() + 1)
		b.FuncProto(u32, builder.Param{Name: "x", Type: b.NextID() + 1})
		b.Ptr(other)
		b.Struct("small", 8, member("next", b.NextID()-1, 0))
	}
	for _, c := range []struct {
		asked
		want string
	}{
		{asked{core.FieldByteOffset, "task", "0:1:1:2"}, u32 + `[2] PTR '(anon)' type_id=0
[3] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=4
[4] UNION '(anon)' size=32 vlen=1
	'list' type_id=3 bits_offset=0
[5] STRUCT 'task' size=64 vlen=1
	'(anon)' type_id=4 bits_offset=64
`},
		{asked{core.FieldLShiftU64, "task", "0:2"}, u32 + `[2] STRUCT 'task' size=64 vlen=1
	'bits' type_id=1 bits_offset=321 bitfield_size=3
`},
		{asked{core.FieldExists, "task", "0:3"}, `[1] ENUM 'mode' encoding=UNSIGNED size=4 vlen=2
	'A' val=0
	'B' val=1
[2] STRUCT 'task' size=64 vlen=1
	'mode' type_id=3 bits_offset=352
[3] TYPEDEF 'mode_t' type_id=4
[4] CONST '(anon)' type_id=1
`},
		{asked{core.EnumvalValue, "mode", "1"}, `[1] ENUM 'mode' encoding=UNSIGNED size=4 vlen=2
	'A' val=0
	'B' val=1
`},
		{asked{core.TypeSize, "task", "0"}, "[1] STRUCT 'task' size=64 vlen=0\n"},
		{asked{core.TypeExists, "callback", "0"}, u32 + `[2] STRUCT 'unneeded' size=4 vlen=0
[3] TYPEDEF 'callback' type_id=4
[4] PTR '(anon)' type_id=5
[5] FUNC_PROTO '(anon)' ret_type_id=1 vlen=1
	'x' type_id=6
[6] PTR '(anon)' type_id=2
`},
		{asked{core.TypeMatches, "small", "0"}, `[1] STRUCT 'unneeded' size=4 vlen=0
[2] PTR '(anon)' type_id=1
[3] STRUCT 'small' size=8 vlen=1
	'next' type_id=2 bits_offset=0
`},
		{asked{core.TypeIDLocal, "small", "0"}, ""},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			ext := object(t, order, kernel, c.asked)
			data, err := minimize.Objects(parse(t, nil, order, kernel), ext)
			if err != nil {
				t.Fatal(err)
			}
			if got := raw(t, data); got != c.want {
				t.Errorf("%v:\n%s\nwant\n%s", c.asked, got, c.want)
			}
		}
	}
}

// TestDefinitions has two structs of a name, of which the second alone answers both relocations.
func TestDefinitions(t *testing.T) {
	local := func(b *builder.Builder) {
		u32 := b.Int("u32", 4, btf.Int{Bits: 32})
		b.Struct("s", 8, member("a", u32, 0), member("b", u32, 32))
	}
	base := parse(t, nil, binary.LittleEndian, func(b *builder.Builder) {
		u32 := b.Int("u32", 4, btf.Int{Bits: 32})
		b.Struct("s", 4, member("a", u32, 0))
		b.Struct("s", 8, member("a", u32, 0), member("b", u32, 32))
	})
	ext := object(t, binary.LittleEndian, local,
		asked{core.FieldByteOffset, "s", "0:0"}, asked{core.FieldByteOffset, "s", "0:1"})
	want := u32 + "[2] STRUCT 's' size=8 vlen=2\n\t'a' type_id=1 bits_offset=0\n" +
		"\t'b' type_id=1 bits_offset=32\n"
	split := parse(t, base, binary.LittleEndian, func(b *builder.Builder) { b.Ptr(1) })
	for _, kernel := range []*btf.Spec{base, split} {
		data, err := minimize.Objects(kernel, ext)
		if err != nil {
			t.Fatal(err)
		}
		if got := raw(t, data); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// TestPointers has a pointer that is compatible with void * once it leads nowhere.
func TestPointers(t *testing.T) {
	fill := func(pointee btf.TypeID) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			b.Struct("pointee", 4)              // 1
			b.Ptr(pointee)                      // 2
			b.Typedef("handle", 2)              // 3
			b.Struct("s", 8, member("h", 3, 0)) // 4
		}
	}
	ext := object(t, binary.LittleEndian, fill(0),
		asked{core.TypeExists, "handle", "0"}, asked{core.FieldByteOffset, "s", "0:0"})
	data, err := minimize.Objects(parse(t, nil, binary.LittleEndian, fill(1)), ext)
	if err != nil {
		t.Fatal(err)
	}
	if got := raw(t, data); !strings.Contains(got, "STRUCT 'pointee' size=4 vlen=0") {
		t.Error(got)
	}
	data, err = minimize.Objects(parse(t, nil, binary.LittleEndian, fill(1)),
		object(t, binary.LittleEndian, fill(0), asked{core.FieldByteOffset, "s", "0:0"}))
	if got := raw(t, data); err != nil || strings.Contains(got, "pointee") {
		t.Error(got, err)
	}
}

func TestErrors(t *testing.T) {
	fill := func(b *builder.Builder) { b.Struct("s", 8) }
	spec := parse(t, nil, binary.LittleEndian, fill)
	senseless := object(t, binary.LittleEndian, fill, asked{core.FieldByteOffset, "s", "0:0"})
	_, err := minimize.Objects(spec, senseless)
	if err == nil || !strings.Contains(err.Error(), "no member 0") {
		t.Error(err)
	}
	ext := object(t, binary.LittleEndian, fill, asked{core.TypeExists, "s", "0"})
	spec.Close()
	if _, err := minimize.Objects(spec, ext); !errors.Is(err, btf.ErrClosed) {
		t.Error(err)
	}
}
