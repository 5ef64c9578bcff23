package across

import (
	"bytes"

	"github.com/btfkit/btfkit/corpus/mutate"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// The sizes up to which cases, and what they are split from, are mutated: what is small is soon
// made smaller.
const (
	mostData = 1024
	mostBase = 512
)

// Inputs makes about n cases, each of a sound case of the suite with one mutation. The same seed
// makes the same. It yields some before it has made all.
func Inputs(sound []suite.Case, n int, seed uint64) func(yield func(suite.Case) bool) {
	var small []suite.Case
	for _, c := range sound {
		if c.Verdict == suite.Accept && len(c.Data) <= mostData && len(c.Base) <= mostBase {
			small = append(small, c)
		}
	}
	return func(yield func(suite.Case) bool) {
		for i, c := range small {
			o := &mutate.Options{Max: max(1, n/len(small)), Seed: seed + uint64(i)}
			if base, _ := naive.Parse(c.Base, nil); base != nil {
				o.BaseTypes, o.BaseStrings = base.End()-1, uint32(len(base.Strings))
			}
			for _, data := range mutate.Sweep(bytes.Clone(c.Data), o) {
				if !yield(Expect(data, c.Base)) {
					return
				}
			}
		}
	}
}
