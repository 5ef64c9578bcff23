package merge_test

import (
	"fmt"
	"log"
	"os"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/merge"
)

// A struct out of all modules of one kernel. Here, they have all types in common.
func Example() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	var modules []*btf.Spec
	for range 2 {
		module, err := btf.Parse(btftest.Module(kernel, nil), kernel)
		if err != nil {
			log.Fatal(err)
		}
		modules = append(modules, module)
	}

	data, err := merge.Modules(kernel, modules...)
	if err != nil {
		log.Fatal(err)
	}
	all, err := btf.Parse(data, kernel)
	if err != nil {
		log.Fatal(err)
	}
	device, err := all.TypeByName("toy_device")
	if err != nil {
		log.Fatal(err)
	}
	if err := cdump.Definitions(os.Stdout, all, cdump.Options{}, device); err != nil {
		log.Fatal(err)
	}
	// Output:
	// struct sk_buff;
	//
	// struct toy_device {
	// 	struct sk_buff *queue;
	// 	int len;
	// };
}

// A linker put the types of two objects one after the other.
func ExampleDedup() {
	b := builder.New(builder.Options{})
	for range 2 {
		b.Typedef("pid_t", b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32}))
	}
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	linked, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	if data, err = merge.Dedup(linked); err != nil {
		log.Fatal(err)
	}
	spec, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range spec.All() {
		fmt.Println(t)
	}
	// Output:
	// void
	// [1] INT int
	// [2] TYPEDEF pid_t
}
