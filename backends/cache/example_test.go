package cache_test

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// Files are opened with Open, usually /sys/kernel/btf/vmlinux; Parse takes bytes.
func Example() {
	spec, err := cache.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
	if err != nil {
		log.Fatal(err)
	}
	size, _ := skb.Size()
	fmt.Println(skb.Name(), "has", size, "bytes")
	for typ := range spec.TypesByMatch(btf.MustMatcher("^(tcp|udp)_.*msg$")) {
		fmt.Println(typ.Kind(), typ.Name())
	}
	// Output:
	// sk_buff has 88 bytes
	// FUNC tcp_sendmsg
	// FUNC udp_sendmsg
}
