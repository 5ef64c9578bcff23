package results_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/bench/results"
)

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("goos: linux\nsome chatter\nBenchmarkX-2 1 5 ns/op\nPASS\n")
	if read, err := results.ReadFile(path); err != nil || len(read) != 1 {
		t.Errorf("%d results, %v", len(read), err)
	}
	write("nothing here\n")
	if _, err := results.ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("no results: error %v", err)
	}
	write("BenchmarkX-2 1 x ns/op\n")
	if _, err := results.ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("syntax: error %v", err)
	}
	if _, err := results.ReadFile(path + ".gone"); err == nil {
		t.Error("a missing file is read")
	}
}

// Every value keeps the unit in base form: nanoseconds become seconds.
func ExampleReadFile() {
	read, err := results.ReadFile(filepath.Join("testdata", "run.txt"))
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range read {
		sec, _ := r.Value("sec/op")
		fmt.Printf("%s took %.1e s on %s\n", r.Name, sec, r.GetConfig("cpu"))
	}
	// Output:
	// TypeByID/backend=cache/source=vmlinux-2 took 7.8e-09 s on AMD EPYC
	// TypeByID/backend=mmap/source=vmlinux-2 took 7.9e-09 s on AMD EPYC
}

func ExampleEnvironment() {
	e := results.Environment{{Key: "goos", Value: "linux"}, {Key: "kernel", Value: "6.18.44"}}
	fmt.Printf("%q %q\n", e.Get("kernel"), e.Get("governor"))
	// Output: "6.18.44" ""
}

// Figures that no measurement gives are refused with the file and the line: a NaN made the
// statistics allocate without end.
func TestReadFileRefuses(t *testing.T) {
	if _, err := results.ReadFile("testdata/compare-nan.txt"); err == nil ||
		!strings.HasPrefix(err.Error(), "testdata/compare-nan.txt:1: ") {
		t.Errorf("NaN: error %v names no file and line", err)
	}
	for text, want := range map[string]string{
		"1 NaN ns/op":         ":2: X: NaN ns/op is no measurement",
		"1 Inf B/op":          "+Inf B/op",
		"1 -Inf B/op":         "-Inf B/op",
		"1 7 B/op 0 ns/op":    "0 ns/op",
		"1 -3 ns/op":          "-3 ns/op",
		"1 0 MB/s":            "0 MB/s",
		"0 5 ns/op":           "0 operations",
		"1 5 ns/op 0 B/op":    "",
		"1 1 gc-ns -2 peak-B": "",
	} {
		path := filepath.Join(t.TempDir(), "results.txt")
		text = "BenchmarkX 1 5 ns/op\nBenchmarkX " + text + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := results.ReadFile(path)
		if want == "" && err != nil || want != "" && (err == nil ||
			!strings.HasPrefix(err.Error(), path+":2: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}
