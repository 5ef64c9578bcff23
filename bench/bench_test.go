package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus/synth"
	"golang.org/x/perf/benchfmt"
)

// The rows of the benchmark program as Go benchmarks, on the running kernel's BTF or else the
// embedded kernel's. They do not interleave backends.

func BenchmarkOpen(b *testing.B)          { benchmarkRow(b, "Open") }
func BenchmarkOpenFirstName(b *testing.B) { benchmarkRow(b, "OpenFirstName") }
func BenchmarkTypeByID(b *testing.B)      { benchmarkRow(b, "TypeByID") }
func BenchmarkNameByID(b *testing.B)      { benchmarkRow(b, "NameByID") }
func BenchmarkIDsByName(b *testing.B)     { benchmarkRow(b, "IDsByName") }
func BenchmarkTypesByName(b *testing.B)   { benchmarkRow(b, "TypesByName") }
func BenchmarkIDsByRegex(b *testing.B)    { benchmarkRow(b, "IDsByRegex") }
func BenchmarkTypesByRegex(b *testing.B)  { benchmarkRow(b, "TypesByRegex") }
func BenchmarkIterate(b *testing.B)       { benchmarkRow(b, "Iterate") }
func BenchmarkStructWalk(b *testing.B)    { benchmarkRow(b, "StructWalk") }

// benchmarkRow runs all rows with a base name on all backends.
func benchmarkRow(b *testing.B, base string) {
	for _, row := range bench.Rows(input.workload, false, true, runtime.GOMAXPROCS(0)) {
		sub, ok := strings.CutPrefix(row, base)
		if !ok || sub != "" && sub[0] != '/' {
			continue
		}
		for _, backend := range bench.Backends() {
			name := fmt.Sprintf("%s/backend=%s/source=%s", sub, backend.Name(), input.source.Name)
			b.Run(strings.TrimPrefix(name, "/"), func(b *testing.B) {
				b.ReportAllocs()
				t := target(backend)
				defer t.Close()
				if _, err := t.Run(row, 1); err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				sample, err := t.Run(row, b.N)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(sample.Time.Nanoseconds())/float64(b.N), "ns/op")
			})
		}
	}
}

// BenchmarkSplitOpen opens a synthetic module on the kernel.
func BenchmarkSplitOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "module")
	base, err := input.source.Open()
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
		b.Run("backend="+backend.Name()+"/source=synthetic", func(b *testing.B) {
			t := target(backend)
			defer t.Close()
			t.Path, t.BasePath = path, t.Path
			sample, err := t.Run("SplitOpen", b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(sample.Time.Nanoseconds())/float64(b.N), "ns/op")
		})
	}
}

func BenchmarkOpenCold(b *testing.B) { benchmarkFresh(b, "", "run OpenCold 1") }
func BenchmarkMemory(b *testing.B) {
	benchmarkFresh(b, "stage=open/", "memory open")
	benchmarkFresh(b, "stage=queries/", "memory queries")
}

// benchmarkFresh sends each operation's command to a process of its own and reports what the last
// one answers. What is timed is that answer, not the process.
func benchmarkFresh(b *testing.B, prefix, command string) {
	for _, backend := range bench.Backends() {
		b.Run(prefix+"backend="+backend.Name()+"/source="+input.source.Name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "workload")
			write(b, path, []byte("id 1\nhit sk_buff\nmiss absent\nregex tcp ^tcp_\n"))
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

// input is what all tests and benchmarks of this package read.
var input struct {
	source   *session.Source
	workload *bench.Workload
}

// TestMain lets this binary be the server that some benchmarks start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(bench.Serve(bench.Backends(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
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
	spec, err := input.source.Open()
	if err != nil {
		return err
	}
	input.workload = bench.Generate(spec, 1)
	return spec.Close()
}

func target(backend btf.Backend) *bench.Target {
	return &bench.Target{Backend: backend, Path: input.source.Path, Workload: input.workload}
}
