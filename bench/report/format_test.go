package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"golang.org/x/perf/benchfmt"
)

func TestFormatValue(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{1.234e-9, "sec/op", "1.234 ns"},
		{65e-6, "sec/op", "65.00 µs"},
		{2, "sec", "2.000 s"},
		{0, "sec/op", "0 s"},
		{1536, "private-B", "1.500 KiB"},
		{5e6, "B/op", "4.768 MiB"},
		{0, "mapped-B", "0 B"},
		{-2048, "peak-B", "-2.000 KiB"},
		{17, "heap-objects", "17"},
		{9.5, "heap-objects", "9.500"},
		{325839, "heap-objects", "325839"},
	} {
		if got := formatValue(c.value, c.unit); got != c.want {
			t.Errorf("%g %s: %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestNoise(t *testing.T) {
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, "BenchmarkX/backend=a/source=s-2 1 %d ns/op\n", 200+i*50)
	}
	var samples []*benchfmt.Result
	reader := benchfmt.NewReader(strings.NewReader(b.String()), "")
	for reader.Scan() {
		samples = append(samples, reader.Result().(*benchfmt.Result).Clone())
	}
	warnings := noiseNotes(figures.Collect(samples))
	if len(warnings) != 1 || !strings.Contains(warnings[0], "too noisy") {
		t.Errorf("noisy run: %q", warnings)
	}
}

func TestAxisLabel(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{1e-3, "sec/op", "1 ms"}, {1e-8, "sec/op", "10 ns"}, {1 << 16, "private-B", "64 KiB"},
		{126611, "", "130 k"}, {10002, "", "10 k"}, {1000, "", "1 k"}, {999, "", "999"}, {2, "", "2"},
	} {
		if got := axisLabel(c.value, c.unit); got != c.want {
			t.Errorf("%g %s: %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}
