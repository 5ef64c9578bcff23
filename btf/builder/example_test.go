package builder_test

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
)

// A list whose nodes point at each other: a type may refer to one that comes later.
func ExampleBuilder() {
	b := builder.New(builder.Options{})
	integer := b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
	node := b.NextID() + 1
	next := b.Ptr(node)
	b.Struct("node", 16, builder.Member{Name: "next", Type: next},
		builder.Member{Name: "value", Type: integer, BitOffset: 64})
	b.Func("walk", b.FuncProto(integer, builder.Param{Name: "head", Type: next}),
		btf.LinkageGlobal)
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}

	spec, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := dump.Raw(os.Stdout, spec); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
	// [2] PTR '(anon)' type_id=3
	// [3] STRUCT 'node' size=16 vlen=2
	// 	'next' type_id=2 bits_offset=0
	// 	'value' type_id=1 bits_offset=64
	// [4] FUNC_PROTO '(anon)' ret_type_id=1 vlen=1
	// 	'head' type_id=2
	// [5] FUNC 'walk' type_id=4 linkage=global
}

// The first error is kept; nothing need be checked before the end.
func ExampleBuilder_Err() {
	b := builder.New(builder.Options{})
	b.Int("int", 4, btf.Int{Bits: 32})
	b.Struct("flags", 4, builder.Member{Name: "set", Type: 1, BitfieldSize: 300})
	b.Ptr(2)
	_, err := b.Bytes()
	fmt.Println(err)
	// Output:
	// btf: type 2 STRUCT "flags": member 0 "set": bitfield size 300 exceeds 8 bits
}

// BTF of one byte order becomes that of the other.
func ExampleFrom() {
	spec, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	b := builder.From(spec, builder.CopyOptions{ByteOrder: binary.BigEndian})
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("% x\n", data[:8])
	// Output:
	// eb 9f 01 00 00 00 00 18
}

// A header needs one type of a kernel with all that it refers to.
func ExampleBuilder_CopyClosure() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	t, err := kernel.TypeByName("list_head", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	b := builder.New(builder.Options{})
	ids := b.CopyClosure(t)
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	part, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range part.All() {
		fmt.Println(t)
	}
	fmt.Println(ids)
	// Output:
	// void
	// [1] STRUCT list_head
	// [2] PTR to STRUCT list_head
	// [1]
}

// Readers of sorted BTF search for a name.
func ExampleCopyOptions_sortByName() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	data, err := builder.From(kernel, builder.CopyOptions{SortByName: true}).Bytes()
	if err != nil {
		log.Fatal(err)
	}
	sorted, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, end := sorted.IDs()
	for id := end - 3; id < end; id++ {
		t, _ := sorted.TypeByID(id)
		fmt.Println(t.Name())
	}
	// Output:
	// udp_sendmsg
	// unsigned int
	// user
}
