package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChart draws the README's chart again: the same bytes, well-formed, with all backends.
func TestChart(t *testing.T) {
	const results = "../../bench/results/2026-11-22-amd64"
	status, stdout, stderr := benchmark(t, t.Context(), "chart", "--title",
		"Linux 6.18 vmlinux, 126,610 types, on a 2-core AMD EPYC", results+".txt")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	want, err := os.ReadFile(results + ".svg")
	if err != nil {
		t.Fatal(err)
	}
	if stdout != string(want) {
		t.Errorf("%s.svg is not what the command beside it makes", results)
	}
	for who := range strings.FieldsSeq("cache mmap arena btfrs-cache btfrs-mmap cilium libbpf") {
		if n := strings.Count(stdout, ">"+who+"<"); n != 6 {
			t.Errorf("%s in %d of 6 panels", who, n)
		}
	}
	d := xml.NewDecoder(strings.NewReader(stdout))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestChartFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.txt")
	text := "BenchmarkIterate/backend=cache/source=x-2 9 100 B/op\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"no row to draw for x": {path}, "no such file": {path + ".none"},
	} {
		status, stdout, stderr := benchmark(t, t.Context(), append([]string{"chart"}, args...)...)
		if status != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%v: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	if status, _, stderr := benchmark(t, t.Context(), "chart"); status != 2 ||
		!strings.Contains(stderr, "wants one file") {
		t.Errorf("no file: status %d, %q", status, stderr)
	}
	if status, stdout, _ := benchmark(t, t.Context(), "chart", "--help"); status != 0 ||
		!strings.HasPrefix(stdout, "Usage: benchmark chart") {
		t.Errorf("--help: status %d, %q", status, stdout)
	}
}
