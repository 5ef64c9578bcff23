package filter_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/filter"
)

// Which functions could a packet be traced through? Those with a struct sk_buff * among
// their first five parameters, which is as far as registers go.
func ExampleWhere() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	skb, err := kernel.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	takesSkb := filter.AnyParam(5, filter.PointerTo(skb))
	for fn := range filter.Where(kernel.TypesByKind(btf.KindFunc), takesSkb) {
		fmt.Println(fn.Name())
	}
	// Output:
	// consume_skb
	// kfree_skb
	// sk_skb_reason_drop
}

// Filters also narrow down what a Matcher selects.
func ExampleWhere_match() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	size, err := kernel.TypeByName("size_t", btf.KindTypedef)
	if err != nil {
		log.Fatal(err)
	}
	sends := kernel.TypesByMatch(btf.MustMatcher(`^(tcp|udp)_.*send`), btf.KindFunc)
	for fn := range filter.Where(sends, filter.AnyParam(3, filter.Is(size))) {
		fmt.Println(fn.Name())
	}
	// Output:
	// tcp_sendmsg
	// udp_sendmsg
}
