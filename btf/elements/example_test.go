package elements_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/elements"
)

// Which reasons to drop a packet has this kernel?
func ExampleEnumeratorsByMatch() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	for enum, e := range elements.EnumeratorsByMatch(kernel, btf.MustMatcher("^SKB_")) {
		fmt.Println(enum.Name(), e.Name(), e.Int64())
	}
	// Output:
	// skb_drop_reason SKB_NOT_DROPPED_YET 0
	// skb_drop_reason SKB_CONSUMED 1
	// skb_drop_reason SKB_DROP_REASON_NO_SOCKET 3
}

// Which structs have a member of this name?
func ExampleMembersByName() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	for s, m := range elements.MembersByName(kernel, "next") {
		fmt.Printf("%q has %s at bit %d\n", s.Name(), m.Name(), m.BitOffset())
	}
	// Output:
	// "list_head" has next at bit 0
	// "" has next at bit 0
}

// An Index answers faster than reading all types does, from the second name or so.
func ExampleIndex() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	index := elements.NewIndex(kernel)
	for _, name := range []string{"EOF", "NETIF_F_ALL", "NO_SUCH"} {
		for enum, e := range index.Enumerators(name) {
			fmt.Println(enum, name, e.Int64())
		}
	}
	// Output:
	// [15] ENUM EOF -1
	// [16] ENUM64 NETIF_F_ALL -1
}
