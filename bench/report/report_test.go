package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/session"
	"golang.org/x/perf/benchfmt"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it):\n%s", path, got)
	}
}

// parse reads results from lines of the benchmark format.
func parse(t *testing.T, text string) []*benchfmt.Result {
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
	return results
}

// results are a run's that was made up: three backends and a peer, a kernel and a growth source.
func results(t *testing.T) *session.Results {
	t.Helper()
	var b strings.Builder
	line := func(row, backend, source string, n int, value float64, unit string) {
		// Samples vary by up to 2 %.
		for i := range 6 {
			fmt.Fprintf(&b, "Benchmark%s/backend=%s/source=%s-2 %d %g %s\n", row, backend, source, n,
				value*(1+0.004*float64((i*5)%6)), unit)
		}
	}
	for i, backend := range []string{"cache", "mmap", "arena", "peer"} {
		f := float64(i)
		line("Open", backend, "vmlinux", 3, 5e6/(1+9*f*(2-f)*(2-f)), "ns/op")
		line("OpenFirstName", backend, "vmlinux", 3, 5e6/(1+9*f*(2-f)*(2-f)), "ns/op")
		line("TypeByID", backend, "vmlinux", 1e6, 8+f/10, "ns/op")
		line("IDsByName/hit", backend, "vmlinux", 1e6, 30+20000*f*(2-f)*(3-f), "ns/op")
		line("IDsByName/miss", backend, "vmlinux", 1e6, 15+30000*f*(2-f)*(3-f), "ns/op")
		line("IDsByRegex/pattern=^tcp_", backend, "vmlinux", 100, 1e5*(1+f), "ns/op")
		line("Memory/stage=open", backend, "vmlinux", 1, 8e6/(1+f), "private-B")
		line("Memory/stage=queries", backend, "vmlinux", 1, 1e7/(1+f), "private-B")
		if backend == "peer" {
			continue
		}
		line("TypeByID/goroutines=1", backend, "vmlinux", 1e6, 9, "ns/op")
		line("TypeByID/goroutines=2", backend, "vmlinux", 1e6, 4.5, "ns/op")
		for _, types := range []float64{1000, 10000} {
			line("Open", backend, fmt.Sprintf("synthetic-%.0f", types), 9, types*10*(1+f), "ns/op")
		}
	}
	return &session.Results{
		Environment: session.Environment{
			{Key: "goos", Value: "linux"}, {Key: "goarch", Value: "amd64"}, {Key: "cpu", Value: "a <CPU>"},
			{Key: "go", Value: "go1.26"}, {Key: "gomaxprocs", Value: "2"}, {Key: "kernel", Value: "7.2"},
		},
		Sources: []*session.Source{
			{Name: "vmlinux", Origin: "/sys/kernel/btf/vmlinux", Format: "raw", Size: 5e6, Types: 126611,
				SHA256: strings.Repeat("0123456789abcdef", 4)},
			{Name: "synthetic-1000", Types: 1001, Growth: true},
			{Name: "synthetic-10000", Types: 10001, Growth: true},
		},
		Subjects: []session.Subject{
			{Name: "cache", Library: "btfkit", About: "a table", Own: true},
			{Name: "mmap", Library: "btfkit", About: "a mapping", Own: true},
			{Name: "arena", Library: "btfkit", About: "blocks", Own: true},
			{Name: "peer", Library: "other 1.0", About: "another <library>"},
		},
		Samples: parse(t, b.String()),
		Notes:   []string{"something was left out"},
		Storage: map[string]string{"mmap/vmlinux": "mapped"},
		Elapsed: 12345 * time.Millisecond,
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := report.Table(&b, results(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.Bytes())
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.JSON(&b, results(t)); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Backends []struct{ Name string }
		Results  []struct {
			Row, Backend, Unit string
			Median, Low, High  float64
			Samples            []float64
			Best               bool
		}
		Verdict []string
	}
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Backends) != 4 || len(d.Verdict) == 0 {
		t.Errorf("%d backends, verdict %q", len(d.Backends), d.Verdict)
	}
	first := d.Results[0]
	if first.Row != "Open" || first.Backend != "cache" || first.Unit != "sec/op" ||
		len(first.Samples) != 6 || first.Best || first.Low > first.Median || first.High < first.Median {
		t.Errorf("first result %+v", first)
	}
}

// The page names every backend and every peer, as a figure and in the legend; it is complete
// in itself; and text from outside is escaped.
func TestHTML(t *testing.T) {
	r := results(t)
	var b bytes.Buffer
	if err := report.HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, s := range r.Subjects {
		for _, want := range []string{
			`<span class="who" title="` + s.Name + `">`, "</span> " + s.Name + "</dt>", "<th>" + s.Name,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", s.Name, want)
			}
		}
	}
	for _, want := range []string{"a &lt;CPU&gt;", "another &lt;library&gt;", "<polyline",
		"Open by number", "prefers-color-scheme: dark", "something was left out", "12.3s"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	outside := regexp.MustCompile(`(?i)(src|href)=|url\(|@import|<script|http`)
	if found := outside.FindString(page); found != "" {
		t.Errorf("the page loads something or runs something: %q", found)
	}
	broken := regexp.MustCompile(`ZgotmplZ|NaN|Inf|%!`)
	if found := broken.FindString(page); found != "" {
		t.Errorf("the page holds %q", found)
	}
}

func TestValue(t *testing.T) {
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
		if got := report.Value(c.value, c.unit); got != c.want {
			t.Errorf("%g %s: %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestBest(t *testing.T) {
	cells := report.Collect(parse(t, `
BenchmarkX/backend=a/source=s-2 1 100 ns/op
BenchmarkX/backend=b/source=s-2 1 105 ns/op
BenchmarkX/backend=c/source=s-2 1 150 ns/op
BenchmarkX/backend=a/source=s-2 1 1000 ns/op
BenchmarkX/backend=b/source=s-2 1 1050 ns/op
BenchmarkX/backend=c/source=s-2 1 1500 ns/op
`))
	best := cells.Best("s", "X", "sec/op", []string{"a", "b", "c", "missing"})
	if fmt.Sprint(best) != "[a b]" {
		t.Errorf("best %v: c is half slower in each round, whatever the rounds did", best)
	}
	ratio := cells.Get(report.Key{Source: "s", Row: "X", Backend: "c"}, "sec/op").Ratio(
		cells.Get(report.Key{Source: "s", Row: "X", Backend: "a"}, "sec/op"))
	if math.Abs(ratio-1.5) > 1e-9 {
		t.Errorf("ratio %g", ratio)
	}
}

func TestNoise(t *testing.T) {
	if warnings := report.Noise(report.Collect(results(t).Samples)); len(warnings) != 0 {
		t.Errorf("quiet run: %q", warnings)
	}
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, "BenchmarkX/backend=a/source=s-2 1 %d ns/op\n", 100+i*50)
	}
	warnings := report.Noise(report.Collect(parse(t, b.String())))
	if len(warnings) != 1 || !strings.Contains(warnings[0], "too noisy") {
		t.Errorf("noisy run: %q", warnings)
	}
	few := report.Noise(report.Collect(parse(t, "BenchmarkX/backend=a/source=s-2 1 1 ns/op\n")))
	if len(few) != 1 || !strings.Contains(few[0], "fewer than 6") {
		t.Errorf("one sample: %q", few)
	}
}
