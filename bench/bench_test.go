package bench_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
)

// The rows of the benchmark program as Go benchmarks, on the running kernel's BTF or else the
// embedded kernel's. They show no memory, which needs processes of its own, and do not interleave
// backends.

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
			name := fmt.Sprintf("%s/backend=%s/source=%s", sub, backend.Name, input.source.Name)
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

// input is what all tests and benchmarks of this package read.
var input struct {
	source   *session.Source
	workload *bench.Workload
}

func TestMain(m *testing.M) {
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

func target(backend bench.Backend) *bench.Target {
	return &bench.Target{Backend: backend, Path: input.source.Path, Workload: input.workload}
}
