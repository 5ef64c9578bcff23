package examples

import (
	"context"
	"fmt"
	"log"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/elfx"
)

// Whether a BPF object runs on a kernel, and what it would miss there, without loading it.
func Example_fits() {
	data, err := elfx.ExtractFile(context.Background(), object, nil)
	if err != nil {
		log.Fatal(err)
	}
	spec, err := btf.Parse(data.BTF, nil)
	if err != nil {
		log.Fatal(err)
	}
	ext, err := core.Parse(data.Ext, spec)
	if err != nil {
		log.Fatal(err)
	}
	kernel, err := mmap.Open(recent, nil)
	if err != nil {
		log.Fatal(err)
	}
	missing, r := 0, core.NewResolver(kernel)
	for relo := range ext.Relocations() {
		v, err := r.Resolve(relo)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(relo, "=", v)
		if v.Poison {
			missing++
		}
	}
	fmt.Println("fits:", missing == 0)
	// Output:
	// FIELD_BYTE_OFFSET of [16] STRUCT task_struct___flavour, .times[1].start_time = 16 -> none
	// ENUMVAL_EXISTS of [23] ENUM phase, PHASE_RUN = 1 -> 0
	// FIELD_EXISTS of [16] STRUCT task_struct___flavour, .state = 1 -> 0
	// FIELD_BYTE_OFFSET of [16] STRUCT task_struct___flavour, .pid = 0 -> 2432
	// fits: false
}
