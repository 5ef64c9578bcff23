package cdump_test

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/cdump"
)

// field is a member of a struct under test: bits of an int, or if bits is 0, a whole type.
type field struct {
	typ    btf.TypeID
	offset uint32 // in bits
	bits   uint32
}

// The types of layoutTypes.
const (
	char btf.TypeID = 1 + iota
	short
	integer4
	long
	chars3
	packed5
)

// layoutTypes adds the types that fields have.
func layoutTypes(b *builder.Builder) {
	b.Int("char", 1, btf.Int{Bits: 8})
	b.Int("short", 2, btf.Int{Bits: 16})
	b.Int("int", 4, btf.Int{Bits: 32})
	b.Int("long", 8, btf.Int{Bits: 64})
	b.Array(char, integer4, 3)
	b.Struct("packed5", 5, builder.Member{Name: "c", Type: char},
		builder.Member{Name: "i", Type: integer4, BitOffset: 8})
}

// layouts are structs by their size, in bytes, and their fields.
var layouts = []struct {
	size   uint32
	fields []field
	want   string
}{
	{8, []field{{char, 0, 0}, {integer4, 32, 0}},
		"\n\tchar a;\n\tint b;\n}"},
	{16, []field{{char, 0, 0}, {integer4, 64, 0}},
		"\n\tchar a;\n\tlong: 0;\n\tint b;\n\tlong: 0;\n}"},
	{16, []field{{char, 0, 0}, {char, 64, 0}},
		"\n\tchar a;\n\tlong: 0;\n\tchar b;\n\tlong: 0;\n}"},
	{24, []field{{char, 0, 0}, {long, 128, 0}},
		"\n\tchar a;\n\tlong: 64;\n\tlong b;\n}"},
	{8, []field{{char, 0, 0}, {char, 32, 0}},
		"\n\tchar a;\n\tint: 0;\n\tchar b;\n\tlong: 0;\n}"},
	{6, []field{{char, 0, 0}, {char, 24, 0}},
		"\n\tchar a;\n\tshort: 0;\n\tchar: 8;\n\tchar b;\n\tshort: 16;\n}"},
	{4, []field{{integer4, 0, 3}, {integer4, 3, 5}},
		"\n\tint a: 3;\n\tint b: 5;\n}"},
	{4, []field{{integer4, 0, 3}, {integer4, 20, 12}},
		"\n\tint a: 3;\n\tshort: 13;\n\tchar: 4;\n\tint b: 12;\n}"},
	{8, []field{{integer4, 0, 3}, {integer4, 32, 3}},
		"\n\tint a: 3;\n\tint: 29;\n\tint b: 3;\n}"},
	{5, []field{{char, 0, 0}, {integer4, 8, 0}},
		"\n\tchar a;\n\tint b;\n} __attribute__((packed))"},
	{6, []field{{integer4, 0, 0}, {char, 32, 0}},
		"\n\tint a;\n\tchar b;\n\tshort: 0;\n} __attribute__((packed))"},
	{7, []field{{integer4, 0, 0}, {chars3, 32, 0}},
		"\n\tint a;\n\tchar b[3];\n} __attribute__((packed))"},
	{6, []field{{packed5, 0, 0}, {char, 40, 0}},
		"\n\tstruct packed5 a;\n\tchar b;\n}"},
	{40, nil,
		"\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n\tlong: 64;\n}"},
	{3, nil,
		"\n\tint: 24;\n}"},
	{0, nil,
		"}"},
}

// Padding, packed structs and bitfields are such that a compiler comes to the layout. The lines are
// libbpf's.
func TestLayout(t *testing.T) {
	for _, l := range layouts {
		var id btf.TypeID
		spec := build(t, func(b *builder.Builder) {
			layoutTypes(b)
			var members []builder.Member
			for i, f := range l.fields {
				members = append(members, builder.Member{Name: string(rune('a' + i)), Type: f.typ,
					BitOffset: f.offset, BitfieldSize: f.bits})
			}
			id = b.Struct("s", l.size, members...)
		})
		typ, err := spec.TypeByID(id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := cdump.AppendDefinition(nil, typ)
		if want := "struct s {" + l.want; string(got) != want || err != nil {
			t.Errorf("%d bytes, %v: got\n%s, %v\nwant\n%s", l.size, l.fields, got, err, want)
		}
	}
}
