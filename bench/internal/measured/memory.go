package measured

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// memory is what this process holds. Its numbers are bytes, except those of objects and of time.
type memory struct {
	told                            bool // the operating system says what a process holds
	process                         processMemory
	heap, heapObjects, mapped, gcNs int64
}

// processMemory is what the operating system says.
type processMemory struct{ private, rss, pss, peak int64 }

// readMemory collects garbage more than once, since finalizers and sync.Pools let go of more, and
// gives free memory back to the system before it asks.
func readMemory() (memory, error) {
	runtime.GC()
	gc := timeGC()
	debug.FreeOSMemory()
	process, err := readProcessMemory()
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return memory{}, err
	}
	told := err == nil
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	return memory{
		told:        told,
		process:     process,
		heap:        int64(heap.HeapAlloc),
		heapObjects: int64(heap.HeapObjects),
		gcNs:        int64(gc),
	}, nil
}

// timeGC returns the time of the fastest of several collections, since some wait for a processor.
func timeGC() time.Duration {
	least := time.Hour
	for range 9 {
		start := time.Now()
		runtime.GC()
		least = min(least, time.Since(start))
	}
	return least
}

// baseline is readMemory with the peak reset to the present, where the kernel allows it.
func baseline() (memory, error) {
	if _, err := readMemory(); err != nil {
		return memory{}, err
	}
	resetPeak()
	return readMemory()
}

// report formats the differences to an earlier reading, and what the whole process holds, as values
// of Go's benchmark format. On other systems than Linux there is only what the Go runtime knows.
func (m memory) report(from memory) string {
	var b strings.Builder
	add := func(value int64, unit string) { fmt.Fprintf(&b, "\t%d %s", value, unit) }
	if m.told {
		add(m.process.private-from.process.private, "private-B")
		add(m.process.rss-from.process.rss, "rss-B")
		add(m.process.pss-from.process.pss, "pss-B")
		add(m.process.peak-from.process.peak, "peak-B")
		add(m.process.private, "private-total-B")
		add(m.process.rss, "rss-total-B")
		add(m.process.pss, "pss-total-B")
		add(m.process.peak, "peak-total-B")
	}
	add(m.heap-from.heap, "heap-B")
	add(m.heapObjects-from.heapObjects, "heap-objects")
	add(m.mapped, "mapped-B")
	add(m.gcNs, "gc-ns")
	add(from.gcNs, "gc-before-ns")
	return b.String()
}

// mappedBytes returns the number of bytes that backends have mapped.
func mappedBytes(specs []*btf.Spec) (sum int64) {
	for _, spec := range specs {
		if info := spec.Info(); info.Mapped {
			sum += info.DataBytes
		}
	}
	return sum
}
