package btftest_test

import (
	"encoding/binary"
	"log"
	"os"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

func ExampleDump() {
	kernel, err := btf.Parse(btftest.Kernel(nil), nil)
	if err != nil {
		log.Fatal(err)
	}
	module, err := btf.Parse(btftest.Module(kernel, nil), kernel)
	if err != nil {
		log.Fatal(err)
	}
	if err := btftest.Dump(os.Stdout, module.Own()); err != nil {
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

func ExampleHex() {
	b := builder.New(builder.Options{ByteOrder: binary.BigEndian})
	b.Ptr(0)
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	if err := btftest.Hex(os.Stdout, data, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// header
	// 000000  eb 9f                        magic, BigEndian
	// 000002  01                           version 1
	// 000003  00                           flags 0
	// 000004  00 00 00 18                  hdr_len 24
	// 000008  00 00 00 00                  type_off 0
	// 00000c  00 00 00 0c                  type_len 12
	// 000010  00 00 00 0c                  str_off 12
	// 000014  00 00 00 01                  str_len 1
	// types
	// 000018  00 00 00 00                  [1] name_off 0 ""
	// 00001c  02 00 00 00                    info PTR, vlen 0
	// 000020  00 00 00 00                    type 0
	// strings
	// 000024  00                           0 ""
}
