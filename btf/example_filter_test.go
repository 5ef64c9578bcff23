package btf_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// Which functions could a packet be traced through? Those with a struct sk_buff * among
// their first five parameters, which is as far as registers go.
func ExampleWhere() {
	kernel, err := btftest.Parse(btftest.Kernel(false), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	skb, err := kernel.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	takesSkb := btf.AnyParam(5, btf.PointerTo(skb))
	for fn := range btf.Where(kernel.OfKind(btf.KindFunc), takesSkb) {
		fmt.Println(fn.Name())
	}
	// Output:
	// consume_skb
	// kfree_skb
	// sk_skb_reason_drop
}

// Filters also narrow down what a Matcher selects.
func ExampleSpec_Matching() {
	kernel, err := btftest.Parse(btftest.Kernel(false), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	funcs := btf.MustCompile(`^(tcp|udp)_.*send`).Kinds(btf.KindFunc)
	for fn := range btf.Where(kernel.Matching(funcs), btf.ParamCount(3)) {
		fmt.Println(fn.Name())
	}
	// Output:
	// tcp_sendmsg
	// udp_sendmsg
}
