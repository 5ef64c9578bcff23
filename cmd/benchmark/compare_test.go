package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	results := func(name string, ns float64) string {
		var b strings.Builder
		for i := range 6 {
			fmt.Fprintf(&b, "BenchmarkOpen/backend=cache/source=vmlinux-2 9 %g ns/op\n", ns+float64(i))
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	before, after := results("old.txt", 1000), results("new.txt", 1200)
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{before, after}, 0},
		{[]string{before, after, "--fail-above", "10%"}, 1},
		{[]string{"--fail-above=10", before, after}, 1},
		{[]string{before, "--fail-above", "30%", after}, 0},
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
