//go:build unix

package matrix_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
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
	table, err := matrix.Run(t.Context(), t.TempDir(), []suite.Case{accept, reject}, adapters)
	if err != nil {
		t.Fatal(err)
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
