package examples

import (
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
)

// The prototypes of functions, in C.
func Example_signature() {
	kernel, err := mmap.Open(old, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	for _, name := range []string{"tcp_sendmsg", "kfree_skb_reason", "vfs_read"} {
		for t := range kernel.TypesByName(name, btf.KindFunc) {
			c, err := cdump.AppendDeclaration(nil, t, "")
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s;\n", c)
		}
	}
	// Output:
	// int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
	// void kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason);
	// ssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos);
}
