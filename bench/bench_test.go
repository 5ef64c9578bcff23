package bench_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/measured"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus/synth"
	"golang.org/x/perf/benchfmt"
)

// The rows of the benchmark program as Go benchmarks, on the running kernel's BTF or else the
// embedded kernel's. They do not interleave backends.

func BenchmarkOpen(b *testing.B)          { benchmarkRows(b, row.Open) }
func BenchmarkOpenFirstName(b *testing.B) { benchmarkRows(b, row.OpenFirstName) }
func BenchmarkTypeByID(b *testing.B)      { benchmarkRows(b, row.TypeByID) }
func BenchmarkNameByID(b *testing.B)      { benchmarkRows(b, row.NameByID) }
func BenchmarkIDsByName(b *testing.B)     { benchmarkRows(b, row.IDsByName) }
func BenchmarkTypesByName(b *testing.B)   { benchmarkRows(b, row.TypesByName) }
func BenchmarkIDsByRegex(b *testing.B)    { benchmarkRows(b, row.IDsByRegex) }
func BenchmarkTypesByRegex(b *testing.B)  { benchmarkRows(b, row.TypesByRegex) }
func BenchmarkIterate(b *testing.B)       { benchmarkRows(b, row.Iterate) }
func BenchmarkStructWalk(b *testing.B)    { benchmarkRows(b, row.StructWalk) }
func BenchmarkNameOfType(b *testing.B)    { benchmarkRows(b, row.NameOfType) }
func BenchmarkMemberByPath(b *testing.B)  { benchmarkRows(b, row.MemberByPath) }
func BenchmarkFuncsByParam(b *testing.B)  { benchmarkRows(b, row.FuncsByParam) }

// benchmarkRows runs all rows of an operation on all backends.
func benchmarkRows(b *testing.B, op row.Op) {
	rows := append(input.workload.Rows(false), input.workload.TaskRows()...)
	for _, r := range append(rows, input.workload.ParallelRows(runtime.GOMAXPROCS(0))...) {
		if r.Op != op {
			continue
		}
		for _, backend := range bench.Backends() {
			runNamed(b, r, backend, input.source.Name, func(b *testing.B) {
				b.ReportAllocs()
				t := target(backend)
				defer t.Close()
				if _, err := t.Run(r, 1); err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				sample, err := t.Run(r, b.N)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(sample.Time.Nanoseconds())/float64(b.N), "ns/op")
			})
		}
	}
}

// runNamed runs a benchmark under the name that the driver gives such a result. Package testing
// puts the operation, which is the name of b, before it.
func runNamed(b *testing.B, r row.Row, backend btf.Backend, source string, run func(*testing.B)) {
	name := row.Name{Row: r, Backend: backend.Name(), Source: source}.String()
	b.Run(strings.TrimPrefix(name, string(r.Op)+"/"), run)
}

// BenchmarkSplitOpen opens a synthetic module on the kernel.
func BenchmarkSplitOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "module")
	base, err := bench.Backends()[0].Open(input.source.Path, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer base.Close()
	data, err := synth.Split(base, synth.Shape{Types: 1000})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	for _, backend := range bench.Backends() {
		split := row.Row{Op: row.SplitOpen}
		runNamed(b, split, backend, "synthetic", func(b *testing.B) {
			t := target(backend)
			defer t.Close()
			t.Path, t.BasePath = path, t.Path
			sample, err := t.Run(split, b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(sample.Time.Nanoseconds())/float64(b.N), "ns/op")
		})
	}
}

func BenchmarkOpenCold(b *testing.B) {
	benchmarkFresh(b, row.Row{Op: row.OpenCold}, "run OpenCold 1")
}

func BenchmarkMemory(b *testing.B) {
	benchmarkFresh(b, row.Row{Op: row.Memory, Stage: row.AfterOpen}, "memory open")
	benchmarkFresh(b, row.Row{Op: row.Memory, Stage: row.AfterQueries}, "memory queries")
}

// benchmarkFresh sends each operation's command to a process of its own and reports what the last
// one answers. What is timed is that answer, not the process.
func benchmarkFresh(b *testing.B, r row.Row, command string) {
	for _, backend := range bench.Backends() {
		runNamed(b, r, backend, input.source.Name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "workload")
			text := "id 1\nhit sk_buff\nmiss absent\nregex tcp ^tcp_\n"
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(0, "ns/op") // none, unless the answer has it
			for range b.N {
				cmd := exec.Command(os.Args[0], "serve", "--backend", backend.Name(),
					"--source", input.source.Path, "--workload", path)
				cmd.Stdin = strings.NewReader(command + "\n")
				out, err := cmd.Output()
				if err != nil {
					b.Fatal(err)
				}
				report(b, out)
			}
		})
	}
}

// report takes over the figures of a result line.
func report(b *testing.B, answer []byte) {
	b.Helper()
	r := benchfmt.NewReader(bytes.NewReader(answer), "answer")
	for r.Scan() {
		if result, ok := r.Result().(*benchfmt.Result); ok {
			for _, v := range result.Values {
				if v.OrigUnit != "" {
					v.Value, v.Unit = v.OrigValue, v.OrigUnit
				}
				b.ReportMetric(v.Value, v.Unit)
			}
			return
		}
	}
	b.Fatalf("no result: %s", answer)
}

// input is what all benchmarks of this package read.
var input struct {
	source   *session.Source
	workload *workload.Workload
}

// TestMain lets this binary be the server that some benchmarks start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(session.Serve(bench.Backends(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	ws := new(session.Workspace)
	status, err := 1, prepare(ws)
	if err == nil {
		status = m.Run()
	}
	if err := errors.Join(err, ws.Close()); err != nil {
		log.Fatal(err)
	}
	os.Exit(status)
}

func prepare(ws *session.Workspace) (err error) {
	if input.source, _, err = ws.Kernel(context.Background()); err != nil {
		return err
	}
	spec, err := bench.Backends()[0].Open(input.source.Path, nil)
	if err != nil {
		return err
	}
	input.workload = workload.Generate(spec, 1)
	return spec.Close()
}

func target(backend btf.Backend) *measured.Target {
	return &measured.Target{Backend: backend, Path: input.source.Path, Workload: input.workload}
}
