package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/report"
)

// side makes samples that vary by some percent around each value.
func side(t *testing.T, values map[string]float64) *report.Cells {
	t.Helper()
	var b strings.Builder
	for _, row := range []string{"Slower", "Faster", "Same", "Old", "New"} {
		for i := range 6 {
			if value, ok := values[row]; ok {
				fmt.Fprintf(&b, "Benchmark%s/backend=cache/source=vmlinux-2 1 %g ns/op\n", row,
					value*(1+0.01*float64(i)))
			}
		}
	}
	return report.Collect(parse(t, b.String()))
}

func TestCompare(t *testing.T) {
	before := side(t, map[string]float64{"Slower": 100, "Faster": 100, "Same": 100, "Old": 1})
	after := side(t, map[string]float64{"Slower": 130, "Faster": 50, "Same": 101, "New": 1})
	c, err := report.Compare(before, after)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", b.Bytes())
	for limit, want := range map[float64]int{0: 1, 0.1: 1, 0.29: 1, 0.31: 0} {
		if got := len(c.Above(limit)); got != want {
			t.Errorf("above %g: %d changes, want %d", limit, got, want)
		}
	}
}

// Samples of one run say nothing about its own speed: no difference is significant.
func TestCompareWithItself(t *testing.T) {
	cells := report.Collect(results(t).Samples)
	c, err := report.Compare(cells, cells)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Changes) == 0 || len(c.Above(0)) != 0 || len(c.OnlyOld)+len(c.OnlyNew) != 0 {
		t.Errorf("%d changes, %d of them worse", len(c.Changes), len(c.Above(0)))
	}
}

func TestCompareRates(t *testing.T) {
	rate := func(v int) *report.Cells {
		var b strings.Builder
		for i := range 6 {
			fmt.Fprintf(&b, "BenchmarkX-2 1 %d MB/s\n", v+i)
		}
		return report.Collect(parse(t, b.String()))
	}
	c, err := report.Compare(rate(1000), rate(500))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Above(0.5)) != 1 {
		t.Errorf("half the rate is not worse: %v", c.Changes[0].Worse())
	}
}

func TestCompareNothingInCommon(t *testing.T) {
	before, after := map[string]float64{"Old": 1}, map[string]float64{"New": 1}
	_, err := report.Compare(side(t, before), side(t, after))
	if err == nil || !strings.Contains(err.Error(), "nothing in common") {
		t.Errorf("error %v", err)
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("goos: linux\nsome chatter\nBenchmarkX-2 1 5 ns/op\nPASS\n")
	if results, err := report.ReadFile(path); err != nil || len(results) != 1 {
		t.Errorf("%d results, %v", len(results), err)
	}
	write("nothing here\n")
	if _, err := report.ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("no results: error %v", err)
	}
	write("BenchmarkX-2 1 x ns/op\n")
	if _, err := report.ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("syntax: error %v", err)
	}
	if _, err := report.ReadFile(path + ".gone"); err == nil {
		t.Error("a missing file is read")
	}
}

func ExampleValue() {
	fmt.Println(report.Value(65e-6, "sec/op"), report.Value(3<<20, "private-B"))
	// Output: 65.00 µs 3.000 MiB
}
