package examples

import (
	"context"
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/elfx"
)

// Which functions of the kernel and its modules get a packet, in which argument, and can be traced:
// the core of pwru.
func Example_packets() {
	o := elfx.CollectionOptions{Kernel: mmap.Backend{}}
	kernel, err := elfx.Machine(context.Background(), root, o)
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	q := funcs.Query{Name: btf.MustMatcher("^(ip_rcv|tcf_mirred)"), Param: "struct sk_buff *",
		First: 5, Traceable: true}
	f, err := funcs.New(q)
	if err != nil {
		log.Fatal(err)
	}
	for m := range f.In(kernel) {
		fmt.Printf("%s:%s arg%d\n", kernel.ModuleOf(m.Func), m.Func.Name(), m.Param)
	}
	// Output:
	// vmlinux:ip_rcv arg0
	// vmlinux:ip_rcv_core arg0
	// vmlinux:ip_rcv_finish arg2
	// act_mirred:tcf_mirred_dump arg0
	// act_mirred:tcf_mirred_act arg0
}
