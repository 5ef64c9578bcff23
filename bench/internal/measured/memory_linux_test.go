package measured

import (
	"runtime"
	"strings"
	"testing"
)

func TestReadMemory(t *testing.T) {
	before, err := baseline()
	if err != nil {
		t.Fatal(err)
	}
	held := make([]byte, 64<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	after, err := readMemory()
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(held)
	// The race detector keeps a shadow of the heap, so that there is no upper bound.
	for what, grown := range map[string]int64{
		"private": after.process.private - before.process.private,
		"rss":     after.process.rss - before.process.rss,
		"heap":    after.heap - before.heap,
	} {
		if grown < 60<<20 {
			t.Errorf("%s grew by %d bytes, not by 64 MiB", what, grown)
		}
	}
	if report := after.report(before); strings.Count(report, "\t") != 13 {
		t.Errorf("report %q", report)
	}
}

func TestKilobytes(t *testing.T) {
	const text = "Rss:    12 kB\nPss_Dirty: 3 kB\nPss:\t 4 kB\n"
	if n, err := kilobytes(text, "Pss:"); n != 4096 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := kilobytes(text, "Swap:"); err == nil {
		t.Error("no error for a line that is not there")
	}
}
