package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A benchmark is a program that needs so many nanoseconds for each row. Samples vary by some
// percent.
type benchmark func(row string, sample int) float64

// play holds two benchmarks against each other. It returns what was printed, the order of the
// samples, and the patterns that were asked.
func play(t *testing.T, before, after benchmark) (
	printed, order string, patterns []string, err error) {
	t.Helper()
	var out strings.Builder
	taken := map[string]int{}
	programs := map[string]benchmark{"old": before, "new": after}
	tr := trial{dir: t.TempDir(), out: &out}
	tr.sample = func(side, rows string) ([]byte, error) {
		order += side[:1]
		if side == "old" {
			patterns = append(patterns, rows)
		}
		n := taken[side]
		taken[side]++
		var text strings.Builder
		for _, row := range []string{"Open", "OpenCold", "Memory/stage=open", "IDsByRegex/pattern=a|b"} {
			if regexp.MustCompile(rows).MatchString(row) {
				fmt.Fprintf(&text, "Benchmark%s/backend=mmap/source=x-2 1 %g ns/op\n", row,
					programs[side](row, n)*(1+0.01*float64(n%turns)))
			}
		}
		return []byte(text.String()), nil
	}
	err = tr.run()
	for _, name := range []string{"first.txt", "first-old.txt", "first-new.txt"} {
		if _, statErr := os.Stat(filepath.Join(tr.dir, name)); statErr != nil {
			t.Error(statErr)
		}
	}
	return out.String(), order, patterns, err
}

func steady(string, int) float64 { return 100 }

func TestEqual(t *testing.T) {
	printed, order, _, err := play(t, steady, steady)
	if err != nil || strings.Contains(printed, "again") {
		t.Errorf("error %v, printed:\n%s", err, printed)
	}
	if order != "onnoonnoonno" {
		t.Errorf("order of samples %s: the sides must take turns, and take turns in going first", order)
	}
	faster := func(string, int) float64 { return 50 }
	if printed, _, _, err := play(t, steady, faster); err != nil {
		t.Errorf("faster: error %v, printed:\n%s", err, printed)
	}
}

// A row that is slower in all comparisons fails; it alone is measured again.
func TestSlower(t *testing.T) {
	for _, row := range []string{"Memory/stage=open", "IDsByRegex/pattern=a|b", "Open"} {
		slower := func(r string, _ int) float64 {
			if r == row {
				return 130
			}
			return 110 // below the limit
		}
		printed, order, patterns, err := play(t, steady, slower)
		if err == nil || !strings.Contains(err.Error(), "1 figures are more than 20 % worse") ||
			strings.Count(printed, "  "+row+"/backend=mmap/source=x: 102.5 ns -> 133.2 ns") != 4 {
			t.Errorf("error %v, printed:\n%s", err, printed)
		}
		if len(order) != 2*turns*(1+reruns) {
			t.Errorf("%d samples, want %d", len(order), 2*turns*(1+reruns))
		}
		if want := "^(" + regexp.QuoteMeta(row) + ")$"; patterns[turns] != want {
			t.Errorf("%s is measured again by the pattern %s", row, patterns[turns])
		}
	}
}

// A row that is slower in one comparison and not in the next passes.
func TestDisturbed(t *testing.T) {
	disturbed := func(r string, sample int) float64 {
		if r == "Open" && sample < 2*turns || r == "OpenCold" && sample < turns {
			return 200
		}
		return 100
	}
	printed, order, patterns, err := play(t, steady, disturbed)
	if err != nil || !strings.Contains(printed, "measuring again (1 of 3)") ||
		!strings.Contains(printed, "measuring again (2 of 3)") {
		t.Errorf("error %v, printed:\n%s", err, printed)
	}
	if len(order) != 2*turns*3 || patterns[turns] != "^(Open|OpenCold)$" ||
		patterns[2*turns] != "^(Open)$" {
		t.Errorf("%d samples, patterns %q", len(order), patterns)
	}
}

func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	for want, sample := range map[string]func(side, rows string) ([]byte, error){
		"broken":               func(string, string) ([]byte, error) { return nil, broken },
		"no benchmark results": func(string, string) ([]byte, error) { return nil, nil },
		"nothing in common": func(side, _ string) ([]byte, error) {
			return []byte("Benchmark" + strings.ToUpper(side) + " 1 1 ns/op\n"), nil
		},
	} {
		tr := trial{dir: t.TempDir(), out: io.Discard, sample: sample}
		if err := tr.run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// A program that fails says why.
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
}
