package session_test

import (
	"context"
	"errors"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
	"golang.org/x/perf/benchfmt"
)

// TestMain lets the test binary be the program of the subjects: "serve" ones that are right,
// "lie" one that gives wrong answers, "pretend" one that writes something else than it should.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(session.Serve(withToy(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "lie" {
		os.Exit(session.Serve(liars(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "pretend" {
		os.Exit(pretend(os.Args[2], os.Args[3], os.Args[4:]))
	}
	// Processes that the race detector watches would sleep for a second before they end.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// program returns how this binary is started.
func program(command string) []string {
	self, err := os.Executable()
	if err != nil {
		log.Fatal(err)
	}
	return []string{self, command}
}

// A liarStore does not find some names.
type liarStore struct{ toyStore }

func (l *liarStore) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	if name == "sk_buff" {
		return dst
	}
	return l.AppendIDsScanning(dst, name)
}

// A liar is the backend of liarStores.
type liar struct{ toy }

func (liar) Name() string { return "liar" }

func (liar) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return store.Open(&liarStore{toyStore{data: string(data)}}, store.Options{Base: base})
}

func liars() []btf.Backend { return []btf.Backend{liar{}} }

// prepare makes a workspace with the sources of a small kernel and its module.
func prepare(t *testing.T) (ws *session.Workspace, kernel, module *session.Source) {
	t.Helper()
	dir := t.TempDir()
	data := btftest.Kernel(nil)
	base, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "vmlinux"), data)
	write(t, filepath.Join(dir, "mod"), btftest.Module(base, nil))
	ws = new(session.Workspace)
	t.Cleanup(func() {
		if err := ws.Close(); err != nil {
			t.Error(err)
		}
	})
	if kernel, err = ws.File(t.Context(), filepath.Join(dir, "vmlinux"), nil); err != nil {
		t.Fatal(err)
	}
	if module, err = ws.File(t.Context(), filepath.Join(dir, "mod"), kernel); err != nil {
		t.Fatal(err)
	}
	return ws, kernel, module
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// generate draws the workload of a source.
func generate(t *testing.T, s, base *session.Source) *workload.Workload {
	t.Helper()
	var below *btf.Spec
	var err error
	if base != nil {
		if below, err = bench.Backends()[0].Open(base.Path, nil); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := bench.Backends()[0].Open(s.Path, below)
	if err != nil {
		t.Fatal(err)
	}
	return workload.Generate(spec, 1)
}

// A run has every row of every backend on every source, in rounds that interleave backends; the
// toy backend is among them.
func TestRun(t *testing.T) {
	ws, kernel, module := prepare(t)
	var streamed int
	sources := []*session.Source{kernel, module}
	if testing.Short() {
		sources = sources[:1]
	}
	run, err := session.Run(t.Context(), ws, session.Config{
		Sources: sources, Subjects: session.Ours(withToy(), program("serve")),
		Count: 2, Iterations: 1, Parallel: true,
		Result:   func(*benchfmt.Result) error { streamed++; return nil },
		Progress: func(done float64, _ string) { checkProgress(t, done) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if streamed != len(run.Samples) || streamed == 0 {
		t.Errorf("%d results streamed, %d kept", streamed, len(run.Samples))
	}
	sheet := figures.Collect(run.Samples)
	for i, src := range sources {
		var base *session.Source
		if i == 1 {
			base = kernel
		}
		w := generate(t, src, base)
		rows := slices.Concat(w.Rows(base != nil), w.TaskRows(), w.ParallelRows(1),
			[]row.Row{{Op: row.OpenCold}})
		for _, r := range rows {
			for _, b := range withToy() {
				f := sheet.Get(row.Name{Row: r, Backend: b.Name(), Source: src.Name}, "sec/op")
				if f == nil || len(f.Values) != 2 {
					t.Errorf("%s of %s on %s: %v, want two samples", r, b.Name(), src.Name, f)
				}
			}
		}
	}
	checkInterleaved(t, run.Samples)
	if mmap := run.Subjects[1]; mmap.Name != "mmap" || mmap.Storage["vmlinux"] == "" {
		t.Errorf("%+v does not say where its bytes are", mmap)
	}
	if version := run.Environment.Get("btfkit"); version != build.Version() {
		t.Errorf("version %q", version)
	}
	for _, s := range run.Samples {
		if got := s.GetConfig("btfkit"); got != build.Version() {
			t.Fatalf("%s: version %q", s.Name, got)
		}
	}
}

func checkProgress(t *testing.T, done float64) {
	if done < 0 || done > 1 {
		t.Errorf("progress %v", done)
	}
}

// checkInterleaved looks at the order of one row: A B C D, and again.
func checkInterleaved(t *testing.T, samples []*benchfmt.Result) {
	t.Helper()
	var order []string
	for _, s := range samples {
		if rest, ok := strings.CutPrefix(string(s.Name), "TypeByID/backend="); ok &&
			strings.Contains(rest, "source=vmlinux-") {
			name, _, _ := strings.Cut(rest, "/")
			order = append(order, name)
		}
	}
	want := []string{"cache", "mmap", "arena", "toy", "cache", "mmap", "arena", "toy"}
	if !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

// Where no process can be started, the same runs in this one, without figures of memory.
func TestRunInThisProcess(t *testing.T) {
	ws, kernel, _ := prepare(t)
	r, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{kernel}, Subjects: session.Ours(withToy(), nil),
		Count: 1, Iterations: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Samples) == 0 || len(r.Notes) == 0 || !strings.Contains(r.Notes[0], "memory") {
		t.Errorf("%d samples, notes %q", len(r.Samples), r.Notes)
	}
}

func TestRunRefusesWrongAnswers(t *testing.T) {
	ws, kernel, _ := prepare(t)
	subjects := append(session.Ours(withToy(), program("serve")),
		session.Ours(liars(), program("lie"))...)
	_, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{kernel}, Subjects: subjects, Count: 1, Iterations: 1,
	})
	if err == nil || !strings.Contains(err.Error(), `liar: check: wrong answer "ids - sk_buff"`) {
		t.Errorf("error %v", err)
	}
}

func TestRunCollection(t *testing.T) {
	dir := t.TempDir()
	ws, kernel, module := prepare(t)
	for name, src := range map[string]*session.Source{"vmlinux": kernel, "mod": module} {
		data, err := os.ReadFile(src.Path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
	write(t, filepath.Join(dir, "broken"), []byte("no BTF"))
	tree, note, err := ws.Dir(t.Context(), dir, "", nil)
	if err != nil || tree.Types != module.Types ||
		!strings.Contains(note, "1 modules cannot be read and are left out: ") ||
		!strings.Contains(note, filepath.Join(dir, "broken")) {
		t.Fatalf("source %+v, note %q, error %v", tree, note, err)
	}
	r, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{tree}, Subjects: session.Ours(withToy(), program("serve")),
		Count: 1, Iterations: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	sheet := figures.Collect(r.Samples)
	for _, b := range withToy() {
		for _, want := range []row.Row{
			{Op: row.CollectionOpen, Workers: 1}, {Op: row.CollectionTypesByName, Names: row.Hit},
		} {
			name := row.Name{Row: want, Backend: b.Name(), Source: tree.Name}
			if sheet.Get(name, "sec/op") == nil {
				t.Errorf("no %s", name)
			}
		}
	}
}

func TestRunEnds(t *testing.T) {
	ws, kernel, _ := prepare(t)
	config := session.Config{
		Sources: []*session.Source{kernel}, Subjects: session.Ours(withToy(), program("serve")),
		Count: 1 << 30,
	}
	ctx, cancel := context.WithCancel(t.Context())
	config.Result = func(*benchfmt.Result) error { cancel(); return nil }
	if _, err := session.Run(ctx, ws, config); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
	config.Result, config.Deadline = nil, time.Now().Add(-time.Second)
	if _, err := session.Run(t.Context(), ws, config); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	config.Deadline = time.Now().Add(3 * time.Second)
	r, err := session.Run(t.Context(), ws, config)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at the deadline: %v", err)
	}
	if err == nil && len(r.Notes) == 0 {
		t.Error("no note that samples are missing")
	}
}

func TestRunNamesBrokenProgram(t *testing.T) {
	ws, kernel, _ := prepare(t)
	for _, c := range []struct {
		program []string
		want    string
	}{
		{[]string{filepath.Join(t.TempDir(), "gone")}, "gone"},
		{program("serve")[:1], "cache: "}, // takes its arguments for the flags of a test
	} {
		_, err := session.Run(t.Context(), ws, session.Config{
			Sources: []*session.Source{kernel}, Subjects: session.Ours(bench.Backends()[:1], c.program),
			Count: 1, Iterations: 1,
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q in it", c.program, err, c.want)
		}
	}
}
