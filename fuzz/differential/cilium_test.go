package differential

import (
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// TestCilium compares every blob that stands alone with cilium/ebpf; FuzzParse does so with
// what it makes.
func TestCilium(t *testing.T) {
	for _, b := range blobs.All() {
		if b.Base != nil {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			if err := oracle.CheckCilium(b.Bytes(t), true); err != nil {
				t.Error(err)
			}
		})
	}
}
