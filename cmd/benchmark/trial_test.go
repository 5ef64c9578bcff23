package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/results"
)

// A measured row is what a made-up program writes: nanoseconds, bytes and allocations.
type measured struct{ ns, bytes, allocs float64 }

// A program measures a row in one of its processes.
type program func(row string, process int) measured

// play holds two programs against each other with a limit of 10 %. It returns what was printed, the
// order of the processes, and the patterns that were asked.
func play(t *testing.T, samples int, rows []string, before, after program) (
	printed, order string, patterns []string, err error) {
	t.Helper()
	var out strings.Builder
	var taken [2]int
	programs := [2]program{before, after}
	tr := trial{comparison: &comparison{limit: 0.1, given: true, turns: 6}, out: &out}
	tr.sample = func(side int, asked string) ([]byte, error) {
		order += sides[side][:1]
		if side == 0 {
			patterns = append(patterns, asked)
		}
		n := taken[side]
		taken[side]++
		var text strings.Builder
		wanted := regexp.MustCompile(asked)
		for _, row := range rows {
			if !wanted.MatchString(row) {
				continue
			}
			for range samples {
				m := programs[side](row, n)
				fmt.Fprintf(&text, "Benchmark%s/backend=mmap/source=x-2 1 %.4g ns/op %.4g B/op "+
					"%.4g allocs/op\n", row, m.ns, m.bytes, m.allocs)
			}
		}
		return []byte(text.String()), nil
	}
	err = tr.run()
	return out.String(), order, patterns, err
}

var someRows = []string{"Open", "OpenCold", "IDsByRegex/pattern=a|b"}

// times makes a program whose times vary by some percent.
func times(ns func(row string, process int) float64) program {
	return func(row string, process int) measured {
		return measured{ns: ns(row, process) * (1 + 0.01*float64(process%6))}
	}
}

func steady(string, int) float64 { return 100 }

func TestTrialOfEquals(t *testing.T) {
	printed, order, _, err := play(t, 1, someRows, times(steady), times(steady))
	if err != nil || strings.Contains(printed, "again") {
		t.Errorf("error %v, printed:\n%s", err, printed)
	}
	if order != "onnoonnoonno" {
		t.Errorf("order of processes %s: they must take turns, and take turns in going first", order)
	}
	faster := func(string, int) float64 { return 50 }
	if printed, _, _, err := play(t, 1, someRows, times(steady), times(faster)); err != nil {
		t.Errorf("faster: error %v, printed:\n%s", err, printed)
	}
}

// A row that is slower in both comparisons fails; it alone is measured again.
func TestTrialOfSlower(t *testing.T) {
	for _, row := range someRows {
		slower := func(r string, _ int) float64 {
			if r == row {
				return 115
			}
			return 104
		}
		printed, order, patterns, err := play(t, 1, someRows, times(steady), times(slower))
		if err == nil || !strings.Contains(err.Error(), "worse by more than 10 %: 1 of 1 figures") ||
			!strings.Contains(printed, "worse: "+row+"/backend=mmap/source=x: 102.5 ns -> 117.9 ns") {
			t.Errorf("error %v, printed:\n%s", err, printed)
		}
		if len(order) != 12+36 || patterns[0] != "" ||
			patterns[6] != "^("+regexp.QuoteMeta(row)+")$" {
			t.Errorf("%d processes, patterns %q", len(order), patterns)
		}
	}
}

// A row that is slower at first and not when measured again passes.
func TestTrialOfDisturbed(t *testing.T) {
	disturbed := func(r string, process int) float64 {
		if r == "Open" && process < 6 {
			return 200
		}
		return 100
	}
	printed, _, patterns, err := play(t, 1, someRows, times(steady), times(disturbed))
	if err != nil || !strings.Contains(printed, "measuring again") || patterns[6] != "^(Open)$" {
		t.Errorf("error %v, patterns %q, printed:\n%s", err, patterns, printed)
	}
}

// A noisy machine: what the machine is given at the time of a pair of processes, what the layout of
// a process does to all that it measures, what other programs do to a sample, and the bytes from
// pools that are empty in some samples.
type noisy struct {
	seed uint64
	rng  *rand.Rand
}

func (n noisy) speed(pair int) float64 {
	return math.Exp(0.2 * rand.New(rand.NewPCG(n.seed, uint64(pair))).NormFloat64())
}

func (n noisy) program(slower string, factor float64) program {
	process, all := -1, 1.0
	return func(row string, now int) measured {
		if now != process {
			process, all = now, n.speed(now)*math.Exp(0.03*n.rng.NormFloat64())
		}
		m := measured{ns: 1000 * all * math.Exp(0.03*n.rng.NormFloat64())}
		if n.rng.IntN(3) == 0 { // another program ran
			m.ns *= 1 + 4*n.rng.Float64()
		}
		if n.rng.IntN(2) == 0 { // a pool was empty
			m.bytes, m.allocs = 480, 0.49+0.2*n.rng.Float64()
		}
		if row == slower {
			m.ns *= factor
		}
		return m
	}
}

