package fuzz

import (
	"testing"
)

// TestBlobs asks each backend everything about every blob and wants the oracle's answers,
// and so the same from all.
func TestBlobs(t *testing.T) {
	for _, b := range allBlobs(t) {
		t.Run(b.name, func(t *testing.T) {
			want := b.oracle(t)
			queries := NewQueries(want, 500)
			for _, backend := range Backends {
				spec := b.open(t, &backend)
				if err := CheckSpec(spec, want); err != nil {
					t.Errorf("%s: %v", backend.Name, err)
				}
				if err := queries.Check(spec); err != nil {
					t.Errorf("%s: %v", backend.Name, err)
				}
			}
		})
	}
}
