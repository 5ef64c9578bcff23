package oracle

import (
	"runtime"
	"runtime/metrics"
)

// Allocated returns how many bytes the process has allocated on the heap since it started. It
// takes a quarter of a microsecond, where runtime.ReadMemStats stops the world.
func Allocated() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}

// allocationLimit is the goal for opening any input in one backend: 1 MiB, and 16 bytes for
// each of the input.
func allocationLimit(size int) uint64 { return 1<<20 + 16*uint64(size) }

// flushAllocations makes the runtime count all that was allocated so far. The runtime counts late:
// when a span is full, or a collection begins. By then some 100 spans of all sizes may come to more
// than the limit. It empties pools, too, so that what they hold is counted again.
func flushAllocations() {
	runtime.GC()
	runtime.GC()
}
