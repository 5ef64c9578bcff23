package arena_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// A kernel and a module split from it, with the kernel's memory outside the Go heap. The
// module keeps the kernel open.
func Example() {
	kernel, err := arena.Parse(btftest.Kernel(false), &arena.Options{OffHeap: true})
	if err != nil {
		log.Fatal(err)
	}
	module, err := arena.Parse(btftest.Module(kernel, false), &arena.Options{Base: kernel})
	if err != nil {
		log.Fatal(err)
	}
	if err := kernel.Close(); err != nil {
		log.Fatal(err)
	}
	for typ := range module.Named("kfree_skb") {
		proto, _ := typ.Target()
		for _, p := range proto.Params() {
			skb, _ := p.Target()
			to, _ := skb.Target()
			fmt.Println(typ.Kind(), typ.Name(), p.Name(), to.Kind(), to.Name())
		}
	}
	if err := module.Close(); err != nil {
		log.Fatal(err)
	}
	_, err = module.TypeByName("sk_buff", btf.KindStruct)
	fmt.Println(err)
	// Output:
	// FUNC kfree_skb skb STRUCT sk_buff
	// FUNC kfree_skb skb STRUCT sk_buff
	// btf: spec is closed
}
