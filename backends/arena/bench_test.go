package arena

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkGC measures one cycle of the garbage collector in a process with nothing, with
// the running kernel's BTF on the heap, and with it outside. All three should be alike:
// the collector finds no pointers in an arena.
func BenchmarkGC(b *testing.B) {
	collect := func(b *testing.B) {
		runtime.GC()
		least := time.Hour // some cycles wait for a processor
		for b.Loop() {
			start := time.Now()
			runtime.GC()
			least = min(least, time.Since(start))
		}
		b.ReportMetric(float64(least), "min-ns/op")
	}
	path := vmlinux(b)
	b.Run("backend=none", collect)
	for _, mode := range modes {
		b.Run("backend=arena-"+mode.name, func(b *testing.B) {
			spec, err := Backend{OffHeap: mode.offHeap}.Open(path, nil)
			if err != nil {
				b.Fatal(err)
			}
			collect(b)
			if err := spec.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
