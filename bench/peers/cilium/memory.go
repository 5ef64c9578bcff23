package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// memory is that of this process, in bytes, but for the count of objects and the duration of one
// collection.
type memory struct {
	private, rss, pss, peak int64
	heap, objects           int64
	gc                      time.Duration
}

// readMemory gives free memory back to the system and reads the figures.
func readMemory() (memory, error) {
	var m memory
	runtime.GC()
	start := time.Now()
	runtime.GC()
	m.gc = time.Since(start)
	debug.FreeOSMemory()
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return m, err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return m, err
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.heap, m.objects = int64(stats.HeapAlloc), int64(stats.HeapObjects)
	m.private = field(rollup, "Private_Dirty:")
	m.rss = field(rollup, "Rss:")
	m.pss = field(rollup, "Pss:")
	m.peak = field(status, "VmHWM:")
	return m, nil
}

// memoryBaseline reads the figures after resetting the peak where the kernel allows it (proc(5),
// clear_refs).
func memoryBaseline() (memory, error) {
	if _, err := readMemory(); err != nil {
		return memory{}, err
	}
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	return readMemory()
}

// field finds a line "Name: 123 kB" and returns bytes.
func field(text []byte, name string) int64 {
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb * 1024
		}
	}
	return 0
}

// report writes the difference to an earlier reading, and the totals, as benchmark-format values.
func (m memory) report(from memory) string {
	return fmt.Sprintf("%d private-B\t%d rss-B\t%d pss-B\t%d peak-B\t%d private-total-B\t"+
		"%d rss-total-B\t%d pss-total-B\t%d peak-total-B\t%d heap-B\t%d heap-objects\t%d gc-ns",
		m.private-from.private, m.rss-from.rss, m.pss-from.pss, m.peak-from.peak,
		m.private, m.rss, m.pss, m.peak,
		m.heap-from.heap, m.objects-from.objects, m.gc.Nanoseconds())
}
