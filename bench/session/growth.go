package session

import (
	"fmt"

	"github.com/btfkit/btfkit/corpus/synth"
)

// GrowthSizes are the numbers of types of the synthetic sources.
var GrowthSizes = []int{1_000, 10_000, 100_000, 1_000_000}

// Synthetic prepares BTF of that many types, mixed as in a kernel.
func (w *Workspace) Synthetic(types int) (*Source, error) {
	data, err := synth.Base(synth.Shape{Types: types})
	if err != nil {
		return nil, fmt.Errorf("synthetic BTF: %w", err)
	}
	s := &Source{
		Name: fmt.Sprintf("synthetic-%d", types), Origin: "synthetic BTF", Format: "raw", Growth: true,
	}
	return s, w.store(s, data)
}
