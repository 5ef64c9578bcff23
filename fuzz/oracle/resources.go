package oracle

import (
	"runtime"
	"runtime/metrics"
)

// Allocated returns how many bytes the process has allocated on the heap so far. Reading the
// metric takes a quarter of a microsecond; runtime.ReadMemStats stops the world for longer.
func Allocated() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}

// allocationLimit is the goal for opening any input in one backend: 1 MiB, and 16 bytes for
// each of the input.
func allocationLimit(size int) uint64 { return 1<<20 + 16*uint64(size) }

// settle has everything counted that was allocated so far. The runtime counts late, when a span
// is full or a collection begins, and by then some 100 spans of all sizes may come to more
// than the limit. It empties pools, too, so that what they hold is not for free.
func settle() {
	runtime.GC()
	runtime.GC()
}
