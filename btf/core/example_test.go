package core_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/btfkit/btfkit/btf/core"
)

// The object knows struct task with a pid at its start, the kernel with one in an anonymous struct.
// In a program, both come from elfx, and the relocations from core.Parse.
func Example() {
	_, ext := object(new(testing.T), binary.LittleEndian, local,
		asked{core.FieldByteOffset, "task", "0:0"}, asked{core.FieldExists, "task", "0:2"},
		asked{core.FieldByteOffset, "task", "0:2"})
	kernel := parse(new(testing.T), nil, binary.LittleEndian, target)

	r := core.NewResolver(kernel)
	for relo := range ext.Relocations() {
		v, err := r.Resolve(relo)
		fmt.Println(relo, "=", v, err)
	}
	// Output:
	// FIELD_BYTE_OFFSET of [2] STRUCT task, .pid = 0 -> 12 <nil>
	// FIELD_EXISTS of [2] STRUCT task, .gone = 1 -> 0 <nil>
	// FIELD_BYTE_OFFSET of [2] STRUCT task, .gone = 8 -> none <nil>
}
