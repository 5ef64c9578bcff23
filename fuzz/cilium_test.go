package fuzz

import "testing"

// TestCilium compares every blob that stands alone with cilium/ebpf; FuzzParse does so with
// what it makes.
func TestCilium(t *testing.T) {
	for _, b := range allBlobs(t) {
		if b.base != nil {
			continue
		}
		if err := CheckCilium(b.data, true); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}
