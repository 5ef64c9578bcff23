package synth_test

import (
	"fmt"
	"testing"

	"github.com/btfkit/btfkit/corpus/internal/bpfload"
	"github.com/btfkit/btfkit/corpus/synth"
)

// TestKernelLoads asks the running kernel, whose rules are stricter than Verify's.
func TestKernelLoads(t *testing.T) {
	bpfload.Require(t)
	for _, s := range []synth.Shape{
		{Types: 1}, {Types: 10, Sorted: true}, {Types: 20_000}, {Types: 20_000, Sorted: true},
		{Types: 5000, Sharing: 1}, {Types: 5000, Chain: 20}, {Types: 500, Width: 400},
	} {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			raw, err := synth.Base(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := bpfload.Load(raw); err != nil {
				t.Errorf("the kernel refuses %d bytes: %v", len(raw), err)
			}
		})
	}
}
