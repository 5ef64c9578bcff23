package diff_test

import (
	"encoding/binary"
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/diff"
)

// What has changed from one kernel to the next?
func ExampleBetween() {
	kernel := func(size uint32, state int64, extra ...builder.Member) *btf.Spec {
		b := builder.New(builder.Options{})
		u32 := b.Int("unsigned int", 4, btf.Int{Bits: 32})
		b.Struct("sock", size, append(extra, builder.Member{Name: "sk_mark", Type: u32,
			BitOffset: 32 * uint32(len(extra))})...)
		b.Enum("state", 4, false, builder.Enumerator{Name: "STATE_LIVE", Value: state})
		b.Func("sock_put", b.FuncProto(0, builder.Param{Name: "sk", Type: b.NextID() + 2}),
			btf.LinkageStatic)
		b.Ptr(2)
		data, err := b.Bytes()
		if err != nil {
			log.Fatal(err)
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			log.Fatal(err)
		}
		return spec
	}
	old, new := kernel(4, 1), kernel(8, 2, builder.Member{Name: "sk_flags", Type: 1})
	for _, c := range diff.Between(old, new) {
		fmt.Println(c)
	}
	// Output:
	// STRUCT sock: resized; sk_flags added; sk_mark moved
	// ENUM state: STATE_LIVE revalued
}

// Neither the byte order nor the ids count.
func ExampleEqual() {
	little, err := btf.Parse(btftest.Kernel(binary.LittleEndian), nil)
	if err != nil {
		log.Fatal(err)
	}
	big, err := btf.Parse(btftest.Kernel(binary.BigEndian), nil)
	if err != nil {
		log.Fatal(err)
	}
	a, _ := little.TypeByName("sk_buff", btf.KindStruct)
	b, _ := big.TypeByName("sk_buff", btf.KindStruct)
	fmt.Println(diff.Equal(a, b), diff.Hash(a) == diff.Hash(b))
	// Output:
	// true true
}
