package fuzz

import (
	"sync"

	"github.com/btfkit/btfkit/corpus/synth"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// warmPools opens a blob that is larger than any input, so that pools hold buffers of all sizes
// that inputs will ask for. An execution that finds a pool empty, or a buffer too small, runs code
// that no other execution of the same input runs, and the engine takes that for new coverage.
// It does so once: libFuzzer calls the whole target for each input.
var warmPools = sync.OnceValue(func() error {
	data, err := synth.Base(synth.Shape{Types: 3000})
	if err != nil {
		return err
	}
	for n := range oracle.Backends { // one after the other is looked at in depth
		in := &oracle.Input{Data: data}
		in.Vary(n)
		if err := in.Check(); err != nil {
			return err
		}
	}
	return nil
})
