package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/internal/row"
	"golang.org/x/perf/benchfmt"
)

// collect reads results from lines of the benchmark format.
func collect(t *testing.T, text string) *Sheet {
	t.Helper()
	var results []*benchfmt.Result
	r := benchfmt.NewReader(strings.NewReader(text), "test")
	for r.Scan() {
		result, ok := r.Result().(*benchfmt.Result)
		if !ok {
			t.Fatal(r.Result())
		}
		results = append(results, result.Clone())
	}
	return Collect(results)
}

func TestBest(t *testing.T) {
	sheet := collect(t, `
BenchmarkX/backend=a/source=s-2 1 100 ns/op
BenchmarkX/backend=b/source=s-2 1 105 ns/op
BenchmarkX/backend=c/source=s-2 1 150 ns/op
BenchmarkX/backend=a/source=s-2 1 1000 ns/op
BenchmarkX/backend=b/source=s-2 1 1050 ns/op
BenchmarkX/backend=c/source=s-2 1 1500 ns/op
`)
	x := row.Row{Op: "X"}
	best := sheet.Best("s", x, "sec/op", []string{"a", "b", "c", "missing"})
	if fmt.Sprint(best) != "[a b]" {
		t.Errorf("best %v: c is half slower in each round, whatever the rounds did", best)
	}
	ratio := sheet.Get(row.Name{Row: x, Backend: "c", Source: "s"}, "sec/op").Ratio(
		sheet.Get(row.Name{Row: x, Backend: "a", Source: "s"}, "sec/op"))
	if math.Abs(ratio-1.5) > 1e-9 {
		t.Errorf("ratio %g", ratio)
	}
}

// A figure is all samples of one name and unit, in order; what differs in either is another figure.
func TestCollect(t *testing.T) {
	sheet := collect(t, `
BenchmarkOpen/backend=a/source=s-2 3 300 ns/op 7 B/op
BenchmarkIDsByRegex/pattern=^tcp_/backend=a/source=s-2 1 1 ns/op
BenchmarkOpen/backend=b/source=s-2 1 1 ns/op
BenchmarkOpen/backend=a/source=s-2 3 100 ns/op 7 B/op
BenchmarkOpen/backend=a/source=s-2 3 200 ns/op 7 B/op
BenchmarkOpen/backend=a/source=other-2 1 1 ns/op
BenchmarkIDsByRegex/pattern=^tcp_/backend=a/source=s-2 1 2 ns/op
BenchmarkAnother/size=1-2 1 1 ns/op
`)
	var names []string
	for _, f := range sheet.List {
		names = append(names, f.Name.String()+" "+f.Unit)
	}
	want := []string{"Open/backend=a/source=s sec/op", "Open/backend=a/source=s B/op",
		"IDsByRegex/pattern=^tcp_/backend=a/source=s sec/op", "Open/backend=b/source=s sec/op",
		"Open/backend=a/source=other sec/op", "Another/size=1 sec/op"}
	if !slices.Equal(names, want) {
		t.Errorf("figures %q, want %q", names, want)
	}
	f := sheet.Get(row.Name{Row: row.Row{Op: row.Open}, Backend: "a", Source: "s"}, "sec/op")
	values := fmt.Sprintf("%d operations, %.3g, median %.3g", f.N, f.Values, f.Center)
	if values != "3 operations, [3e-07 1e-07 2e-07], median 2e-07" {
		t.Error(values)
	}
	lists := fmt.Sprint(sheet.Sources(), sheet.Backends("s"), sheet.Rows("s", "sec/op"))
	if lists != "[s other ] [a b] [Open IDsByRegex/pattern=^tcp_]" {
		t.Errorf("sources, backends and rows %s", lists)
	}
}

// What is worse depends on the unit, and on nothing being negative or zero.
func TestWorse(t *testing.T) {
	for _, c := range []struct {
		unit          string
		before, after float64
		want          float64
	}{
		{"sec/op", 100, 150, 0.5},
		{"sec/op", 100, 50, -0.5},
		{"MB/s", 100, 50, 1},
		{"B/op", 0, 0, 0},
		{"B/op", 0, 1, math.Inf(1)},
		{"private-B", -100, 100, 2}, // less than before the source was opened
	} {
		before, after := &Figure{Unit: c.unit}, &Figure{Unit: c.unit}
		before.Center, after.Center = c.before, c.after
		if got := (Change{Old: before, New: after}).Worse(); got != c.want {
			t.Errorf("%g to %g %s: %g worse, want %g", c.before, c.after, c.unit, got, c.want)
		}
	}
}

