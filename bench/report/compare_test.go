package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/report"
	"golang.org/x/perf/benchfmt"
)

// side makes samples that vary by some percent around each value.
func side(t *testing.T, values map[string]float64) []*benchfmt.Result {
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
	return parse(t, b.String())
}

func TestCompare(t *testing.T) {
	before := side(t, map[string]float64{"Slower": 100, "Faster": 100, "Same": 100, "Old": 1})
	after := side(t, map[string]float64{"Slower": 130, "Faster": 50, "Same": 101, "New": 1})
	c, err := report.Compare(before, after, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", b.Bytes())
	for limit, want := range map[float64][2]int{
		0: {1, 1}, 0.1: {1, 1}, 0.29: {1, 1}, 0.31: {0, 1}, 0.35: {0, 1}, 0.61: {0, 0},
	} {
		if c, err = report.Compare(before, after, limit); err != nil {
			t.Fatal(err)
		}
		if len(c.Worse(0.002)) > 0 { // the least P value of a test of six samples is 0.0022
			t.Errorf("limit %g: worse with a risk of 0.2 %%", limit)
		}
		if got := [2]int{len(c.Worse(0.05)), len(c.Suspects())}; got != want {
			t.Errorf("limit %g: %d worse and suspect, want %d", limit, got, want)
		}
	}
}

// Samples of one run say nothing about its own speed: no difference is significant.
func TestCompareWithItself(t *testing.T) {
	samples := madeUp(t).Samples
	c, err := report.Compare(samples, samples, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.Write(&b); err != nil || strings.Contains(b.String(), "only in") {
		t.Errorf("error %v, wrote:\n%s", err, b.String())
	}
	if len(c.Changes) == 0 || len(c.Worse(0.05)) != 0 {
		t.Errorf("%d changes, %d of them worse", len(c.Changes), len(c.Worse(0.05)))
	}
}

func TestCompareRates(t *testing.T) {
	rate := func(v int) []*benchfmt.Result {
		var b strings.Builder
		for i := range 6 {
			fmt.Fprintf(&b, "BenchmarkX-2 1 %d MB/s\n", v+i)
		}
		return parse(t, b.String())
	}
	c, err := report.Compare(rate(1000), rate(500), 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Worse(0.05)) != 1 {
		t.Errorf("half the rate is not worse: %v", c.Changes[0].Worse)
	}
}

func TestCompareNothingInCommon(t *testing.T) {
	before, after := map[string]float64{"Old": 1}, map[string]float64{"New": 1}
	_, err := report.Compare(side(t, before), side(t, after), 0)
	if err == nil || !strings.Contains(err.Error(), "nothing in common") {
		t.Errorf("error %v", err)
	}
}

// A change is named in full, so that a program can measure its row again.
func ExampleCompare() {
	run := func(ns int) (samples []*benchfmt.Result) {
		text := fmt.Sprintf("BenchmarkIDsByName/hit/backend=mmap/source=x-2 1 %d ns/op\n", ns)
		reader := benchfmt.NewReader(strings.NewReader(strings.Repeat(text, 6)), "")
		for reader.Scan() {
			samples = append(samples, reader.Result().(*benchfmt.Result).Clone())
		}
		return samples
	}
	c, err := report.Compare(run(100), run(150), 0.2)
	if err != nil {
		fmt.Println(err)
	}
	for _, change := range c.Worse(0.05) {
		fmt.Println(change)
		fmt.Printf("%s %s %.2f\n", change.Row, change.Unit, change.Worse)
	}
	// Output:
	// IDsByName/hit/backend=mmap/source=x: 100.0 ns -> 150.0 ns, +50.00%
	// IDsByName/hit sec/op 0.50
}

// Runs that agree are told from runs that do not.
func TestRanking(t *testing.T) {
	run := func(cache, mmap, arena int) []*benchfmt.Result {
		return parse(t, fmt.Sprintf("BenchmarkOpen/backend=cache/source=vmlinux-2 9 %d ns/op\n"+
			"BenchmarkOpen/backend=mmap/source=vmlinux-2 9 %d ns/op\n"+
			"BenchmarkOpen/backend=arena/source=vmlinux-2 9 %d ns/op\n", cache, mmap, arena))
	}
	a, b := run(1000, 100, 950), run(1000, 90, 950)
	for _, c := range []struct {
		runs         [][]*benchfmt.Result
		contradicted int
		want         string
	}{
		{nil, 0, "0 of 0 rows agree in all runs"},
		{[][]*benchfmt.Result{a, b}, 0, "Open/source=vmlinux  mmap < arena = cache           2 of 2\n"},
		{[][]*benchfmt.Result{a, b, run(80, 100, 1000)}, 1, "2 of 3\n0 of 1 rows agree in all runs"},
	} {
		var out strings.Builder
		contradicted, err := report.Ranking(&out, c.runs...)
		if err != nil || contradicted != c.contradicted || !strings.Contains(out.String(), c.want) {
			t.Errorf("%d rows contradicted, error %v, want %q in:\n%s", contradicted, err, c.want, &out)
		}
	}
}

// The many figures of two equal programs: with as many tests as there are figures one difference in
// twenty is called significant, and corrected none is. The note says how many samples it would
// take.
func TestCompareCorrects(t *testing.T) {
	run := func(shift int) []*benchfmt.Result {
		var b strings.Builder
		for row := range 300 {
			for i := range 6 {
				v := 100 + (i*7+row*(i+shift))%17
				if row == 0 {
					v = 100 + shift*20 + i
				}
				fmt.Fprintf(&b, "BenchmarkX%d 1 %d ns/op\n", row, v)
			}
		}
		return parse(t, b.String())
	}
	c, err := report.Compare(run(0), run(1), 0.1)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	if len(c.Suspects()) == 0 || len(c.Worse(0.05)) != 0 {
		t.Errorf("%d suspects, %d worse, want some and none", len(c.Suspects()), len(c.Worse(0.05)))
	}
	if !strings.Contains(b.String(), "note: 6 samples a side cannot tell any difference") {
		t.Errorf("no note that the samples do not suffice in:\n%.2000s", b.String())
	}
}

// Runs under other conditions are told apart; what a run does not tell is no difference.
func TestDifferences(t *testing.T) {
	const conditions = "goos: linux\ngoarch: amd64\ncpu: an EPYC\ngomaxprocs: 2\ngo: go1.26\n" +
		"seed: 1\nqueries: name sk_buff\nsource-vmlinux: /a 5 bytes sha256:0123456789abcdef99\n"
	const result = "BenchmarkX 1 5 ns/op\n"
	before := parse(t, conditions+result)
	if same := report.Differences(before, before); len(same) > 0 {
		t.Errorf("equal runs: %q", same)
	}
	if untold := report.Differences(before, parse(t, result)); len(untold) > 0 {
		t.Errorf("a run that tells nothing: %q", untold)
	}
	moved := strings.Replace(conditions, "/a 5", "/b 5", 1)
	if same := report.Differences(before, parse(t, moved+result)); len(same) > 0 {
		t.Errorf("the same BTF elsewhere: %q", same)
	}
	for _, c := range []struct{ from, to, want string }{
		{"goos: linux", "goos: plan9", "operating system: linux and plan9"},
		{"goarch: amd64", "goarch: arm", "architecture: amd64 and arm"},
		{"an EPYC", "a Xeon", "machine: an EPYC and a Xeon"},
		{"gomaxprocs: 2", "gomaxprocs: 4", "GOMAXPROCS: 2 and 4"},
		{"go1.26", "go1.25", "Go: go1.26 and go1.25"},
		{"seed: 1", "seed: 2", "seed: 1 and 2"},
		{"name sk_buff", "name page", "queries: name sk_buff and name page"},
		{"sha256:0", "sha256:1", "vmlinux: other BTF, sha256 0123456789abcdef and 1123456789abcdef"},
	} {
		after := parse(t, strings.Replace(conditions, c.from, c.to, 1)+result)
		if got := report.Differences(before, after); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, want %q", c.to, got, c.want)
		}
	}
}

// Exactly the limit is not above it.
func TestCompareAtLimit(t *testing.T) {
	bytes := func(n int) []*benchfmt.Result {
		return parse(t, strings.Repeat(fmt.Sprintf("BenchmarkX 1 %d B/op\n", n), 6))
	}
	for limit, want := range map[float64]int{0.5: 0, 0.49: 1} {
		c, err := report.Compare(bytes(1024), bytes(1536), limit)
		if err != nil || len(c.Worse(0.05)) != want {
			t.Errorf("limit %g: %d worse, want %d; %v", limit, len(c.Worse(0.05)), want, err)
		}
	}
}
