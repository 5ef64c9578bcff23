package funcs_test

import (
	"context"
	"fmt"
	"log"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/btf/modules"
)

// Which functions could a packet be traced through? Those with a struct sk_buff * among their
// first five parameters, which is as far as registers go.
func ExampleFinder_In() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil) // or cache.Open(…)
	if err != nil {
		log.Fatal(err)
	}
	f, err := funcs.New(funcs.Query{Param: "struct sk_buff *", First: 5, Traceable: true})
	if err != nil {
		log.Fatal(err)
	}
	for m := range f.In(kernel) {
		fmt.Println(m.Func.Name(), m.Param)
	}
	// Output:
	// consume_skb 0
	// kfree_skb 0
	// sk_skb_reason_drop 1
}

// The same over a kernel with its modules, which are asked in one go.
func ExampleFinder_In_modules() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	c := modules.New(kernel) // or elfx.Dir(…)
	c.Add("toy", "toy.ko", func(_ context.Context, base *btf.Spec) (*btf.Spec, error) {
		return btf.Parse(btftest.Module(base, nil), base)
	})
	defer c.Close()
	f, err := funcs.New(funcs.Query{Name: btf.MustMatcher("_(skb|xmit)$"), Param: "struct sk_buff *"})
	if err != nil {
		log.Fatal(err)
	}
	for m := range f.In(c) {
		fmt.Println(c.ModuleOf(m.Func), m.Func.Name(), m.Param)
	}
	// Output:
	// vmlinux consume_skb 0
	// vmlinux kfree_skb 0
	// toy toy_xmit 0
	// toy kfree_skb 0
}

// Why can a function not be traced?
func ExampleCheckTraceable() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"tcp_sendmsg", "_printk"} {
		fn, err := kernel.TypeByName(name, btf.KindFunc)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, funcs.CheckTraceable(fn))
	}
	// Output:
	// tcp_sendmsg <nil>
	// _printk funcs: it is variadic
}
