package malformed_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/btfkit/btfkit/corpus/internal/bpfload"
	"github.com/btfkit/btfkit/corpus/malformed"
)

// The rows in which a kernel's own verdict is not the catalogue's: it takes what it should not, or
// is stricter with what a user loads than with its own BTF, or depends on its version. Package
// validate follows the kernel in the first two.
var (
	kernelAccepts = []int{22, 50}
	kernelRefuses = []int{10, 11, 12, 17, 21, 23, 60, 80}
	versionRules  = []int{25, 26, 27, 28, 29, 34, 36, 63, 64}
)

// TestKernelVerdicts holds the catalogue against the running kernel.
func TestKernelVerdicts(t *testing.T) {
	bpfload.Require(t)
	asked := 0
	for c := range malformed.All() {
		chain := c.Chain(binary.LittleEndian)
		if len(chain) > 1 || slices.Contains(versionRules, c.Row) {
			continue // user space cannot load split BTF
		}
		asked++
		err := bpfload.Load(chain[0])
		var errno syscall.Errno
		if err != nil && !errors.As(err, &errno) {
			t.Fatalf("%v: %v", c, err)
		}
		sound := c.Verdict == malformed.Sound || c.Verdict == malformed.Warn
		switch accepted := err == nil; {
		case slices.Contains(kernelAccepts, c.Row) && accepted:
		case slices.Contains(kernelRefuses, c.Row) && !accepted:
		case accepted != sound:
			t.Errorf("%v: verdict %v, but the kernel says: %v", c, c.Verdict, err)
		}
	}
	t.Logf("the kernel was asked %d times", asked)
}
