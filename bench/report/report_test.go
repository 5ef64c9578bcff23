package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
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

// madeUp returns a run that never was: three backends and a peer, a kernel and growing sources.
func madeUp(t *testing.T) *results.Run {
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
	return &results.Run{
		Environment: results.Environment{
			{Key: "btfkit", Value: "v0.1.0+0123456789ab"},
			{Key: "goos", Value: "linux"}, {Key: "goarch", Value: "amd64"}, {Key: "cpu", Value: "a <CPU>"},
			{Key: "go", Value: "go1.26"}, {Key: "gomaxprocs", Value: "2"}, {Key: "kernel", Value: "7.2"},
			{Key: "host", Value: "a<host>"}, {Key: "date", Value: "2026-11-25T12:00:00Z"},
			{Key: "command", Value: "benchmark --name 'a b'"},
		},
		Sources: []results.Source{
			{Name: "vmlinux", Origin: "/sys/kernel/btf/vmlinux", Format: "raw", Size: 5e6, Types: 126611,
				SHA256: strings.Repeat("0123456789abcdef", 4)},
			{Name: "synthetic-1000", Types: 1001, Growth: true},
			{Name: "synthetic-10000", Types: 10001, Growth: true},
		},
		Subjects: []results.Subject{
			{Name: "cache", Library: "btfkit", About: "a table"},
			{Name: "mmap", Library: "btfkit", About: "a mapping",
				Storage: map[string]string{"vmlinux": "mapped"}},
			{Name: "arena", Library: "btfkit", About: "blocks"},
			{Name: "peer", Library: "other 1.0", About: "another <library>", Peer: true},
		},
		Samples: parse(t, b.String()),
		Notes:   []string{"something was left out"},
		Elapsed: 12345 * time.Millisecond,
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := report.Table(&b, madeUp(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.Bytes())
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := report.JSON(&b, madeUp(t)); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Schema      int
		Environment map[string]string
		Backends    []struct {
			Name string
			Own  bool
		}
		Results []struct {
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
	if version := d.Environment["btfkit"]; version != "v0.1.0+0123456789ab" || d.Schema != 1 {
		t.Errorf("version %q, schema %d", version, d.Schema)
	}
	for _, b := range d.Backends {
		if b.Own != (b.Name != "peer") {
			t.Errorf("%s is our own: %v", b.Name, b.Own)
		}
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
	r := madeUp(t)
	var b bytes.Buffer
	if err := report.HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, s := range r.Subjects {
		for _, want := range []string{
			`">` + s.Name + "</span>", "</span> " + s.Name + "</dt>", `<th scope="col">` + s.Name + "</th>",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", s.Name, want)
			}
		}
	}
	for _, want := range []string{"a &lt;CPU&gt;", "another &lt;library&gt;", "<polyline",
		"Open by number", "prefers-color-scheme: dark", "something was left out", "12.3s",
		"<dt>btfkit</dt><dd>v0.1.0&#43;0123456789ab</dd>",
		"mmap</dt>\n<dd>btfkit: a mapping; vmlinux mapped",
		"<p>a&lt;host&gt;, 2026-11-25T12:00:00Z, btfkit v0.1.0&#43;0123456789ab</p>",
		"<p><code>benchmark --name &#39;a b&#39;</code></p>",
		"<h4>Look up ids by a name that exists</h4>",
		`<p class="soft">all ids with a random name <code>IDsByName/hit</code></p>`,
		`<th scope="row" title="Open">Open</th>`, "position: sticky; left: 0"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if found := regexp.MustCompile(`<td>[^<]*[A-Za-z]{4}|<tr><td`).FindString(page); found != "" {
		t.Errorf("a header cell is no th: %q", found)
	}
	checkAxes(t, page)
	outside := regexp.MustCompile(`(?i)(src|href)=|url\(|@import|<script|http`)
	if found := outside.FindString(page); found != "" {
		t.Errorf("the page loads something or runs something: %q", found)
	}
	broken := regexp.MustCompile(`ZgotmplZ|NaN|Inf|%!`)
	if found := broken.FindString(page); found != "" {
		t.Errorf("the page holds %q", found)
	}
}

// checkAxes looks at every chart: labels at both ends and at each power between, at equal
// distances, and a dot for each value, between the ends.
func checkAxes(t *testing.T, page string) {
	t.Helper()
	position := regexp.MustCompile(`left:([0-9.]+)%`)
	charts := strings.Split(page, `<div class="dots">`)[1:]
	if len(charts) < 8 {
		t.Errorf("%d charts", len(charts))
	}
	for _, chart := range charts {
		rows, axis, _ := strings.Cut(chart, `<div class="axis">`)
		axis, _, _ = strings.Cut(axis, "</div>")
		labels := position.FindAllStringSubmatch(axis, -1)
		for i, label := range labels {
			want := 100 * float64(i) / float64(len(labels)-1)
			if at, err := strconv.ParseFloat(label[1], 64); err != nil || math.Abs(at-want) > 0.01 {
				t.Errorf("label %d of %d at %s %%: %s", i+1, len(labels), label[1], axis)
			}
		}
		if strings.Count(axis, "</span>") != len(labels) || strings.Contains(axis, "></span>") {
			t.Errorf("a line without a label: %s", axis)
		}
		values := strings.Count(rows, `class="num"`)
		if dots := strings.Count(rows, `class="dot"`); dots != values || values == 0 || len(labels) < 2 {
			t.Errorf("%d dots of %d values, %d labels", dots, values, len(labels))
		}
	}
	if !strings.Contains(page, "left:0%\">1 ns</span>") || !strings.Contains(page, ">100 µs</span>") {
		t.Error("no labels 1 ns and 100 µs")
	}
}

// The picture is well-formed, and has a panel for each row that tells most.
func TestSVG(t *testing.T) {
	var b bytes.Buffer
	if err := report.SVG(&b, "", madeUp(t).Samples); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"<title>vmlinux</title>": 1, ">peer<": 5, ">Open<": 1, ">Match names, ids: ^tcp_<": 1,
		">Private memory after one query of each kind<": 1, "Look up a name by id": 0,
		"<circle": 20, `class="axis">1 ms<`: 2, `viewBox="0 0 860 `: 1,
	} {
		if got := strings.Count(b.String(), text); got != want {
			t.Errorf("%q is there %d times, want %d", text, got, want)
		}
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "BenchmarkIterate/backend=a/source=x-2 1 100 B/op\n"} {
		if err := report.SVG(io.Discard, "", parse(t, text)); err == nil {
			t.Errorf("a picture of %q", text)
		}
	}
}

// A run that is quiet and long enough has no notes but its own.
func TestNotes(t *testing.T) {
	run := madeUp(t)
	if notes := report.Notes(run); !slices.Equal(notes, run.Notes) {
		t.Errorf("quiet run: %q", notes)
	}
	run.Samples = parse(t, "BenchmarkX/backend=a/source=s-2 1 1 ns/op\n")
	if notes := report.Notes(run); len(notes) != 2 || !strings.Contains(notes[1], "fewer than 6") {
		t.Errorf("one sample: %q", notes)
	}
}

// No line of text is longer than what every terminal shows, whatever the names and the number of
// backends.
func TestWidth(t *testing.T) {
	run := madeUp(t)
	text := new(strings.Builder)
	for s := range strings.FieldsSeq("cache mmap arena btfrs-cache btfrs-mmap cilium libbpf") {
		run.Subjects = append(run.Subjects, results.Subject{Name: s, Storage: map[string]string{
			"a-long-name-of-a-source": "heap: " + strings.Repeat("because it is so and not otherwise ", 9),
		}})
		for i := range 6 {
			for _, row := range []string{
				"IDsByRegex/pattern=^(tcp|udp)_.*_(send|recv)_and_what_else_a_name_may_hold_that_is_long",
				"TypesByRegex/pattern=^(tcp|udp)_.*_(send|recv)", "IDsByName/hit", "Open",
			} {
				fmt.Fprintf(text, "Benchmark%s/backend=%s/source=a-long-name-of-a-source-2 1 %g ns/op "+
					"%d B/op\n", row, s, 1234.5*float64(i*i+1+len(s)), i)
			}
		}
	}
	run.Sources[0].Name = "a-long-name-of-a-source"
	run.Samples = parse(t, text.String())
	run.Environment[3].Value = "AMD EPYC 9754 128-Core Processor with a name that does not end so soon"
	run.Notes = append(run.Notes, strings.Repeat("words ", 40))
	c, err := report.Compare(run.Samples, run.Samples, 0)
	if err != nil {
		t.Fatal(err)
	}
	for what, write := range map[string]func(io.Writer) error{
		"table":   func(w io.Writer) error { return report.Table(w, run) },
		"compare": c.Write,
		"ranking": func(w io.Writer) error {
			_, err := report.Ranking(w, run.Samples, run.Samples)
			return err
		},
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: %d characters: %s", what, n, line)
			}
		}
		for _, s := range run.Subjects {
			if what != "ranking" && s.Name != "peer" && !strings.Contains(b.String(), s.Name) {
				t.Errorf("%s: no %s in:\n%s", what, s.Name, &b)
			}
		}
	}
}

// pair makes a run of two backends whose openings and lookups vary by a fraction.
func pair(t *testing.T, slowOpen, quickOpen, slowHit, quickHit, spread float64) *results.Run {
	t.Helper()
	var b strings.Builder
	for i := range 6 {
		v := 1 + spread*(float64(i)-2.5)/2.5
		for _, line := range []struct {
			row, backend string
			ns           float64
		}{
			{"Open", "cache", slowOpen}, {"Open", "mmap", quickOpen},
			{"IDsByName/hit", "cache", quickHit}, {"IDsByName/hit", "mmap", slowHit},
		} {
			fmt.Fprintf(&b, "Benchmark%s/backend=%s/source=x-2 1 %g ns/op\n", line.row, line.backend,
				line.ns*v)
		}
	}
	return &results.Run{
		Sources:  []results.Source{{Name: "x"}},
		Subjects: []results.Subject{{Name: "cache"}, {Name: "mmap"}},
		Samples:  parse(t, b.String()),
	}
}

// The number of lookups that pay for a slower opening is an interval, as wide as the figures are
// unsure, or it cannot be told.
func TestBreakEven(t *testing.T) {
	for _, c := range []struct {
		run  *results.Run
		want string
	}{
		{pair(t, 1e6, 1e5, 1010, 10, 0), "for more than about 900 lookups by name, choose cache"},
		{pair(t, 1e6, 1e5, 1010, 10, 0.1), "for more than 720 to 1100 lookups by name, choose cache"},
		{pair(t, 1e6, 1e5, 1010, 10, 0.97), "lookups by name make up for opening cache, cannot tell:"},
		{pair(t, 1e6, 9e5, 1010, 10, 0.1), "lookups by name make up for opening cache, cannot tell:"},
		{pair(t, 1e6, 1e5, 11, 10, 0.1), "lookups by name make up for opening cache, cannot tell:"},
	} {
		var b strings.Builder
		if err := report.Table(&b, c.run); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(text, c.want) {
			t.Errorf("no %q in:\n%s", c.want, &b)
		}
	}
}

// Figures with a wide interval are warned of, with the widest by name.
func TestUnsure(t *testing.T) {
	notes := report.Notes(pair(t, 1e6, 1e5, 1010, 10, 0.6))
	const want = "4 of 4 figures are uncertain by more than 50 %; the widest, Open of cache on x, " +
		"is 1.000 ms ±60%"
	if text := strings.Join(notes, "\n"); !strings.Contains(text, want) {
		t.Errorf("notes %q", notes)
	}
}

// A real browser lays out the page at the widths of a desk and of a phone: nothing reaches beyond
// the edge, and no label of an axis beyond its card.
func TestPageFits(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "chromium") {
			t.Fatal(err)
		}
		t.Skip("install chromium to look at the page in a browser")
	}
	run := madeUp(t)
	run.Environment[3].Value = strings.Repeat("long", 50)
	last := &run.Environment[len(run.Environment)-1]
	last.Value += strings.Repeat("/a/long/path", 20)
	run.Notes = append(run.Notes, "IDsByRegex/pattern="+strings.Repeat("_", 200))
	var page bytes.Buffer
	if err := report.HTML(&page, run); err != nil {
		t.Fatal(err)
	}
	const measure = `<!doctype html><body><iframe id="f" width="%d" height="3000" srcdoc="%s"></iframe>
<script>onload = () => {
  const d = document.getElementById("f").contentDocument, width = d.documentElement.clientWidth;
  const bad = [];
  for (const e of d.querySelectorAll("body *")) {
    if (e.closest(".scroll") || e.closest("svg")) continue;
    const box = e.getBoundingClientRect();
    if (box.right > width || box.left < 0) bad.push(e.outerHTML.slice(0, 80));
    if (e.matches("li, p, dd, h2, h4, code") && e.clientWidth && e.scrollWidth > e.clientWidth)
      bad.push("text: " + e.outerHTML.slice(0, 80));
  }
  if (d.documentElement.scrollWidth > width) bad.push("page");
  const who = d.querySelectorAll(".who"), num = d.querySelectorAll(".num");
  for (let i = 0; i < who.length; i++) {
    const a = who[i].getBoundingClientRect(), b = num[i].getBoundingClientRect();
    const c = d.querySelectorAll(".track")[i].getBoundingClientRect();
    if (Math.abs(a.top - b.top) > 6 || width > 1000 && Math.abs(a.top - c.top) > 6)
      bad.push("row: " + who[i].outerHTML);
  }
  for (const e of d.querySelectorAll(".axis span, .who, .num")) {
    const box = e.getBoundingClientRect(), card = e.closest(".card").getBoundingClientRect();
    if (box.left < card.left || box.right > card.right) bad.push("card: " + e.outerHTML);
  }
  const cards = d.querySelectorAll(".card").length;
  document.body.textContent = "of " + cards + " cards, beyond the edge: [" + bad.join(" ") + "]";
}</script>`
	for _, width := range []int{1280, 420} {
		path := filepath.Join(t.TempDir(), "measure.html")
		text := fmt.Sprintf(measure, width, html.EscapeString(page.String()))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), chromium, "--headless=new", "--no-sandbox",
			"--disable-gpu", "--user-data-dir="+t.TempDir(), "--window-size=1500,900", "--dump-dom",
			"file://"+path).Output()
		if err != nil || !regexp.MustCompile(`of \d\d cards, beyond the edge: \[\]`).Match(out) {
			t.Errorf("%d px: %v\n%.3000s", width, err, out)
		}
	}
}

