package layout_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/layout"
)

// What does a packet's descriptor waste?
func ExampleGaps() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	skb, err := kernel.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("aligned to", layout.Align(skb), "packed", layout.Packed(skb))
	for gap := range layout.Gaps(skb) {
		fmt.Println(gap.BitSize, "bits from bit", gap.BitOffset, "before member", gap.Before)
	}
	// Output:
	// aligned to 8 packed false
	// 28 bits from bit 612 before member 6
}
