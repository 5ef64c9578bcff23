package examples

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/diff"
)

// What a tool that uses some functions and structs must know before the kernel is updated.
func Example_diff() {
	before, err := mmap.Open(old, nil)
	if err != nil {
		log.Fatal(err)
	}
	after, err := mmap.Open(recent, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range diff.Between(before, after, btf.KindFunc, btf.KindStruct) {
		switch c.Name { // what the tool uses
		case "tcp_ioctl", "tcp_gro_receive", "sock_no_accept", "msghdr":
			fmt.Println(c)
		}
	}
	// Output:
	// FUNC sock_no_accept: arg added; flags removed; kern removed
	// FUNC tcp_gro_receive: th added
	// FUNC tcp_ioctl: karg added; arg removed
	// STRUCT msghdr: sg_from_iter retyped
}
