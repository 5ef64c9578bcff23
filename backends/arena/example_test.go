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
	kernel, err := arena.Backend{OffHeap: true}.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	module, err := arena.Parse(btftest.Module(kernel, nil), kernel)
	if err != nil {
		log.Fatal(err)
	}
	if err := kernel.Close(); err != nil {
		log.Fatal(err)
	}
	for typ := range module.TypesByName("kfree_skb") {
		proto := typ.Target()
		for _, p := range proto.Params() {
			skb := p.Target()
			to := skb.Target()
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
