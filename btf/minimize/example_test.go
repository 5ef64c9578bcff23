package minimize_test

import (
	"encoding/binary"
	"fmt"
	"log"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/minimize"
)

// The object asks where task.pid is; the kernel's task has more. In a program, both come from elfx,
// and the relocations from core.Parse.
func Example() {
	kernel := parse(new(testing.T), nil, binary.LittleEndian, func(b *builder.Builder) {
		long := b.Int("long", 8, btf.Int{Bits: 64})
		pid := b.Int("int", 4, btf.Int{Bits: 32})
		b.Struct("task", 16, builder.Member{Name: "state", Type: long},
			builder.Member{Name: "pid", Type: pid, BitOffset: 64})
	})
	ext := object(new(testing.T), binary.LittleEndian, func(b *builder.Builder) {
		b.Struct("task", 4, builder.Member{Name: "pid", Type: b.Int("int", 4, btf.Int{Bits: 32})})
	}, asked{core.FieldByteOffset, "task", "0:0"})

	data, err := minimize.Objects(kernel, ext)
	if err != nil {
		log.Fatal(err)
	}
	small, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range small.All() {
		fmt.Println(t)
		for _, m := range t.Members() {
			fmt.Println("\t", m.Name(), m.BitOffset())
		}
	}
	// Output:
	// void
	// [1] INT int
	// [2] STRUCT task
	// 	 pid 64
}
