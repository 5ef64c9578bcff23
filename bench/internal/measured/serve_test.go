package measured_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/measured"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// serve holds a conversation with a server about synthetic BTF.
func serve(t *testing.T, args []string, commands ...string) (status int, out, errs string) {
	t.Helper()
	dir := t.TempDir()
	source, workload := filepath.Join(dir, "kernel"), filepath.Join(dir, "workload")
	write(t, source, btftest.Kernel(nil))
	write(t, workload, []byte("id 1\nhit sk_buff\nmiss absent\nregex tcp ^tcp_\n"))
	for i, arg := range args {
		args[i] = strings.NewReplacer("SOURCE", source, "WORKLOAD", workload).Replace(arg)
	}
	var stdout, stderr bytes.Buffer
	stdin := strings.NewReader(strings.Join(commands, "\n") + "\n")
	status = measured.Serve(bench.Backends(), args, stdin, &stdout, &stderr)
	return status, stdout.String(), stderr.String()
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServeConversation(t *testing.T) {
	args := []string{"--backend", "mmap", "--source", "SOURCE", "--workload", "WORKLOAD"}
	status, out, errs := serve(t, args,
		"run OpenCold 1", "check", "run TypeByID 10", "run TypeByID/goroutines=2 10", "run Bogus 1",
		"run TypeByID x", "run Open 1ms", "info", "memory open", "memory bogus", "bogus", "quit",
		"run Open 1")
	if status != 0 || errs != "" {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	want := `ready protocol=1 backend=mmap library=btfkit version=\S+ omits=-
BenchmarkOpenCold/backend=mmap/source=kernel\t1\t\S+ ns/op\t\S+ B/op\t\S+ allocs/op
checksum OpenCold 1 1
ok
types \d+
type 1 \d+ \d+ .*
ids [\d,]+ sk_buff
ids - absent
matches \d+ \d+ tcp
ok
BenchmarkTypeByID/backend=mmap/source=kernel\t10\t\S+ ns/op\t\S+ B/op\t\S+ allocs/op
checksum TypeByID 10 [0-9a-f]+
ok
BenchmarkTypeByID/goroutines=2/backend=mmap/source=kernel\t10\t\S+ ns/op\t\S+ B/op\t\S+ allocs/op
checksum TypeByID/goroutines=2 10 -
ok
error Bogus: unknown row
error count "x": .*
BenchmarkOpen/backend=mmap/source=kernel\t\d+\t\S+ ns/op\t\S+ B/op\t\S+ allocs/op
checksum Open \d+ [0-9a-f]+
ok
info storage=\S+ data-B=\d+ index-B=\d+ why=.*
ok
error memory wants a fresh process
error unknown stage "bogus"
error unknown command "bogus"
`
	matchLines(t, out, want)
}

// matchLines compares line by line with expressions.
func matchLines(t *testing.T, got, want string) {
	t.Helper()
	lines, patterns := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i, pattern := range patterns {
		if i >= len(lines) || !regexp.MustCompile("^"+pattern+"$").MatchString(lines[i]) {
			t.Fatalf("line %d does not match %q in:\n%s", i+1, pattern, got)
		}
	}
	if len(lines) != len(patterns) {
		t.Errorf("%d lines too much:\n%s", len(lines)-len(patterns), got)
	}
}

// The end of the input ends a server as quit does.
func TestServeEndOfInput(t *testing.T) {
	args := []string{"--backend", "cache", "--source", "SOURCE", "--workload", "WORKLOAD"}
	if status, out, errs := serve(t, args); status != 0 || errs != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
}

func TestServeLists(t *testing.T) {
	status, out, _ := serve(t, []string{"--backends"})
	if status != 0 || strings.Count(out, "\n") != len(bench.Backends()) {
		t.Errorf("status %d:\n%s", status, out)
	}
	for line := range strings.Lines(out) {
		if strings.Count(line, "\t") != 2 {
			t.Errorf("line %q", line)
		}
	}
}

func TestServeErrors(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"--backend cache --source SOURCE", 2, "wants --backend, --source and --workload"},
		{"--backend nope --source SOURCE --workload WORKLOAD", 2, `backend "nope": unknown`},
		{"--bogus", 2, "bogus"},
		{"--backend cache --source SOURCE --workload SOURCE", 1, "line 1"},
		{"--backend cache --source SOURCE --workload WORKLOAD.gone", 1, "gone"},
	} {
		status, _, errs := serve(t, strings.Fields(c.args))
		if status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, stderr %q, want %d and %q", c.args, status, errs, c.status, c.want)
		}
	}
}

// A folder is a collection: a kernel and its modules.
func TestServeCollection(t *testing.T) {
	dir := t.TempDir()
	kernel := btftest.Kernel(nil)
	base, err := btf.Parse(kernel, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "vmlinux"), kernel)
	write(t, filepath.Join(dir, "good"), btftest.Module(base, nil))
	write(t, filepath.Join(dir, "broken"), nil)
	args := []string{"--backend", "arena", "--source", dir, "--base", dir + "/vmlinux",
		"--workload", "WORKLOAD"}
	status, out, errs := serve(t, args, "check", "run CollectionOpen/workers=2 2",
		"run CollectionTypesByName/hit 1", "run CollectionTypesByRegex/pattern=tcp 1",
		"run CollectionOpenFirstName 1", "run TypeByID 1")
	if status != 0 || errs != "" {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	matchLines(t, out, `ready .*
modules 2
problem broken
types sk_buff( (vmlinux|good):\d+)+
types absent
matches \d+ \d+ tcp
ok
BenchmarkCollectionOpen/workers=2/backend=arena/.*
checksum CollectionOpen/workers=2 2 2
ok
BenchmarkCollectionTypesByName/hit/.*
checksum .*
ok
BenchmarkCollectionTypesByRegex/pattern=tcp/.*
checksum .*
ok
BenchmarkCollectionOpenFirstName/.*
checksum .*
ok
error TypeByID: unknown row
`)
}
