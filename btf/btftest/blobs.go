package btftest

import (
	"encoding/binary"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// A Blob is one section of synthetic BTF.
type Blob struct {
	// Name says what it is for, in words joined by hyphens.
	Name string
	Data []byte
	// Base is the blob that this one is split from; nil if it stands alone.
	Base *Blob
	// Corrupt is set if Open accepts the blob and Verify refuses it.
	Corrupt bool
}

// Open opens the blob as Parse does, on its bases. Closing the Spec leaves its bases to the
// garbage collector.
func (b *Blob) Open() (*btf.Spec, error) {
	if b.Base == nil {
		return btf.Parse(b.Data, nil)
	}
	base, err := b.Base.Open()
	if err != nil {
		return nil, err
	}
	return btf.Parse(b.Data, base)
}

// Blobs returns small BTF of every shape that Open accepts; a base comes before the blobs
// that are split from it. The first is Tour. Each call makes them anew.
func Blobs() []*Blob {
	var (
		all    []*Blob
		little = binary.LittleEndian
		big    = binary.BigEndian
	)
	add := func(name string, base *Blob, data []byte) *Blob {
		all = append(all, &Blob{Name: name, Data: data, Base: base})
		return all[len(all)-1]
	}
	add("tour", nil, Tour(builder.Options{}))
	add("tour-big-endian", nil, Tour(builder.Options{ByteOrder: binary.BigEndian}))
	layout := add("tour-layout", nil, Tour(builder.Options{Layout: true}))
	add("layout-module", layout, layoutModule(mustOpen(layout)))
	for _, o := range []struct {
		suffix      string
		base, split binary.ByteOrder
	}{
		{"", little, little}, {"-big-endian", big, big}, {"-mixed-orders", big, little},
	} {
		kernel := add("kernel"+o.suffix, nil, Kernel(o.base))
		module := add("module"+o.suffix, kernel, Module(mustOpen(kernel), o.split))
		add("split-on-split"+o.suffix, module, Plugin(mustOpen(module), o.base))
		add("empty-module"+o.suffix, kernel, Empty(mustOpen(kernel), o.split))
	}
	add("empty", nil, Empty(nil, nil))
	add("names", nil, Names(nil))
	add("names-big-endian", nil, Names(binary.BigEndian))
	opaque := add("opaque", nil, Opaque(nil))
	add("opaque-module", opaque, opaqueModule(mustOpen(opaque)))
	add("opaque-big-endian", nil, Opaque(binary.BigEndian))
	add("sorted", nil, Sorted(300, nil))
	add("sorted-big-endian", nil, Sorted(300, binary.BigEndian))
	add("wide-vlen", nil, WideVlen(1<<16+1))
	add("chain", nil, Chain(1000))
	add("duplicates", nil, Duplicates(300))
	add("overlap", nil, Overlap(300))
	add("old-bitfields", nil, oldBitfields(nil))
	add("old-bitfields-big-endian", nil, oldBitfields(binary.BigEndian))
	add("long-header", nil, longHeader())
	add("gaps", nil, gaps())
	shared := add("shared-name", nil, sharedName(20))
	add("shared-name-split", shared, sharedSplit(mustOpen(shared), 20))
	add("near-misses", nil, nearMisses(200))
	add("staircase", nil, staircase(300))
	add("sorted-long", nil, sortedLong(100))
	add("corrupt", nil, Corrupt(nil)).Corrupt = true
	add("corrupt-big-endian", nil, Corrupt(binary.BigEndian)).Corrupt = true
	return all
}

// must returns what b holds. These blobs are fixed, so that an error is a bug here.
func must(b *builder.Builder) []byte {
	data, err := b.Bytes()
	if err != nil {
		panic(err)
	}
	return data
}

func mustOpen(b *Blob) *btf.Spec {
	spec, err := b.Open()
	if err != nil {
		panic(err)
	}
	return spec
}

// Tour returns BTF with each kind and each form of it once, well-formed in the eyes of
// the kernel, in one page.
func Tour(o builder.Options) []byte {
	b := builder.New(o)
	char := b.Int("char", 1, btf.Int{Encoding: btf.IntSigned, Bits: 8})
	number := b.Int("unsigned int", 4, btf.Int{Bits: 32})
	flag := b.Int("_Bool", 1, btf.Int{Encoding: btf.IntBool, Bits: 8})
	text := b.Ptr(b.NextID() + 1)
	b.Const(char)
	b.Array(char, number, 16)
	node := b.NextID() + 1
	next := b.Ptr(node)
	b.Struct("node", 32, builder.Member{Name: "next", Type: next},
		builder.Member{Name: "name", Type: text, BitOffset: 64},
		builder.Member{Name: "label", Type: next - 1, BitOffset: 128})
	b.Struct("flags", 4, builder.Member{Name: "low", Type: number, BitfieldSize: 3},
		builder.Member{Name: "set", Type: flag, BitOffset: 8},
		builder.Member{Name: "high", Type: number, BitOffset: 20, BitfieldSize: 12})
	b.Union("", 4, builder.Member{Name: "all", Type: number},
		builder.Member{Name: "one", Type: char})
	b.Enum("colour", 4, false, builder.Enumerator{Name: "RED"},
		builder.Enumerator{Name: "BLUE", Value: 1<<32 - 1})
	b.Enum("", 4, true, builder.Enumerator{Name: "MINUS", Value: -1})
	b.Enum64("", 8, false, builder.Enumerator{Name: "MOST", Value: -1})
	b.Enum64("wide", 8, true, builder.Enumerator{Name: "DEEP", Value: -1 << 40})
	b.Fwd("hidden", btf.KindStruct)
	b.Fwd("either", btf.KindUnion)
	alias := b.Typedef("node_t", node)
	b.Ptr(b.NextID() + 1)
	b.Volatile(alias)
	restrict := b.Restrict(text)
	proto := b.FuncProto(number, builder.Param{Name: "node", Type: next},
		builder.Param{Name: "format", Type: restrict}, builder.Param{})
	b.Func("walk", proto, btf.LinkageStatic)
	walk := b.Func("walk_all", proto, btf.LinkageGlobal)
	root := b.Var("root", next, btf.LinkageGlobal)
	count := b.Var("count", number, btf.LinkageStatic)
	b.Datasec(".data", 16, builder.VarSecinfo{Type: root, Size: 8},
		builder.VarSecinfo{Type: count, Offset: 8, Size: 4})
	b.Float("double", 8)
	b.DeclTag("traced", walk, 0)
	b.DeclAttribute("noinline", walk, -1)
	b.Ptr(b.NextID() + 1)
	b.TypeTag("user", node)
	b.Ptr(b.NextID() + 1)
	b.TypeAttribute("address_space(1)", node)
	return must(b)
}

// Empty returns BTF without types: a base of 25 bytes, or the 24 that a module without
// types of its own has.
func Empty(base *btf.Spec, order binary.ByteOrder) []byte {
	return must(builder.New(builder.Options{Base: base, ByteOrder: order}))
}

// Opaque returns BTF with kinds that package btf does not know, sized by the layout
// section, between others that it does.
func Opaque(order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{ByteOrder: order, Layout: true})
	b.DefineKind(20, 8, 0)
	b.DefineKind(33, 4, 12)
	b.Fwd("before", btf.KindStruct)
	b.Raw(builder.RawType{Kind: 20, NameOffset: b.Intern("location"),
		Trailer: []uint32{0xffffffff, 0xffffffff}})
	b.Raw(builder.RawType{Kind: 33, KindFlag: true, Vlen: 2, SizeOrType: 1,
		Trailer: []uint32{1, 2, 3, 4, 5, 6, 7}})
	b.Raw(builder.RawType{Kind: 25})
	b.Typedef("after", 1)
	return must(b)
}

