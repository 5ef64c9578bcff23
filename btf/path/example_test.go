package path_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/path"
)

// Where in a packet's descriptor is its socket's reference count? The path goes through
// a pointer and a typedef.
func ExampleFind() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	f, err := path.Find(kernel, "sk_buff.sk->sk_refcnt.counter")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("read the pointer at byte", f.DerefOffsets[0])
	fmt.Printf("then %d bits at byte %d: %v\n", f.BitSize, f.BitOffset/8, f.Type)
	// Output:
	// read the pointer at byte 16
	// then 32 bits at byte 0: [2] INT int
}

// An error says how far the path leads, and what is there.
func ExampleError() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = path.Find(kernel, "sk_buff.list.nxt")
	fmt.Println(err)
	fmt.Println(errors.Is(err, btf.ErrNotFound))
	// Output:
	// path: list is [19] STRUCT list_head: no member "nxt"; it has next, prev
	// true
}

// A Resolver is for many paths: it keeps tables of the members that it met.
func ExampleResolver() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	skb, err := kernel.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	var r path.Resolver
	for _, expr := range []string{"len", "cb[40]", "pkt_type", "list.prev", "sk->sk_list.next"} {
		f, err := r.Resolve(skb, expr)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(expr, f.BitOffset, f.BitSize, f.Bitfield, f.Derefs)
	}
	// Output:
	// len 576 32 false 0
	// cb[40] 512 8 false 0
	// pkt_type 609 3 true 0
	// list.prev 64 64 false 0
	// sk->sk_list.next 64 64 false 1
}
