package btftest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// Hostile returns sound BTF of n types or some times that many, in which something is shared,
// overlaps or is long, so that code that looks at it again for each type is quadratic. Each blob
// takes some dozen bytes times n. Overlap, Chain and Duplicates are among them.
func Hostile(n int) []*Blob {
	shared := &Blob{Name: "shared-name", Data: sharedName(n)}
	return []*Blob{
		shared,
		{Name: "shared-name-split", Data: sharedSplit(mustOpen(shared), n), Base: shared},
		{Name: "near-misses", Data: nearMisses(n)},
		{Name: "staircase", Data: staircase(n)},
		{Name: "overlap", Data: Overlap(n)},
		{Name: "duplicates", Data: Duplicates(n)},
		{Name: "sorted-long", Data: sortedLong(n)},
		{Name: "chain", Data: Chain(n)},
		{Name: "qualified", Data: qualified(n)},
		{Name: "shared-proto", Data: sharedProto(n)},
		{Name: "homonyms", Data: homonyms(n)},
		{Name: "shared-anonymous", Data: sharedAnonymous(n)},
		{Name: "deep-members", Data: deepMembers(n)},
	}
}

// format returns a Builder that writes whatever the format can hold.
func format() *builder.Builder {
	return builder.New(builder.Options{Limits: builder.LimitsFormat})
}

// longShared returns the name that n types share in sharedName(n).
func longShared(n int) string { return strings.Repeat("a", 12*n) }

// sharedName returns BTF with n STRUCTs, n INTs, n members and n enumerators that share one name,
// which is as long as n records.
func sharedName(n int) []byte {
	b := format()
	b.Fwd("first", btf.KindStruct)
	name := longShared(n)
	off := b.Intern(name)
	members := make([]uint32, 0, 3*n)
	values := make([]uint32, 0, 2*n)
	for i := range uint32(n) {
		b.Raw(builder.RawType{Kind: btf.KindStruct, NameOffset: off})
		b.Raw(builder.RawType{Kind: btf.KindInt, NameOffset: off, SizeOrType: 4, Trailer: []uint32{32}})
		members = append(members, off, 3, 32*i)
		values = append(values, off, i)
	}
	b.Raw(builder.RawType{Kind: btf.KindStruct, NameOffset: off, Vlen: n, SizeOrType: 4 * uint32(n),
		Trailer: members})
	b.Raw(builder.RawType{Kind: btf.KindEnum, NameOffset: off, Vlen: n, SizeOrType: 4,
		Trailer: values})
	return must(b)
}

// sharedSplit returns BTF on sharedName(n) with n more types of its name.
func sharedSplit(base *btf.Spec, n int) []byte {
	b := builder.New(builder.Options{Base: base, Limits: builder.LimitsFormat})
	off := b.Intern(longShared(n))
	for range n {
		b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: off})
	}
	return must(b)
}

// nearMisses returns BTF with n types that have 16 long names in turn, which differ in one byte at
// the start, in the middle or at the end.
func nearMisses(n int) []byte {
	b := format()
	var offs []uint32
	for i := range 16 {
		name := []byte(strings.Repeat("a", n))
		name[(n-1)*(i%3)/2] = byte('b' + i)
		offs = append(offs, b.Intern(string(name)))
	}
	for i := range n {
		b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: offs[i%len(offs)]})
	}
	return must(b)
}

// staircase returns BTF with n types whose names are the tails of one, with n NULs behind it: for
// each of them, there is a NUL where the longest would end.
func staircase(n int) []byte {
	data := Overlap(n) // the strings are the last section
	binary.LittleEndian.PutUint32(data[20:], binary.LittleEndian.Uint32(data[20:])+uint32(n))
	return append(data, make([]byte, n)...)
}

// sortedLong returns BTF sorted by name with n types that share a name of some bytes, behind one
// whose name is as long as the rest of the input and starts like theirs.
func sortedLong(n int) []byte {
	b := format()
	b.Fwd(strings.Repeat("a", 12*n), btf.KindStruct)
	for range n {
		b.Fwd("aab", btf.KindStruct)
	}
	return must(b)
}

// qualified returns BTF in which each of n CONSTs and TYPEDEFs refers to the next, and the last to
// an INT.
func qualified(n int) []byte {
	b := format()
	for range n / 2 {
		b.Const(b.NextID() + 1)
		b.Typedef("t", b.NextID()+1)
	}
	b.Int("end", 4, btf.Int{Bits: 32})
	return must(b)
}

// sharedProto returns BTF with n FUNCs that share a FUNC_PROTO of n parameters.
func sharedProto(n int) []byte {
	b := format()
	b.Int("int", 4, btf.Int{Bits: 32})
	proto := b.FuncProto(1, slices.Repeat([]builder.Param{{Name: "p", Type: 1}}, n)...)
	for range n {
		b.Func("f", proto, btf.LinkageStatic)
	}
	return must(b)
}

// homonyms returns BTF with n STRUCTs of one name that all refer to one chain of n PTRs.
func homonyms(n int) []byte {
	b := format()
	for i := range uint32(n) {
		b.Struct("s", i, builder.Member{Name: "m", Type: btf.TypeID(n + 1)})
	}
	for range n {
		b.Ptr(b.NextID() + 1)
	}
	b.Int("end", 4, btf.Int{Bits: 32})
	return must(b)
}

// sharedAnonymous returns BTF with n STRUCTs that have one anonymous STRUCT of n members in them.
func sharedAnonymous(n int) []byte {
	b := format()
	for i := range n {
		b.Struct(fmt.Sprint("s", i), 4, builder.Member{Type: btf.TypeID(n + 1)})
	}
	var members []builder.Member
	for i := range n {
		members = append(members, builder.Member{Name: fmt.Sprint("m", i), Type: btf.TypeID(n + 2)})
	}
	b.Struct("", 4, members...)
	b.Int("end", 4, btf.Int{Bits: 32})
	return must(b)
}

// deepMembers returns BTF with a STRUCT of n members, of which each is an ARRAY of a chain of n.
func deepMembers(n int) []byte {
	b := format()
	b.Int("int", 4, btf.Int{Bits: 32})
	for range n {
		b.Array(b.NextID()-1, 1, 1)
	}
	var members []builder.Member
	for i := range uint32(n) {
		members = append(members, builder.Member{Name: "m", Type: b.NextID() - 1, BitOffset: 32 * i})
	}
	b.Struct("s", 4*uint32(n), members...)
	return must(b)
}
