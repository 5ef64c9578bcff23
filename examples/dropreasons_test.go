package examples

import (
	"fmt"
	"log"
	"strings"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/elements"
)

// What the numbers mean for which this kernel drops packets.
func Example_dropReasons() {
	kernel, err := cache.Open(old, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	reasons := make(map[uint64]string)
	for _, e := range elements.EnumeratorsByMatch(kernel, btf.MustMatcher("^SKB_DROP_REASON_")) {
		reasons[e.Uint64()] = strings.TrimPrefix(e.Name(), "SKB_DROP_REASON_")
	}
	fmt.Println(len(reasons), reasons[2], reasons[5], reasons[9])
	// Output:
	// 65 NO_SOCKET SOCKET_FILTER IP_CSUM
}