// changes compares two runs, given as "unit old old …|new new …".
func changes(t *testing.T, limit float64, lines ...string) []Change {
	t.Helper()
	before, after := "", ""
	for i, line := range lines {
		unit, rest, _ := strings.Cut(line, " ")
		sides := strings.Split(rest, "|")
		for _, v := range strings.Fields(sides[0]) {
			before += fmt.Sprintf("BenchmarkX%d 1 %s %s\n", i, v, unit)
		}
		for _, v := range strings.Fields(sides[1]) {
			after += fmt.Sprintf("BenchmarkX%d 1 %s %s\n", i, v, unit)
		}
	}
	all, _, _ := Compare(collect(t, before), collect(t, after), limit)
	if len(all) != len(lines) {
		t.Fatalf("%d changes of %d", len(all), len(lines))
	}
	return all
}

// Holm's correction by hand: of 4, the least P value times 4, the next times 3 …, never falling;
// what is not tested does not count among them.
func TestCorrect(t *testing.T) {
	c := []Change{
		{Alone: 0.03, Tested: true}, {Alone: 0.01, Tested: true}, {Alone: 0.0001},
		{Alone: 0.04, Tested: true}, {Alone: 0.4, Tested: true},
	}
	c[2].P = 1
	correctForTests(c)
	for i, want := range []float64{0.09, 0.04, 1, 0.09, 0.4} {
		if math.Abs(c[i].P-want) > 1e-12 {
			t.Errorf("%d: P %v, want %v", i, c[i].P, want)
		}
	}
}

func TestSamplesWanted(t *testing.T) {
	for tests, want := range map[int]int{1: 4, 2: 5, 5: 5, 6: 5, 7: 6, 23: 6, 24: 7, 330: 9} {
		if got := SamplesWanted(tests); got != want {
			t.Errorf("%d tests: %d samples, want %d", tests, got, want)
		}
	}
}

// What cannot differ by more than the limit, or by more than the floor of its unit, is not tested;
// and a median that differs by less than the floor does not count.
func TestFloors(t *testing.T) {
	for _, c := range []struct {
		line           string
		limit          float64
		tested, counts bool
	}{
		{"ns/op 100 101 102|104 105 106", 0, true, true},
		{"ns/op 100 101 102|104 105 106", 0.1, false, true},
		{"ns/op 100 101 102|104 105 120", 0.1, true, true},
		{"allocs/op 0 0 0|0.4 0.4 0.4", 0, false, false},
		{"allocs/op 0 0 0|1 1 1", 0.1, true, true},
		{"allocs/op 0 0 0.9|0.1 0.4 0", 0, true, false},
		{"B/op 0 0 0|48 48 48", 0, false, false},
		{"B/op 0 0 0|80 80 80", 0, true, true},
		{"heap-objects 10 10 10|99 99 99", 0, false, false},
		{"private-B 200000 200000 200000|240960 240960 240960", 0, false, false},
		{"private-B 200000 200000 200000|300000 300000 300000", 0, true, true},
		{"rss-B 1 1 1|1e9 1e9 1e9", 0, false, false},
		{"private-total-B 1 1 1|1e9 1e9 1e9", 0, false, false},
		{"gc-ns 1 1 1|1e9 1e9 1e9", 0, false, false},
	} {
		got := changes(t, c.limit, c.line)[0]
		if got.Tested != c.tested || got.Counts() != c.counts {
			t.Errorf("%s, limit %g: tested %v, counts %v", c.line, c.limit, got.Tested, got.Counts())
		}
	}
}

