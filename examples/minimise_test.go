package examples

import (
	"context"
	"log"
	"os"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/minimize"
	"github.com/btfkit/btfkit/elfx"
)

// The few bytes of a kernel's BTF that a BPF object needs, to be shipped with it.
func Example_minimise() {
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
	part, err := minimize.Objects(kernel, ext)
	if err != nil {
		log.Fatal(err)
	}
	small, err := btf.Parse(part, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := dump.Raw(os.Stdout, small); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
	// [2] TYPEDEF '__kernel_pid_t' type_id=1
	// [3] TYPEDEF 'pid_t' type_id=2
	// [4] STRUCT 'task_struct' size=9792 vlen=1
	// 	'pid' type_id=3 bits_offset=19456
}
