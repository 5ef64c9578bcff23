package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/spf13/cobra/doc"
	"golang.org/x/perf/benchfmt"
)

var update = flag.Bool("update", false, "write the golden files")

// TestMain lets the test binary be the program that it tests, which starts itself to measure.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serveCommand || os.Getenv("BTFKIT_BENCHMARK") != "" {
		main()
	}
	// Processes that the race detector watches would sleep for a second before they end.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// benchmark runs the program; temporary files go to a folder that must be empty afterwards.
func benchmark(t *testing.T, ctx context.Context, args ...string) (
	status int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, dir)
	}
	var out, errs bytes.Buffer
	status = run(ctx, args, strings.NewReader(""), &out, &errs)
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%v: %s is left behind", args, entry.Name())
	}
	return status, out.String(), errs.String()
}

// files writes a small kernel, a module, and a file that is none.
func files(t *testing.T) (kernel, module, text string) {
	t.Helper()
	dir := t.TempDir()
	kernel, module = filepath.Join(dir, "vmlinux"), filepath.Join(dir, "mod")
	text = filepath.Join(dir, "text.txt")
	data := btftest.Kernel(nil)
	base, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{
		kernel: data, module: btftest.Module(base, nil), text: []byte("no BTF"),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return kernel, module, text
}

func TestStatus(t *testing.T) {
	kernel, module, text := files(t)
	quick := []string{"--count", "1", "-i", "1", "--rows", "^Open$|^TypeByID$"}
	for _, c := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"--base", kernel}, 0, ""},
		{[]string{"--base", kernel, "--split", module, "--backend", "mmap,arena"}, 0, ""},
		{[]string{"--base", kernel, "--name", "sk_buff", "--regex", "^tcp_", "--id", "0x2"}, 0, ""},
		{[]string{"--base", kernel, "--id", "99999"}, 1, "--id 99999: no such type in " + kernel},
		{[]string{"--base", kernel, "--name", "nope"}, 1, "--name nope: no such type in " + kernel},
		{[]string{"--base", kernel, "--regex", "^nope$"}, 1, "--regex ^nope$: matches no name in"},
		{[]string{"--base", kernel, "--split", module, "--name", "nope"}, 1, "what is split from it"},
		{[]string{"--base", text}, 1, text},
		{[]string{"--base", text + ".gone"}, 1, "text.txt.gone"},
		{[]string{"--base", kernel, "--split", text}, 1, text},
		{[]string{"--base", module}, 1, module},
		{[]string{"--dir", kernel}, 1, "not a directory"},
		{[]string{"--base", kernel, "--peers=" + filepath.Dir(text) + "/none"}, 1, "make peers"},
		{[]string{"--base", kernel, "--report", filepath.Join(text, "x.html")}, 1, text},
		{[]string{"--bogus"}, 2, "bogus"},
		{[]string{"extra"}, 2, `unexpected argument "extra"`},
		{[]string{"--backend", "nope"}, 2, `backend "nope": unknown, one of default, all, cache`},
		{[]string{"--format", "xml"}, 2, `--format "xml"`},
		{[]string{"--count", "0"}, 2, "--count"},
		{[]string{"-i", "0"}, 2, "--iterations"},
		{[]string{"--budget", "0s"}, 2, "--budget"},
		{[]string{"--id", "x"}, 2, "id"},
		{[]string{"--id", "4294967296"}, 2, "id"},
		{[]string{"--regex", "("}, 2, "missing closing )"},
		{[]string{"--rows", "("}, 2, "missing closing )"},
		{[]string{"--name", ""}, 2, "name"},
		{[]string{"--base", ""}, 2, "--base"},
		{[]string{"--report", ""}, 2, "--report"},
		{[]string{"--dir", "/", "--split", module}, 2, "--dir"},
		{[]string{"--dir", "/", "--id", "1"}, 2, "--id"},
		{[]string{"--embedded", "--base", kernel}, 2, "--embedded"},
		{[]string{"--base", kernel, "--rows", "opens"}, 2,
			"--rows opens: no row of that name, there are: Open, OpenFirstName, TypeByID"},
		{[]string{"--base", kernel, "--budget", "1ns"}, 1, "wants about 1s"},
		{[]string{"compare"}, 2, "two files, got 0"},
		{[]string{"compare", "--run", text}, 2, "two programs, got 1"},
		{[]string{"compare", "--turns", "3", text, text}, 2, "go with --run"},
		{[]string{"compare", "--run", "--turns", "0", text, text}, 2, "--turns"},
		{[]string{"compare", "--run", text, text}, 1, text},
		{[]string{"completion"}, 2, "wants a shell: bash, zsh, fish"},
		{[]string{"completion", "csh"}, 2, `shell "csh": unknown`},
		{[]string{"man", "ls"}, 2, `unexpected argument "ls"`},
		{[]string{"compare", text, text}, 1, text},
		{[]string{"compare", text, text + ".gone", "--fail-above", "x"}, 2, "percentage"},
		{[]string{"ranking"}, 2, "wants files"},
		{[]string{"ranking", text}, 1, text},
		{[]string{"serve"}, 2, "--backend"},
	} {
		args := c.args
		if c.status < 2 && strings.HasPrefix(args[0], "-") {
			args = append(slices.Clone(quick), args...)
		}
		status, stdout, stderr := benchmark(t, t.Context(), args...)
		if status != c.status || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%v: status %d, want %d; stderr %q, want %q in it", c.args, status, c.status,
				stderr, c.stderr)
		}
		if c.status == 0 && stderr != "" {
			t.Errorf("%v: stderr %q", c.args, stderr)
		}
		if (c.status == 0) != strings.Contains(stdout, "Time per operation") {
			t.Errorf("%v: stdout %q", c.args, stdout)
		}
	}
}

