//go:build unix

package matrix_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/matrix"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
	"github.com/btfkit/btfkit/fuzz/internal/require"
)

var load = sync.OnceValues(suite.All)

// script returns an adapter that is a shell script.
func script(text string) matrix.Adapter {
	return matrix.Adapter{Name: text, Command: []string{"sh", "-c", text, "sh"},
		Version: []string{"echo", "1"}}
}

// pick returns the first case of a verdict, written below a folder.
func pick(t *testing.T, v suite.Verdict) (dir string, c suite.Case) {
	t.Helper()
	cases, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c = range cases {
		if c.Verdict == v {
			break
		}
	}
	dir = t.TempDir()
	if err := suite.Write(dir, []suite.Case{c}); err != nil {
		t.Fatal(err)
	}
	return dir, c
}

// TestResults shows every result of a process.
func TestResults(t *testing.T) {
	acceptDir, accept := pick(t, suite.Accept)
	rejectDir, reject := pick(t, suite.Reject)
	for _, r := range []struct {
		dir    string
		c      suite.Case
		script string
		want   suite.Result
	}{
		{acceptDir, accept, "test -f $1", suite.Right},
		{acceptDir, accept, "cat >/dev/null; echo '[1]'", suite.WrongAnswer},
		{acceptDir, accept, "exit 1", suite.ShouldHaveAccepted},
		{acceptDir, accept, `test "$(ulimit -d)" = 262144`, suite.Right},
		{acceptDir, accept, "exit 2", suite.Crash},
		{acceptDir, accept, "kill -SEGV $$", suite.Crash},
		{rejectDir, reject, "exit 1", suite.Right},
		{rejectDir, reject, "exit 0", suite.ShouldHaveRefused},
		{acceptDir, accept, "exit 77", suite.NotAsked},
		{rejectDir, reject, "exit 77", suite.NotAsked},
	} {
		got := matrix.RunCase(t.Context(), r.dir, r.c, script(r.script))
		if got.Result != r.want {
			t.Errorf("%s, verdict %s: %+v, not %s", r.script, r.c.Verdict, got, r.want)
		}
	}
}

// TestDetail wants what a program said without the folders of the run.
func TestDetail(t *testing.T) {
	dir, c := pick(t, suite.Accept)
	program := filepath.Join(t.TempDir(), "program")
	text := "#!/bin/sh\necho \"$0: $1 is odd\" >&2\nexit 3\n"
	if err := os.WriteFile(program, []byte(text), 0o777); err != nil {
		t.Fatal(err)
	}
	got := matrix.RunCase(t.Context(), dir, c, matrix.Adapter{Command: []string{program}})
	if want := "exit status 3: program: case.btf is odd"; got.Detail != want {
		t.Errorf("%q, not %q", got.Detail, want)
	}
}

// TestTimeout ends a process that does not end, and what it started.
func TestTimeout(t *testing.T) {
	dir, c := pick(t, suite.Reject)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	mark := filepath.Join(dir, "alive")
	got := matrix.RunCase(ctx, dir, c, script("(sleep 1; touch "+mark+") & sleep 60"))
	if got.Result != suite.Timeout {
		t.Errorf("%+v, not a timeout", got)
	}
	time.Sleep(1200 * time.Millisecond)
	if _, err := os.Stat(mark); err == nil {
		t.Error("the child of the adapter lives on")
	}
}

// TestTable shows a run in all three forms.
func TestTable(t *testing.T) {
	_, accept := pick(t, suite.Accept)
	_, reject := pick(t, suite.Reject)
	adapters := []matrix.Adapter{script("exit 0"), script("exit 1")}
	var told []int
	progress := func(done, of int) { told = append(told, done, of) }
	table, err := matrix.Run(t.Context(), t.TempDir(), []suite.Case{accept, reject}, adapters,
		progress)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 4, 2, 4, 3, 4, 4, 4}; !slices.Equal(told, want) {
		t.Errorf("told progress %d, want %d", told, want)
	}
	if n := len(table.Pruned()); n != 2 {
		t.Errorf("%d rows with something wrong, not 2", n)
	}
	var md, html, js bytes.Buffer
	for _, err := range []error{table.Markdown(&md), table.HTML(&html), table.JSON(&js)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, has := range []struct{ text, part string }{
		{md.String(), "| " + accept.Name + " | 1 | accept | · | refuses |"},
		{md.String(), "| " + reject.Name + " | 1 | reject | accepts | · |"},
		{html.String(), `<td class="should-have-accepted"`},
		{html.String(), `<td class="should-have-refused"`},
		{js.String(), `"result": "should have refused"`},
	} {
		if !strings.Contains(has.text, has.part) {
			t.Errorf("not found: %s\n%s", has.part, has.text)
		}
	}
	for _, foreign := range []string{"<script", "src=", "<link", "@import"} {
		if strings.Contains(html.String(), foreign) {
			t.Errorf("the page has %s, and should need nothing else", foreign)
		}
	}
}

