package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// resultsFile writes results of one row.
func resultsFile(t *testing.T, settings string, ns float64) string {
	t.Helper()
	text := settings
	for i := range 6 {
		text += fmt.Sprintf("BenchmarkOpen/backend=cache/source=vmlinux-2 9 %g ns/op\n", ns+float64(i))
	}
	path := filepath.Join(t.TempDir(), "results.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCompare(t *testing.T) {
	before, after := resultsFile(t, "", 1000), resultsFile(t, "", 1200)
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{before, after}, 0},
		{[]string{before, after, "--fail-above", "10%"}, 1},
		{[]string{"--fail-above=10", before, after}, 1},
		{[]string{before, "--fail-above", "19%", after}, 1},
		{[]string{before, "--fail-above", "21%", after}, 0},
		{[]string{after, before, "--fail-above", "0%"}, 0},
		{[]string{before, before, "--fail-above", "0%"}, 0},
	} {
		status, stdout, stderr := benchmark(t, t.Context(), append([]string{"compare"}, c.args...)...)
		if status != c.status || !strings.Contains(stdout, "Open/backend=cache/source=vmlinux") {
			t.Errorf("%v: status %d, want %d\n%s%s", c.args, status, c.status, stdout, stderr)
		}
		if worse := strings.Contains(stderr, "worse: Open/backend=cache"); worse != (status == 1) {
			t.Errorf("%v: stderr %q", c.args, stderr)
		}
	}
}

// Figures that no measurement gives are an error with file and line; nothing is compared.
func TestCompareRefusesNaN(t *testing.T) {
	good := resultsFile(t, "", 1000)
	bad := "../../bench/results/testdata/compare-nan.txt"
	for _, args := range [][]string{{bad, bad}, {good, bad}, {bad, good}} {
		status, stdout, stderr := benchmark(t, t.Context(), "compare", args[0], args[1])
		if status != 1 || stdout != "" || !strings.Contains(stderr, "compare-nan.txt:1: ") {
			t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
		}
	}
	for _, command := range []string{"ranking", "chart"} {
		status, _, stderr := benchmark(t, t.Context(), command, bad)
		if status != 1 || !strings.Contains(stderr, "compare-nan.txt:1: ") {
			t.Errorf("%s: status %d, stderr %q", command, status, stderr)
		}
	}
}

// Runs about something else are not compared, unless asked, and then that is said.
func TestCompareOther(t *testing.T) {
	before, after := resultsFile(t, "go: go1.25\n", 1000), resultsFile(t, "go: go1.26\n", 1000)
	status, stdout, stderr := benchmark(t, t.Context(), "compare", before, after)
	if status != 1 || stdout != "" || !strings.Contains(stderr, "Go: go1.25 and go1.26") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	status, stdout, stderr = benchmark(t, t.Context(), "compare", "--anyway", before, after)
	if status != 0 || stdout == "" || !strings.Contains(stderr, "note: Go: go1.25 and go1.26") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}
