package examples

import (
	"context"
	"log"
	"os"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/elfx"
)

// All types of a module, as "bpftool btf dump" prints them.
func Example_dump() {
	kernel, err := cache.Open(old, nil)
	if err != nil {
		log.Fatal(err)
	}
	module, err := elfx.OpenFile(context.Background(), spare, kernel, cache.Backend{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := dump.Raw(os.Stdout, module.Own()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [95069] CONST '(anon)' type_id=28514
	// [95070] ARRAY '(anon)' type_id=95069 index_type_id=28 nr_elems=7
	// [95071] CONST '(anon)' type_id=95070
	// [95072] ENUM '(anon)' encoding=UNSIGNED size=4 vlen=4
	// 	'TCF_LAYER_LINK' val=0
	// 	'TCF_LAYER_NETWORK' val=1
	// 	'TCF_LAYER_TRANSPORT' val=2
	// 	'__TCF_LAYER_MAX' val=3
	// [95073] STRUCT 'tcf_em_nbyte' size=4 vlen=3
	// 	'off' type_id=25 bits_offset=0
	// 	'len' type_id=25 bits_offset=16 bitfield_size=12
	// 	'layer' type_id=19 bits_offset=28 bitfield_size=4
	// [95074] STRUCT 'nbyte_data' size=4 vlen=2
	// 	'hdr' type_id=95073 bits_offset=0
	// 	'pattern' type_id=153 bits_offset=32
	// [95075] PTR '(anon)' type_id=95074
	// [95076] PTR '(anon)' type_id=95073
	// [95077] FUNC 'exit_em_nbyte' type_id=1 linkage=static
	// [95078] FUNC 'init_em_nbyte' type_id=111 linkage=static
	// [95079] FUNC_PROTO '(anon)' ret_type_id=28 vlen=3
	// 	'skb' type_id=921
	// 	'em' type_id=72917
	// 	'info' type_id=72921
	// [95080] FUNC 'em_nbyte_match' type_id=95079 linkage=static
	// [95081] FUNC_PROTO '(anon)' ret_type_id=28 vlen=4
	// 	'net' type_id=1769
	// 	'data' type_id=106
	// 	'data_len' type_id=28
	// 	'em' type_id=72917
	// [95082] FUNC 'em_nbyte_change' type_id=95081 linkage=static
}