// WideVlen returns BTF with an ENUM of n values, which may take more than the 16 bits
// that vlen had before Linux 7.2, between two other types. n is 1 at least and 2^24-1 at
// most.
func WideVlen(n int) []byte {
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	b.Fwd("before", btf.KindStruct)
	values := make([]builder.Enumerator, n)
	for i := range values {
		values[i] = builder.Enumerator{Name: "VALUE", Value: int64(i)}
	}
	values[n-1].Name = "LAST"
	b.Enum("wide", 4, false, values...)
	b.Fwd("after", btf.KindUnion)
	return must(b)
}

// Chain returns BTF in which each of n PTRs refers to the next, and the last to an INT.
// Code that recurses on it needs a stack of n frames.
func Chain(n int) []byte {
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	for range n {
		b.Ptr(b.NextID() + 1)
	}
	b.Int("end", 4, btf.Int{Bits: 32})
	return must(b)
}

// Duplicates returns BTF with n types of the same name, between types of other names.
func Duplicates(n int) []byte {
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	for range n {
		b.Fwd("same", btf.KindStruct)
		b.Ptr(0)
	}
	b.Fwd("same_not", btf.KindStruct)
	b.Fwd("sam", btf.KindStruct)
	return must(b)
}

// Sorted returns BTF whose types are sorted by name, as in kernels since Linux 7.0: first
// the anonymous, then n pairs of the same name in the order of strcmp.
func Sorted(n int, order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{ByteOrder: order, Limits: builder.LimitsFormat})
	b.Ptr(0)
	b.Struct("", 0)
	b.Enum("", 4, false)
	for i := range n {
		// The last byte goes beyond ASCII, where bytes must compare as unsigned.
		name := string([]byte{'n', byte('0' + i>>14&0x7f), byte('0' + i>>7&0x7f), byte(0x60 + i&0x7f)})
		b.Fwd(name, btf.KindStruct)
		b.Typedef(name, b.NextID()-1)
	}
	return must(b)
}

