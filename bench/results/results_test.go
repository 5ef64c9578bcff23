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
