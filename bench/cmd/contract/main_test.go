package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestContract reads two samples of a few rows: met, missed, absolute, and without a peer.
func TestContract(t *testing.T) {
	const run = `goos: linux
source-vmlinux: vmlinux 5000000 bytes sha256:00

BenchmarkOpen/backend=cache/source=vmlinux-2 1 10000000 ns/op 7 B/op
BenchmarkOpen/backend=cache/source=vmlinux-2 1 12000000 ns/op 7 B/op
BenchmarkOpen/backend=btfrs-cache/source=vmlinux-2 1 110000000 ns/op
BenchmarkOpen/backend=mmap/source=vmlinux-2 1 900 ns/op
BenchmarkMemory/stage=open/backend=arena/source=vmlinux-2 1 7100000 private-B
BenchmarkIDsByName/hit/backend=mmap/source=vmlinux-2 1 900 ns/op
BenchmarkIDsByName/hit/backend=btfrs-mmap/source=vmlinux-2 1 1000 ns/op
BenchmarkIDsByRegex/pattern=^(tcp|udp)_/backend=mmap/source=vmlinux-2 1 20 ns/op
BenchmarkIDsByRegex/pattern=^(tcp|udp)_/backend=btfrs-mmap/source=vmlinux-2 1 90 ns/op
`
	path := filepath.Join(t.TempDir(), "run.txt")
	if err := os.WriteFile(path, []byte(run), 0o666); err != nil {
		t.Fatal(err)
	}
	open := "| `Open` | cache | 11.00 ms | btfrs-cache | 110.00 ms | 0.100 | ≤ 0.125 | yes |\n"
	memory := "| `Memory/stage=open` | arena | 7.10 MB | a limit | 7.00 MB | 1.014 | – | **no** |\n"
	regex := "| `IDsByRegex/pattern=^(tcp\\|udp)_` | mmap | 20.0 ns | btfrs-mmap | 90.0 ns |" +
		" 0.222 | ≤ 0.250 | yes |\n"
	relative := "| `IDsByName/hit` | mmap | 900.0 ns | btfrs-mmap | 1.00 µs | 0.900 | ≤ 0.250 |" +
		" **no** |\n"
	absolute := "| `IDsByName/hit` | mmap | 900.0 ns | a limit | 1.00 µs | 0.900 | – | yes |\n"
	for _, test := range []struct {
		sorted bool
		want   string
	}{
		{false, open + memory + relative + regex + "\n2 of 4 bounds met.\n"},
		{true, open + memory + absolute + regex + "\n3 of 4 bounds met.\n"},
	} {
		var b strings.Builder
		if err := judge(&b, []string{path}, test.sorted); err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(b.String(), "---|\n")
		if got != test.want {
			t.Errorf("sorted %v: got\n%s\nwant\n%s", test.sorted, got, test.want)
		}
	}
	if err := judge(io.Discard, []string{path + ".none"}, false); err == nil {
		t.Error("no error for a missing file")
	}
	alone := "BenchmarkOpen/backend=cache/source=vmlinux-2 1 10000000 ns/op\n"
	if err := os.WriteFile(path, []byte(alone), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := judge(io.Discard, []string{path}, false); err == nil {
		t.Error("no error for a run without peers")
	}
}

// The committed run gives the committed table.
func TestCommittedRun(t *testing.T) {
	const run = "../../results/2026-11-22-amd64"
	page, err := os.ReadFile(run + ".md")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(page), "| row |")
	var b strings.Builder
	if err := judge(&b, []string{run + ".txt"}, false); err != nil {
		t.Fatal(err)
	}
	if _, got, _ := strings.Cut(b.String(), "| row |"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
