// Package made makes the corpus' blobs that no released tool writes yet, or that none writes any
// more: layout sections, kinds of the future, 24-bit vlen, the bitfields of Linux 4.18.
package made

import (
	"encoding/binary"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// Group is the part before the slash of the blobs' names in the corpus.
const Group = "made"

// A Blob is a recipe.
type Blob struct {
	// Name is the part behind the slash.
	Name string
	// Source is the name in the corpus of what the blob is split from or made of; Base says
	// which. Empty if it is made from nothing.
	Source string
	Base   bool
	// Make returns the raw bytes; source is Source, opened, or nil.
	Make func(source *btf.Spec) ([]byte, error)
}

// Blobs returns the recipes, each behind the one that it needs.
func Blobs() []Blob {
	base := func(name, source string, o builder.Options, fill func(*builder.Builder)) Blob {
		return Blob{name, source, source != "", func(s *btf.Spec) ([]byte, error) {
			o.Base = s
			b := builder.New(o)
			fill(b)
			return b.Bytes()
		}}
	}
	layout := builder.CopyOptions{Layout: builder.AddLayout}
	le, be := builder.Options{}, builder.Options{ByteOrder: binary.BigEndian}
	return []Blob{
		copied("layout-el", "fixtures/clang-tour-bpfel", layout),
		copied("layout-eb", "fixtures/clang-tour-bpfeb", layout),
		base("layout-split-el", "made/layout-el", builder.Options{Layout: true}, splitTypes),
		base("opaque-el", "", builder.Options{Layout: true}, opaqueKinds),
		base("opaque-eb", "", builder.Options{Layout: true, ByteOrder: binary.BigEndian}, opaqueKinds),
		base("opaque-split-el", "made/opaque-el", le, opaqueAgain),
		base("vlen24-el", "", builder.Options{Limits: builder.LimitsKernel72}, wide),
		base("vlen24-eb", "",
			builder.Options{Limits: builder.LimitsKernel72, ByteOrder: binary.BigEndian}, wide),
		base("attributes-el", "", le, attributes),
		base("old-bitfields-el", "", le, oldBitfields),
		base("old-bitfields-eb", "", be, oldBitfields),
		base("suffixes-el", "", le, suffixes),
		base("mixed-order-eb", "fixtures/pahole-kernel-x86_64", be, splitTypes),
		base("split-el", "fixtures/pahole-kernel-x86_64", le, splitTypes),
		base("split-of-split-el", "made/split-el", le, splitAgain),
		base("empty-split-el", "fixtures/pahole-kernel-x86_64", le, func(*builder.Builder) {}),
		{"header-40-el", "fixtures/clang-tags-bpfel", false, longHeader},
		{"gaps-el", "fixtures/clang-tags-bpfel", false, gaps},
	}
}

// copied is a blob with another's types.
func copied(name, source string, o builder.CopyOptions) Blob {
	return Blob{name, source, false, func(s *btf.Spec) ([]byte, error) {
		return builder.From(s, o).Bytes()
	}}
}

func number(b *builder.Builder) btf.TypeID {
	return b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
}

// splitTypes adds some types of which one refers to the base's first.
func splitTypes(b *builder.Builder) {
	mine := b.Typedef("split_t", 1)
	b.Struct("split", 8, builder.Member{Name: "first", Type: b.NextID() + 1})
	b.Ptr(mine)
}

// splitAgain refers to the section below, too.
func splitAgain(b *builder.Builder) {
	mine := b.NextID()
	b.Typedef("again_t", mine-1)
	b.Typedef("split_t", 1) // a name that is there already
	b.Ptr(mine)
}

// The kinds that opaqueKinds writes: one next to those of Linux 7.2, one beyond five bits.
const (
	nextKind = btf.Kind(20)
	highKind = btf.Kind(33)
)

func opaqueKinds(b *builder.Builder) {
	b.DefineKind(nextKind, 8, 0)
	b.DefineKind(highKind, 4, 8)
	n := number(b)
	b.Raw(builder.RawType{Kind: nextKind, NameOffset: b.Intern("location"), SizeOrType: 7,
		Trailer: []uint32{1, 2}})
	b.Raw(builder.RawType{Kind: highKind, KindFlag: true, Vlen: 2, Trailer: []uint32{1, 2, 3, 4, 5}})
	b.Typedef("after_t", n)
}

// opaqueAgain uses the kinds that the base's layout section sizes.
func opaqueAgain(b *builder.Builder) {
	b.Raw(builder.RawType{Kind: nextKind, NameOffset: b.Intern("elsewhere"), Trailer: []uint32{3, 4}})
	b.Raw(builder.RawType{Kind: highKind, Trailer: []uint32{9}})
	b.Typedef("behind_t", 1)
}

// wide adds a union of more members than 16 bits count; they are equal, so that it compresses.
func wide(b *builder.Builder) {
	n := number(b)
	b.Union("wide", 4, slices.Repeat([]builder.Member{{Type: n}}, 1<<16+1)...)
	b.Typedef("after_t", n)
}

func attributes(b *builder.Builder) {
	n := number(b)
	tagged := b.TypeAttribute("address_space(1)", n)
	b.Ptr(tagged)
	s := b.Struct("s", 4, builder.Member{Name: "x", Type: n})
	b.DeclAttribute("aligned(8)", s, -1)
	b.DeclAttribute("unused", s, 0)
	b.DeclTag("plain", s, 0)
}

// oldBitfields adds a struct in the form before Linux 4.20, in which INTs carry offset and width.
func oldBitfields(b *builder.Builder) {
	n := number(b)
	three := b.Int("unsigned int", 4, btf.Int{Bits: 3})
	five := b.Int("unsigned int", 4, btf.Int{Offset: 3, Bits: 5})
	b.Struct("old", 8,
		builder.Member{Name: "a", Type: three},
		builder.Member{Name: "b", Type: five},
		builder.Member{Name: "c", Type: three, BitOffset: 8},
		builder.Member{Name: "plain", Type: n, BitOffset: 32})
}

// suffixes adds types whose names lie within another's.
func suffixes(b *builder.Builder) {
	n := number(b)
	whole := b.Intern("very_long_name")
	for skip := range uint32(len("very_long_name")) {
		b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: whole + skip, SizeOrType: uint32(n)})
	}
	b.Typedef("name", n) // the Builder itself does not share
}

// longHeader lengthens the header by zeros, as a newer producer may.
func longHeader(s *btf.Spec) ([]byte, error) {
	raw, err := builder.From(s, builder.CopyOptions{}).Bytes()
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint32(raw[4:], 40)
	return slices.Insert(raw, 24, make([]byte, 16)...), nil
}

// gaps puts strings first and bytes that belong to nothing around every section.
func gaps(s *btf.Spec) ([]byte, error) {
	raw, err := builder.From(s, builder.CopyOptions{}).Bytes()
	if err != nil {
		return nil, err
	}
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(raw[at:]) }
	typeLen, strLen := word(12), word(20)
	types, strs := raw[24:24+typeLen], raw[24+typeLen:]
	out := slices.Clone(raw[:24])
	pad := func() {
		for out = append(out, "gap!"...); len(out)%4 != 0; {
			out = append(out, 0)
		}
	}
	put := func(field int, section []byte) {
		pad()
		binary.LittleEndian.PutUint32(out[field:], uint32(len(out)-24))
		out = append(out, section...)
	}
	put(16, strs[:strLen])
	put(8, types)
	pad()
	return out, nil
}
