package dump_test

import (
	"log"
	"os"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/dump"
)

// The types of a module, as "bpftool -B vmlinux btf dump file module" prints them.
func ExampleRaw() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	module, err := btf.Parse(btftest.Module(kernel, nil), kernel)
	if err != nil {
		log.Fatal(err)
	}
	if err := dump.Raw(os.Stdout, module.Own()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [54] STRUCT 'module' size=4 vlen=1
	// 	'state' type_id=55 bits_offset=0
	// [55] ENUM '(anon)' encoding=UNSIGNED size=4 vlen=2
	// 	'MODULE_STATE_LIVE' val=0
	// 	'MODULE_STATE_GONE' val=2
	// [56] PTR '(anon)' type_id=30
	// [57] STRUCT 'toy_device' size=16 vlen=2
	// 	'queue' type_id=56 bits_offset=0
	// 	'len' type_id=2 bits_offset=64
	// [58] PTR '(anon)' type_id=57
	// [59] FUNC_PROTO '(anon)' ret_type_id=2 vlen=2
	// 	'skb' type_id=56
	// 	'dev' type_id=58
	// [60] FUNC 'toy_xmit' type_id=59 linkage=static
	// [61] FUNC_PROTO '(anon)' ret_type_id=0 vlen=1
	// 	'skb' type_id=56
	// [62] FUNC 'kfree_skb' type_id=61 linkage=static
	// [63] FUNC_PROTO '(anon)' ret_type_id=2 vlen=0
	// [64] FUNC 'init_module' type_id=63 linkage=static
}

func ExampleJSON() {
	kernel, err := btf.Parse(btftest.Empty(nil, nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := dump.JSON(os.Stdout, kernel, true); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {
	//     "types": []
	// }
}

func ExampleAppendRaw() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	list, err := kernel.TypeByName("list_head")
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(dump.AppendRaw(nil, list))
	// Output:
	// [19] STRUCT 'list_head' size=16 vlen=2
	// 	'next' type_id=18 bits_offset=0
	// 	'prev' type_id=18 bits_offset=64
}