// TestPageFits lays the page out in a browser at the widths of a desk and of a phone: nothing but
// the tables, which scroll, reaches beyond the edge, and the names of cases stay in sight.
func TestPageFits(t *testing.T) {
	chromium := require.Tool(t, "chromium", "apt-get install chromium")
	table := &matrix.Table{SpeedSource: strings.Repeat("long ", 40), Rows: []matrix.Row{
		{Case: suite.Case{Name: strings.Repeat("001-long-name-", 12), Verdict: suite.Reject}}}}
	for i := range 14 {
		table.Columns = append(table.Columns, matrix.Column{Name: fmt.Sprint("implementation-", i)})
		result := suite.Results[i%len(suite.Results)]
		table.Rows[0].Cells = append(table.Rows[0].Cells, matrix.Cell{Result: result})
	}
	var page bytes.Buffer
	if err := table.HTML(&page); err != nil {
		t.Fatal(err)
	}
	const frame = `<iframe width="%d" height="3000" srcdoc="%s"></iframe>`
	const measure = `<script>onload = () => {
  const bad = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const d = frame.contentDocument, width = d.documentElement.clientWidth;
    for (const e of d.querySelectorAll("body *")) {
      const box = e.getBoundingClientRect();
      if (!e.closest("table") && (box.right > width || box.left < 0))
        bad.push(e.outerHTML.slice(0, 80));
    }
    for (const e of d.querySelectorAll(".scroll")) {
      e.scrollLeft = 1000;
      const first = e.querySelector("td:first-child");
      if (first && first.getBoundingClientRect().left < 0) bad.push("a name scrolls away");
      if (first && first.offsetWidth > width / 2) bad.push("a name takes half of the page");
    }
    if (d.documentElement.scrollWidth > width) bad.push("page of " + width);
  }
  document.body.textContent = "beyond the edge: [" + bad.join(" ") + "]";
}</script>`
	path, text := filepath.Join(t.TempDir(), "measure.html"), "<!doctype html>"
	for _, width := range []int{1280, 420} {
		text += fmt.Sprintf(frame, width, html.EscapeString(page.String()))
	}
	if err := os.WriteFile(path, []byte(text+measure), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), chromium, "--headless=new", "--no-sandbox",
		"--disable-gpu", "--user-data-dir="+t.TempDir(), "--window-size=1500,900", "--dump-dom",
		"file://"+path).Output()
	if err != nil || !bytes.Contains(out, []byte("beyond the edge: []")) {
		t.Errorf("%v\n%.2000s", err, out)
	}
}

// TestSpeed takes medians from a benchmark's output, and says n/a where it has none.
func TestSpeed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.txt")
	const text = `kernel: 6.18.44
cpu: some
go: go1.26.8
BenchmarkOpen/backend=cache/source=vmlinux-2 18 6.5e+06 ns/op 8.1e+06 B/op
BenchmarkOpen/backend=cache/source=vmlinux-2 18 4.5e+06 ns/op
BenchmarkOpen/backend=cache/source=vmlinux-2 18 9.5e+06 ns/op
BenchmarkOpen/backend=cache/source=other-2 18 1 ns/op
BenchmarkTypeByID/backend=cache/source=vmlinux-2 1000 2.25 ns/op
BenchmarkIDsByRegex/pattern=sk_buff/backend=cache/source=vmlinux-2 10 81500 ns/op
BenchmarkIDsByRegex/pattern=.*/backend=cache/source=vmlinux-2 10 1 ns/op
`
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	table := &matrix.Table{Columns: []matrix.Column{{Name: "cache"}, {Name: "pahole"}}}
	if err := table.AddSpeed(path); err != nil {
		t.Fatal(err)
	}
	var md, page bytes.Buffer
	if err := errors.Join(table.Markdown(&md), table.HTML(&page)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"| 6.5 ms | 2.2 ns | n/a | 82 µs |", "| n/a | n/a | n/a | n/a |",
		"run.txt: vmlinux of Linux 6.18.44, some, go1.26.8"} {
		if !strings.Contains(md.String(), part) {
			t.Errorf("not found: %s\n%s", part, md.String())
		}
	}
	if !strings.Contains(page.String(), `<td class="time">6.5 ms`) {
		t.Error("the page has no time to open")
	}
	if err := os.WriteFile(path, []byte("PASS\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := table.AddSpeed(path); err == nil {
		t.Error("a file without times is no error")
	}
}

// TestMissing tells adapters that are not there, and fails where they are required.
func TestMissing(t *testing.T) {
	gone := matrix.Adapter{Name: "gone", Command: []string{"/no/such/program"}, Remedy: "build it"}
	there, remedies := matrix.Missing([]matrix.Adapter{script("exit 0"), gone})
	if len(there) != 1 || len(remedies) != 1 || remedies[0] != "gone is missing: build it" {
		t.Errorf("%v there, remedies %v", there, remedies)
	}
	t.Setenv("BTFKIT_REQUIRE", "other")
	if err := matrix.Require(remedies); err != nil {
		t.Error(err)
	}
	t.Setenv("BTFKIT_REQUIRE", "other,conformance")
	if err := matrix.Require(remedies); err == nil {
		t.Error("a missing adapter is no error although it is required")
	}
}

// TestPythonBpftool runs the adapter in Python on what compilers wrote: bpftool reads all of it.
func TestPythonBpftool(t *testing.T) {
	require.Tool(t, "python3", "apt-get install python3")
	require.Tool(t, "bpftool", "apt-get install bpftool")
	program, err := filepath.Abs("../../adapters/bpftool.py")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 40 {
		t.Errorf("%d lines, more than 40", n)
	}
	cases, err := load()
	if err != nil {
		t.Fatal(err)
	}
	dir, asked, answered := t.TempDir(), 0, 0
	for _, c := range cases {
		if c.Kind != "real" || c.Base != nil || asked == 4 {
			continue
		}
		asked++
		if err := suite.Write(dir, []suite.Case{c}); err != nil {
			t.Fatal(err)
		}
		got := matrix.RunCase(t.Context(), dir, c, matrix.Adapter{Command: []string{program}})
		if got.Result != suite.Right {
			t.Errorf("%s: %+v", c.Name, got)
		}
		answered += got.Answers
	}
	if asked != 4 || answered < 100 {
		t.Errorf("%d cases with %d answers", asked, answered)
	}
}