// Backends near each other share a rank. A run is against a ranking if it has a backend of a worse
// rank ahead, or level.
func TestRank(t *testing.T) {
	run := func(a, b, c, d float64) *Sheet {
		var text strings.Builder
		for _, v := range []struct {
			backend string
			ns      float64
		}{{"a", a}, {"b", b}, {"c", c}, {"d", d}} {
			fmt.Fprintf(&text, "BenchmarkOpen/backend=%s/source=s-2 1 %g ns/op\n", v.backend, v.ns)
		}
		return collect(t, text.String())
	}
	even := run(300, 110, 100, 320)
	for _, c := range []struct {
		runs  []*Sheet
		ranks string
		bad   string
	}{
		{nil, "", "[]"},
		{[]*Sheet{even}, "[[c b] [a d]]", "[]"},
		{[]*Sheet{even, run(300, 100, 110, 320)}, "[[b c] [a d]]", "[]"},
		{[]*Sheet{even, run(300, 400, 100, 320), even}, "[[c b] [a d]]", "[1]"},
		{[]*Sheet{even, even, run(100, 90, 100, 320)}, "[[c b] [a d]]", "[2]"},
		{[]*Sheet{run(100, 125, 156.25, 400)}, "[[a b c] [d]]", "[]"},
		{[]*Sheet{run(100, 126, 200, 400)}, "[[a] [b] [c] [d]]", "[]"},
	} {
		rankings := Rank(c.runs)
		if len(c.runs) == 0 && len(rankings) == 0 {
			continue
		}
		if len(rankings) != 1 || fmt.Sprint(rankings[0].Ranks) != c.ranks ||
			fmt.Sprint(rankings[0].Against) != c.bad {
			t.Errorf("%v against %v, want %s against %s", rankings[0].Ranks, rankings[0].Against, c.ranks,
				c.bad)
		}
	}
	lacking := collect(t, "BenchmarkOpen/backend=a/source=s-2 1 300 ns/op\n")
	if got := Rank([]*Sheet{even, lacking}); len(got) != 1 || fmt.Sprint(got[0].Ranks) != "[[a]]" {
		t.Errorf("a run that lacks backends: %+v", got)
	}
}

func TestSpreads(t *testing.T) {
	for text, want := range map[string]string{
		"0 0 0 0 0 0":             "0 0 true",
		"100 100 100 100 100 300": "0 2 true",
		"80 90 100 100 130 120":   "0.1 0.3 true",
		"100 100 200":             "0 +Inf false",
	} {
		var lines string
		for v := range strings.FieldsSeq(text) {
			lines += "BenchmarkX 1 " + v + " B/op\n"
		}
		f := collect(t, lines).List[0]
		got := fmt.Sprintf("%.3g %.3g %v", f.QuartileSpread(), f.Spread(), f.Bounded())
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// The sign test by counting coins.
func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		n, few int
		want   float64
	}{
		{0, 0, 1}, {1, 0, 1}, {2, 0, 0.5}, {2, 1, 1}, {6, 0, 2.0 / 64}, {6, 1, 14.0 / 64},
		{6, 2, 44.0 / 64}, {6, 3, 1}, {5, 2, 1},
	} {
		if got := signTest(c.n, c.few); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d of %d: P %v, want %v", c.few, c.n, got, c.want)
		}
	}
}

// A drift of the machine that is ten times the difference hides it from Compare, not from
// ComparePairs, which also shows it exactly; and one disturbed sample changes neither.
func TestPairs(t *testing.T) {
	var before, after strings.Builder
	for i := range 11 {
		drift := math.Pow(1.2, float64(i*5%11))
		slow := 1.0
		if i == 3 {
			slow = 7
		}
		fmt.Fprintf(&before, "BenchmarkX 1 %g ns/op %d allocs/op\n", 100*drift*slow, 0)
		fmt.Fprintf(&after, "BenchmarkX 1 %g ns/op %d allocs/op\n", 115*drift, 2)
	}
	sheets := [2]*Sheet{collect(t, before.String()), collect(t, after.String())}
	if c, _, _ := Compare(sheets[0], sheets[1], 0.1); c[0].Significant() {
		t.Error("the drift hides nothing: nothing is tested")
	}
	c, _, _ := ComparePairs(sheets[0], sheets[1], 0.1)
	if !c[0].Significant() || math.Abs(c[0].Worse()-0.15) > 1e-9 {
		t.Errorf("P %g, worse by %g", c[0].P, c[0].Worse())
	}
	if c[1].Old.Unit != "allocs/op" || !c[1].Significant() || !math.IsInf(c[1].Worse(), 1) {
		t.Errorf("%s: P %g, worse by %g", c[1].Old.Unit, c[1].P, c[1].Worse())
	}
	back, _, _ := ComparePairs(sheets[1], sheets[0], 0.1)
	if before, after := back[0].Centers(); math.Abs(after/before*1.15-1) > 1e-9 {
		t.Errorf("%g -> %g", before, after)
	}
	if back[1].Worse() != -1 {
		t.Errorf("%s: worse by %g", back[1].Old.Unit, back[1].Worse())
	}
}

func TestPairsWanted(t *testing.T) {
	for _, c := range []struct{ tests, disturbed, want int }{
		{1, 0, 6}, {2, 0, 7}, {20, 0, 10}, {330, 0, 14}, {1, 1, 9}, {1, 3, 15},
	} {
		got := PairsWanted(c.tests, 0.05, c.disturbed)
		if got != c.want {
			t.Errorf("%+v: %d pairs", c, got)
		}
	}
}
