package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRanking(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, cache, mmap, arena int) string {
		path := filepath.Join(dir, name)
		text := fmt.Sprintf("BenchmarkOpen/backend=cache/source=vmlinux-2 9 %d ns/op\n"+
			"BenchmarkOpen/backend=mmap/source=vmlinux-2 9 %d ns/op\n"+
			"BenchmarkOpen/backend=arena/source=vmlinux-2 9 %d ns/op\n", cache, mmap, arena)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := run("a", 1000, 100, 900), run("b", 1000, 90, 1100)
	status, stdout, stderr := benchmark(t, t.Context(), "ranking", a, b)
	if status != 0 || !strings.Contains(stdout, "mmap < arena = cache           2 of 2") &&
		!strings.Contains(stdout, "mmap < cache = arena           2 of 2") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	status, stdout, stderr = benchmark(t, t.Context(), "ranking", a, b, run("c", 80, 100, 1000))
	if status != 1 || !strings.Contains(stdout, "2 of 3") ||
		!strings.Contains(stderr, "1 rows rank differently") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

// The page of a history draws each row that two runs have, and says what differs between runs.
func TestHistory(t *testing.T) {
	dir := t.TempDir()
	run := func(name, machine string, open int, more string) string {
		path := filepath.Join(dir, name)
		text := fmt.Sprintf("cpu: %s\nbtfkit: v1 %s\nBenchmarkOpen/backend=cache/source=vmlinux-2 9 %d "+
			"ns/op\n%s", machine, name, open, more)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	once := "BenchmarkNameByID/backend=cache/source=vmlinux-2 9 9 ns/op\n"
	memory := "BenchmarkMemory/stage=open/backend=cache/source=vmlinux-2 1 5000 private-B\n"
	a, b := run("a.txt", "EPYC", 1000, memory), run("b.txt", "EPYC", 2000, once)
	c := run("c.txt", "Xeon", 3000, memory)
	status, stdout, stderr := benchmark(t, t.Context(), "history", a, b, c)
	for _, want := range []string{
		">2: b.txt</th><td>v1 b.txt</td><td>EPYC</td>",
		"<h4>Open</h4>", "<title>cache 2.000 µs</title>",
		"<h4>Private memory after open</h4>",
		`points="62,`, " 256,", " 450,", // the runs lie evenly
		"Run 3 and the one before it\ncannot be held against each other. machine: EPYC and Xeon",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q", want)
		}
	}
	if status != 0 || strings.Contains(stdout, "Look up a name by id") ||
		strings.Contains(stdout, "Run 2 and") {
		t.Errorf("status %d, %s\n%s", status, stderr, stdout)
	}
	alone := run("d.txt", "EPYC", 1, "")
	other := filepath.Join(dir, "other.txt")
	if err := os.WriteFile(other, []byte("BenchmarkX 1 1 ns/op\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{a}, 2, "wants two files or more"},
		{[]string{alone, other}, 1, "no figure is in two runs"},
		{[]string{a, dir + "/gone"}, 1, "gone"},
	} {
		status, _, stderr := benchmark(t, t.Context(), append([]string{"history"}, test.args...)...)
		if status != test.status || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: status %d, %s", test.args, status, stderr)
		}
	}
}