func TestHelp(t *testing.T) {
	for file, args := range map[string][]string{
		"help.txt":         {"--help"},
		"help-compare.txt": {"compare", "-h"},
		"help-ranking.txt": {"ranking", "--help"},
		"help-history.txt": {"history", "--help"},
		"help-chart.txt":   {"chart", "--help"},
	} {
		status, stdout, stderr := benchmark(t, t.Context(), args...)
		if status != 0 || stderr != "" {
			t.Errorf("%v: status %d, stderr %q", args, status, stderr)
		}
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, []byte(stdout), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(stdout) {
			if len(line) > 81 {
				t.Errorf("%s: more than 80 columns: %s", path, line)
			}
		}
		if stdout != string(want) {
			t.Errorf("%s differs (-update writes it):\n%s", path, stdout)
		}
	}
}

func TestOptions(t *testing.T) {
	for args, want := range map[string]options{
		"":                               {count: 6},
		"--peers":                        {count: 6, peers: true},
		"--peers=bin":                    {count: 6, peers: true, peersDir: "bin"},
		"--peers=false":                  {count: 6},
		"--full":                         {count: 6, full: true},
		"--report x":                     {count: 6, full: true},
		"--report x --full=false":        {count: 6},
		"-i 7 --count 1":                 {count: 1, iterations: 7},
		"--iterations 7 --budget 90s":    {count: 6, iterations: 7, budget: 90 * time.Second},
		"--split a --split b":            {count: 6, splits: []string{"a", "b"}},
		"--dir d --base d/vmlinux":       {count: 6, dir: "d", base: "d/vmlinux"},
		"--embedded --backend arena":     {count: 6, embedded: true},
		"--backend mmap,cache --count=2": {count: 2},
	} {
		got := new(options)
		c := got.command()
		if err := errors.Join(c.ParseFlags(strings.Fields(args)), c.PreRunE(c, nil)); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		if got.count != want.count || got.peers != want.peers || got.peersDir != want.peersDir ||
			got.full != want.full || got.iterations != want.iterations || got.budget != want.budget ||
			!slices.Equal(got.splits, want.splits) || got.dir != want.dir || got.base != want.base ||
			got.embedded != want.embedded {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// Every option of every command is in its manual page and in the completions.
func TestManIsComplete(t *testing.T) {
	_, page, _ := benchmark(t, t.Context(), "man")
	option := regexp.MustCompile(`(?m)^ +(?:-., )?(--[a-z-]+)`)
	for _, command := range []string{
		"", "compare", "ranking", "chart", "history", "completion", "man",
	} {
		_, help, _ := benchmark(t, t.Context(), strings.Fields(command+" --help")...)
		for _, found := range option.FindAllStringSubmatch(help, -1) {
			_, completed, _ := benchmark(t, t.Context(), strings.Fields("__complete "+command+" --")...)
			if !strings.Contains(page, `\fB`+found[1]+`\fP`) ||
				!strings.Contains(completed, found[1]+"\t") {
				t.Errorf("%s %s: not in the manual page or not completed", command, found[1])
			}
		}
		_, completed, _ := benchmark(t, t.Context(), "__complete", command)
		if !strings.Contains(page, "benchmark "+command) || !strings.Contains(completed, command) {
			t.Errorf("%s: not in the manual page or not completed", command)
		}
	}
}

// The manual pages are made from the table of commands.
func TestManualPages(t *testing.T) {
	date := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	root := rootCommand(new(options))
	root.Version = ""
	commands := documented(root)
	if committed, err := os.ReadDir("man"); err != nil || len(committed) != len(commands) {
		t.Errorf("%d pages of %d commands, %v", len(committed), len(commands), err)
	}
	for _, c := range commands {
		var made bytes.Buffer
		header := doc.GenManHeader{Date: &date, Source: "btfkit", Manual: "btfkit"}
		if err := doc.GenMan(c, &header, &made); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("man", pageName(c))
		if *update {
			if err := os.WriteFile(path, made.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(path); err != nil || !bytes.Equal(made.Bytes(), want) {
			t.Errorf("%s differs, %v: go test ./cmd/benchmark -run ManualPages -update", path, err)
		}
	}
}

// Shells get commands, flags and their values, and scripts that ask for them.
func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"__complete comp":            "compare\tcompare two runs",
		"__complete --bud":           "--budget\t",
		"__complete --backend m":     "mmap\n",
		"__complete --format be":     "bench\n",
		"__complete compare --fail":  "--fail-above\t",
		"__complete completion z":    "zsh\n",
		"__complete ranking results": ":0\n", // files
		"completion bash":            "complete -o default -F __start_benchmark benchmark",
		"completion zsh":             "#compdef benchmark",
		"completion fish":            "complete -c benchmark",
	} {
		status, stdout, _ := benchmark(t, t.Context(), strings.Fields(line)...)
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: status %d, no %q in\n%.300s", line, status, want, stdout)
		}
	}
}

// The version stands in every output, and alone after --version.
func TestVersion(t *testing.T) {
	status, stdout, stderr := benchmark(t, t.Context(), "--version")
	if status != 0 || !strings.HasPrefix(stdout, "benchmark "+build.Version()+" go") || stderr != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	kernel, _, _ := files(t)
	_, stdout, _ = benchmark(t, t.Context(), "--base", kernel, "--count", "1", "-i", "1", "--rows",
		"^Open$")
	if !strings.HasPrefix(stdout, "btfkit "+build.Version()+"\n") {
		t.Errorf("the table does not begin with the version:\n%s", stdout)
	}
}

func TestFormats(t *testing.T) {
	kernel, _, _ := files(t)
	page := filepath.Join(t.TempDir(), "page.html")
	args := []string{"--base", kernel, "--backend", "all", "--count", "1", "-i", "1", "--full=false"}
	status, stdout, stderr := benchmark(t, t.Context(),
		append(args, "--format", "bench", "--report", page)...)
	if status != 0 {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
	file := filepath.Join(t.TempDir(), "results.txt")
	if err := os.WriteFile(file, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	samples, err := results.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bench.Backends() {
		for _, row := range []string{"Open", "OpenCold", "TypeByID", "IDsByRegex/pattern=^tcp_"} {
			name := fmt.Sprintf("%s/backend=%s/source=vmlinux-%d", row, b.Name(), runtime.GOMAXPROCS(0))
			if !slices.ContainsFunc(samples, func(r *benchfmt.Result) bool {
				return r.Name.String() == name
			}) {
				t.Errorf("no %s in:\n%s", name, stdout)
			}
		}
	}
	for _, key := range []string{"btfkit:", "goos:", "cpu:", "go:", "gomaxprocs:", "source-vmlinux:"} {
		if !strings.Contains(stdout, "\n"+key+" ") && !strings.HasPrefix(stdout, key) {
			t.Errorf("no line %s", key)
		}
	}
	html, err := os.ReadFile(page)
	if err != nil || !bytes.HasSuffix(html, []byte("</html>\n")) ||
		!bytes.Contains(html, []byte("<dt>btfkit</dt><dd>"+build.Version()+"</dd>")) {
		t.Errorf("report of %d bytes, %v", len(html), err)
	}
	status, stdout, stderr = benchmark(t, t.Context(), append(args, "--format", "json")...)
	if status != 0 || !json.Valid([]byte(stdout)) || !strings.Contains(stdout, build.Version()) {
		t.Errorf("status %d, stderr %q, JSON %.200s", status, stderr, stdout)
	}
}

// Without options the running kernel is measured, or the embedded one, which is said.
func TestDefault(t *testing.T) {
	status, stdout, stderr := benchmark(t, t.Context(), "--count", "1", "-i", "1", "--rows", "^Open$")
	if status != 0 || strings.Contains(stdout, "embedded") != strings.Contains(stderr, "embedded") {
		t.Errorf("status %d, stderr %q:\n%s", status, stderr, stdout)
	}
	if testing.Short() {
		return
	}
	status, stdout, stderr = benchmark(t, t.Context(), "--count", "1", "-i", "1", "--embedded",
		"--backend", "mmap", "--rows", "^Open$")
	if status != 0 || stderr != "" || !strings.Contains(stdout, "embedded kernel") {
		t.Errorf("status %d, stderr %q:\n%s", status, stderr, stdout)
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{{}, {"--embedded"}, {"--dir", filepath.Dir(first(files(t)))}} {
		status, stdout, stderr := benchmark(t, ctx, args...)
		if status != 130 || stdout != "" ||
			!strings.HasSuffix(stderr, "benchmark: interrupted\n") {
			t.Errorf("%v: status %d, stdout %q, stderr %q", args, status, stdout, stderr)
		}
	}
}

func first(a, _, _ string) string { return a }

// A budget that is too small for all samples is said, and what there is gets printed.
func TestBudget(t *testing.T) {
	kernel, _, _ := files(t)
	status, stdout, stderr := benchmark(t, t.Context(), "--base", kernel, "--budget", "3s", "--count",
		"1000000")
	if status != 0 || !strings.Contains(stdout, "budget") {
		t.Errorf("status %d, stderr %q:\n%s", status, stderr, stdout)
	}
}
