package mutate_test

import (
	"bytes"
	"fmt"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/corpus/mutate"
)

func ExampleSweep() {
	blob := btftest.Tour(builder.Options{}) // ours alone: never sweep over what others read
	accepted := 0
	for edit, data := range mutate.Sweep(blob, &mutate.Options{Max: 100, Seed: 1}) {
		if len(data) >= 24 && data[2] == 1 { // a poor decoder: it looks at the version alone
			accepted++
		}
		_ = edit // to be printed when the decoder is wrong
	}
	fmt.Println("undone:", bytes.Equal(blob, btftest.Tour(builder.Options{})))
	fmt.Println("accepted some:", accepted > 0)
	// Output:
	// undone: true
	// accepted some: true
}

func ExampleDamage() {
	blob := btftest.Tour(builder.Options{})
	input := []byte{1, 0, 0, 0, 0, 0, 20, 0} // what a fuzzer made up: the second word becomes 20
	data, undo := mutate.Damage(blob, nil, input)
	fmt.Println("length of the header:", data[4])
	undo()
	fmt.Println("and again:", blob[4])
	// Output:
	// length of the header: 20
	// and again: 24
}
