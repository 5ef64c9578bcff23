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
