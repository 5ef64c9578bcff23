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
	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
	"golang.org/x/perf/benchfmt"
)

// TestMain lets the test binary be the program of the subjects: "serve" ones that are right,
// "lie" ones with a backend that is not.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(bench.Serve(withToy(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "lie" {
		os.Exit(bench.Serve(liars(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
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

func workload(s *session.Source) (*bench.Workload, error) {
	if s.Set {
		c, err := s.Collection()
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return bench.GenerateSet(c, 1), nil
	}
	spec, err := s.Open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	return bench.Generate(spec, 1), nil
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
	r, err := session.Run(t.Context(), ws, session.Config{
		Sources: sources, Subjects: session.Own(withToy(), program("serve")),
		Workload: workload, Count: 2, Iterations: 1, Extra: true,
		Result:   func(*benchfmt.Result) error { streamed++; return nil },
		Progress: func(done float64, _ string) { checkProgress(t, done) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if streamed != len(r.Samples) || streamed == 0 {
		t.Errorf("%d results streamed, %d kept", streamed, len(r.Samples))
	}
	cells := report.Collect(r.Samples)
	for _, src := range r.Sources {
		w, err := workload(src)
		if err != nil {
			t.Fatal(err)
		}
		rows := append(bench.Rows(w, src.Base != nil, true, 1), "OpenCold")
		for _, row := range rows {
			for _, b := range withToy() {
				c := cells.Get(report.Key{Source: src.Name, Row: row, Backend: b.Name()}, "sec/op")
				if c == nil || len(c.Values) != 2 {
					t.Errorf("%s of %s on %s: %v, want two samples", row, b.Name(), src.Name, c)
				}
			}
		}
	}
	checkInterleaved(t, r.Samples)
	if where := r.Storage["mmap/vmlinux"]; where == "" {
		t.Error("mmap does not say where its bytes are")
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
		Sources: []*session.Source{kernel}, Subjects: session.Own(withToy(), nil), Workload: workload,
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
	subjects := append(session.Own(withToy(), program("serve")),
		session.Own(liars(), program("lie"))...)
	_, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{kernel}, Subjects: subjects, Workload: workload, Count: 1,
		Iterations: 1,
	})
	if err == nil || !strings.Contains(err.Error(), `liar: check: wrong answer "ids - sk_buff"`) {
		t.Errorf("error %v", err)
	}
}

func TestRunSet(t *testing.T) {
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
	set, note, err := ws.Dir(t.Context(), dir, "", nil)
	if err != nil || note != "" || set.Types != module.Types {
		t.Fatalf("source %+v, note %q, error %v", set, note, err)
	}
	r, err := session.Run(t.Context(), ws, session.Config{
		Sources: []*session.Source{set}, Subjects: session.Own(withToy(), program("serve")),
		Workload: workload, Count: 1, Iterations: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	cells := report.Collect(r.Samples)
	for _, b := range withToy() {
		for _, row := range []string{"CollectionOpen/workers=1", "CollectionTypesByName/hit"} {
			if cells.Get(report.Key{Source: set.Name, Row: row, Backend: b.Name()}, "sec/op") == nil {
				t.Errorf("no %s of %s", row, b.Name())
			}
		}
	}
}

func TestRunEnds(t *testing.T) {
	ws, kernel, _ := prepare(t)
	config := session.Config{
		Sources: []*session.Source{kernel}, Subjects: session.Own(withToy(), program("serve")),
		Workload: workload, Count: 1 << 30,
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
			Sources: []*session.Source{kernel}, Subjects: session.Own(bench.Backends()[:1], c.program),
			Workload: workload, Count: 1, Iterations: 1,
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q in it", c.program, err, c.want)
		}
	}
}