func manyRows() (rows []string) {
	for i := range 110 {
		rows = append(rows, fmt.Sprintf("Row%d", i))
	}
	return rows
}

// In noise as of a busy machine, with 330 figures, equal programs pass, and one row of 110 that is
// 15 % slower is found.
func TestTrialInNoise(t *testing.T) {
	rows := manyRows()
	const pairs = 20
	var passed, found int
	for seed := range uint64(pairs) {
		n := noisy{seed, rand.New(rand.NewPCG(seed, 1))}
		if _, _, _, err := play(t, 5, rows, n.program("", 1), n.program("", 1)); err == nil {
			passed++
		}
		printed, _, _, err := play(t, 5, rows, n.program("", 1), n.program("Row7", 1.15))
		if err != nil && strings.Contains(printed, "worse: Row7/") {
			found++
		}
	}
	t.Logf("%d of %d equal pairs pass, %d of %d slower ones are found", passed, pairs, found, pairs)
	if passed < pairs || found < pairs*9/10 {
		t.Error("too few")
	}
}

func TestTrialFails(t *testing.T) {
	broken := errors.New("broken")
	for want, sample := range map[string]func(side int, rows string) ([]byte, error){
		"broken":               func(int, string) ([]byte, error) { return nil, broken },
		"no benchmark results": func(int, string) ([]byte, error) { return nil, nil },
		"nothing in common": func(side int, _ string) ([]byte, error) {
			return []byte("Benchmark" + strings.ToUpper(sides[side]) + " 1 1 ns/op\n"), nil
		},
		"Go: old and new": func(side int, _ string) ([]byte, error) {
			return []byte("go: " + sides[side] + "\nBenchmarkX 1 1 ns/op\n"), nil
		},
	} {
		tr := trial{comparison: &comparison{turns: 6}, out: io.Discard, sample: sample}
		if err := tr.run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// Two programs run in turns, with the options behind "--": this test's binary and itself.
func TestCompareRun(t *testing.T) {
	kernel, _, _ := files(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BTFKIT_BENCHMARK", "1")
	out := t.TempDir()
	status, stdout, stderr := benchmark(t, t.Context(), "compare", "--run", "--turns", "2", "--out",
		out, self, self, "--", "--base", kernel, "--rows", "^TypeByID$", "-i", "100")
	if status != 0 || !strings.Contains(stdout, "TypeByID/backend=cache/source=vmlinux") ||
		!strings.Contains(stdout, "note: 2 samples a side cannot tell any difference") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	table, err := os.ReadFile(filepath.Join(out, "first.txt"))
	if err != nil || string(table) != stdout {
		t.Errorf("%v: table\n%s", err, table)
	}
	text, err := os.ReadFile(filepath.Join(out, "first-new.txt"))
	if err != nil || strings.Count(string(text), "BenchmarkTypeByID/") != 2*5 {
		t.Errorf("%v: raw results\n%s", err, text)
	}
}

// A program that fails says why, and one that is interrupted is no failure of its own.
func TestSample(t *testing.T) {
	_, err := sample(t.Context(), filepath.Join(t.TempDir(), "gone"), nil, ".")
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("error %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = sample(t.Context(), self, nil, ".") // takes the arguments for flags of a test
	if err == nil || !strings.Contains(err.Error(), "flag provided but not defined") {
		t.Errorf("error %v", err)
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if _, err := sample(ctx, self, nil, "."); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

// The rows of suspects are measured again, but other figures of theirs are not judged.
func TestTrialJudgesSuspectsAlone(t *testing.T) {
	rows := slices.Clone(someRows)
	worse := func(row string, process int) measured {
		m := measured{ns: 130 + float64(process%6), allocs: 5}
		if process >= 6 {
			m.allocs = 9
		}
		return m
	}
	even := func(row string, process int) measured {
		return measured{ns: 100 + float64(process%6), allocs: 5}
	}
	printed, _, _, err := play(t, 1, rows, even, worse)
	if err == nil || !strings.Contains(err.Error(), "3 of 3 figures") ||
		strings.Contains(printed, "allocs/op  9") {
		t.Errorf("error %v, printed:\n%s", err, printed)
	}
}

// The best of a process counts: the least, and the most of a rate.
func TestBest(t *testing.T) {
	const text = "BenchmarkX-2 1 5 ns/op 7 MB/s 0 B/op\nBenchmarkY-2 1 1 ns/op\n" +
		"BenchmarkX-2 1 4 ns/op 9 MB/s 3 B/op\nBenchmarkX-2 1 6 ns/op 8 MB/s 0 B/op\n"
	samples, err := results.Read(strings.NewReader(text), "x")
	if err != nil {
		t.Fatal(err)
	}
	bests := bestPerName(samples)
	if len(bests) != 2 {
		t.Fatalf("%d results", len(bests))
	}
	for unit, want := range map[string]float64{"sec/op": 4e-9, "B/s": 9e6, "B/op": 0} {
		if got, _ := bests[0].Value(unit); got != want {
			t.Errorf("%g %s, want %g", got, unit, want)
		}
	}
	if first, _ := samples[0].Value("sec/op"); first != 5e-9 {
		t.Error("the samples are changed")
	}
}
