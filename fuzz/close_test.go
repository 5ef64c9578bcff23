package fuzz

import (
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// TestCloseTwice closes Specs in every order that there is for a base and two splits, some of
// them twice, and looks at what is left after each step.
func TestCloseTwice(t *testing.T) {
	kernel := blobs.Find(t, "fixtures/pahole-kernel-x86_64")
	split := blobs.Find(t, "fixtures/pahole-split-x86_64")
	orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0},
		{0, 0, 1, 1, 2, 2}, {1, 1, 0, 0, 2}}
	for _, backend := range oracle.Backends {
		for _, order := range orders {
			m := &machine{T: t}
			base, err := backend.Parse(kernel.Bytes(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			m.specs = []*modelled{{spec: base, want: kernel.Oracle(t)}}
			for range 2 {
				spec, err := backend.Parse(split.Bytes(t), base)
				if err != nil {
					t.Fatal(err)
				}
				s := &modelled{spec: spec, want: split.Oracle(t), base: m.specs[0]}
				m.specs[0].splits = append(m.specs[0].splits, s)
				m.specs = append(m.specs, s)
			}
			for i := range m.specs {
				for arg := range byte(32) {
					m.typeByID(m.specs[i], 0, arg*8)
				}
			}
			for _, i := range order {
				m.close(m.specs[i])
				m.checkKept()
				for _, s := range m.specs {
					m.iterate(s)
					m.names(s, 32)
				}
			}
		}
	}
}