// Overlap returns BTF with n types whose names all end at the same byte: "x", "xx", and
// so on, each the tail of the next. The names are together n*n/2 bytes long in an input
// of 13*n: code that reads them all in full is quadratic.
func Overlap(n int) []byte {
	b := builder.New(builder.Options{Limits: builder.LimitsFormat})
	name := make([]byte, n)
	for i := range name {
		name[i] = 'x'
	}
	last := b.Intern(string(name)) + uint32(n)
	for i := range uint32(n) {
		b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: last - 1 - i})
	}
	return must(b)
}

// Corrupt returns BTF that Open accepts though it refers to what does not exist and has
// cycles. Type 1 is a good INT; all others are about a fault.
func Corrupt(order binary.ByteOrder) []byte {
	const (
		missing = 0x7fffffff // a type or a name
		most    = 0xffffffff
	)
	b := builder.New(builder.Options{ByteOrder: order})
	b.Int("int", 4, btf.Int{Bits: 32})
	for _, k := range []btf.Kind{btf.KindPtr, btf.KindTypedef, btf.KindVolatile, btf.KindConst,
		btf.KindRestrict, btf.KindTypeTag, btf.KindFunc} {
		b.Raw(builder.RawType{Kind: k, NameOffset: 1, SizeOrType: missing})
		b.Raw(builder.RawType{Kind: k, NameOffset: 1, SizeOrType: most})
		b.Raw(builder.RawType{Kind: k, NameOffset: 1, SizeOrType: uint32(b.NextID())})
	}
	b.Raw(builder.RawType{Kind: btf.KindVar, SizeOrType: most, Trailer: []uint32{most}})
	b.Raw(builder.RawType{Kind: btf.KindDeclTag, SizeOrType: missing, Trailer: []uint32{most}})
	b.Raw(builder.RawType{Kind: btf.KindArray, Trailer: []uint32{missing, most, most}})
	b.Raw(builder.RawType{Kind: btf.KindArray, Trailer: []uint32{uint32(b.NextID()), 1, most}})
	for _, k := range []btf.Kind{btf.KindStruct, btf.KindUnion} {
		b.Raw(builder.RawType{Kind: k, Vlen: 2, SizeOrType: most,
			Trailer: []uint32{missing, missing, most, most, most, 0}})
		b.Raw(builder.RawType{Kind: k, KindFlag: true, Vlen: 1, SizeOrType: 4,
			Trailer: []uint32{1, uint32(b.NextID()), most}})
	}
	b.Raw(builder.RawType{Kind: btf.KindFuncProto, SizeOrType: missing, Vlen: 2,
		Trailer: []uint32{missing, most, 0, 0}})
	b.Raw(builder.RawType{Kind: btf.KindEnum, Vlen: 1, Trailer: []uint32{missing, most}})
	b.Raw(builder.RawType{Kind: btf.KindEnum64, Vlen: 1, Trailer: []uint32{most, most, most}})
	b.Raw(builder.RawType{Kind: btf.KindDatasec, Vlen: 1, Trailer: []uint32{missing, most, most}})
	// Two typedefs of each other, far enough from a cycle's start to be missed by code
	// that only compares with where it began.
	first := b.Typedef("around", b.NextID()+1)
	b.Const(first + 2)
	b.Typedef("and_around", first+1)
	return must(b)
}
