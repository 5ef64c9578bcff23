package examples

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf/path"
)

// Where members lie, for a tool that reads them out of the kernel: which pointers to follow, then
// offset and size in bits.
func Example_paths() {
	kernel, err := cache.Open(old, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	for _, expr := range []string{
		"inet_connection_sock.icsk_inet.sk.__sk_common.skc_dport",
		"sk_buff.pkt_type",
		"sk_buff.dev->nd_net.net->ns.inum",
		"task_struct.comm[15]",
		"task_struct.com",
	} {
		f, err := path.Find(kernel, expr)
		if err != nil {
			fmt.Printf("%.60s\n", err)
			continue
		}
		fmt.Println(f.DerefOffsets[:f.Derefs], f.BitOffset, f.BitSize, f.Type)
	}
	// Output:
	// [] 96 16 [65] TYPEDEF __be16
	// [] 1024 3 [19] TYPEDEF __u8
	// [16 1272] 1152 32 [15] INT unsigned int
	// [] 23928 8 [13] INT char
	// path: the root is [191] STRUCT task_struct: no member "com";
}
