package naive_test

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/btfkit/btfkit/corpus/malformed"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// TestMemory opens and verifies the catalogue's million pointers, 12 bytes each: what that takes
// grows with the file, and by no more than 16 bytes for each of its own.
func TestMemory(t *testing.T) {
	for c := range malformed.All() {
		if c.Row != 22 {
			continue
		}
		data := c.Chain(binary.LittleEndian)[0]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		blob, fault := naive.Parse(data, nil)
		if fault != nil {
			t.Fatal(fault)
		}
		if v := blob.Verify(); v.Fault != nil || v.Cycle {
			t.Fatalf("%+v", v)
		}
		runtime.ReadMemStats(&after)
		used := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d types, %.1f bytes for each of %d", c.Name, len(blob.Types),
			float64(used)/float64(len(data)), len(data))
		if used > 16*uint64(len(data)) {
			t.Errorf("%d bytes for %d", used, len(data))
		}
		return
	}
	t.Fatal("no row 22")
}