// A cold open comes once in a process and varies: it does not make a run noisy. What is shown with
// a wide interval is warned of, memory as well.
func TestWhatIsNoise(t *testing.T) {
	for text, want := range map[string]string{
		"OpenCold/backend=a/source=s 1 %d ns/op":          "the widest, OpenCold of a on s",
		"Memory/stage=open/backend=a/source=s 1 %d rss-B": "the widest, Memory/stage=open, resident",
		"Open/backend=a/source=s 1 %d B/op":               "",
	} {
		var lines string
		for i := range 6 {
			lines += fmt.Sprintf("Benchmark"+text+"\n", 1000+1000*i)
		}
		notes := strings.Join(report.Notes(&results.Run{Samples: parse(t, lines)}), "\n")
		if strings.Contains(notes, "too noisy") || !strings.Contains(notes, want) ||
			want == "" && notes != "" {
			t.Errorf("%s: notes %q", text, notes)
		}
	}
}

// Nothing follows the last line of a table without notes.
func TestTableWithoutNotes(t *testing.T) {
	run := pair(t, 1e6, 1e5, 1010, 10, 0)
	run.Sources[0].Origin = "a file"
	run.Subjects = run.Subjects[:1]
	run.Samples = parse(t, strings.Repeat("BenchmarkOpen/backend=cache/source=x 1 5 ns/op\n", 6))
	var b strings.Builder
	if err := report.Table(&b, run); err != nil || !strings.HasSuffix(b.String(), " 5.000 ns ±0%\n") {
		t.Errorf("error %v, ends with %q", err, b.String())
	}
}
