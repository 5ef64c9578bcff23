// Package results describes what a benchmark measured, and reads files of results. The driver fills
// a [Run], package report shows it.
//
// Results are in Go's benchmark format, whether fresh or read from a file. Their names hold the
// row, the backend and the source; see bench/README.md.
package results

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// A Run is what one run of the benchmark measured.
type Run struct {
	Environment Environment
	Sources     []Source
	Subjects    []Subject
	// Samples are all results in the order in which they were taken. Their names are complete:
	// row, backend, source and GOMAXPROCS. Their values are in base units (sec, B).
	Samples []*benchfmt.Result
	// Notes are sentences about what was left out or differs from what was asked.
	Notes []string
	// Elapsed is the duration of the run.
	Elapsed time.Duration
}

// A Source describes BTF that was measured.
type Source struct {
	// Name is what results call the source: the last element of the file's name.
	Name string
	// Origin is the file as the user named it, or words about the embedded kernel.
	Origin string
	// Format names the containers that the BTF was taken out of. It is "raw" if there was none.
	Format string
	// Base is the name of the source that this one is split from, or "".
	Base string
	// Size is the number of bytes of the raw BTF, SHA256 their checksum in hexadecimal.
	Size   int64
	SHA256 string
	// Types is the number of types, including void and the types of bases.
	Types int
	// Growth marks synthetic BTF. It is measured by few rows, on our own backends alone, to show how
	// cost grows with size.
	Growth bool
}

// A Subject describes a backend that was measured, one of btfkit's or a peer's.
type Subject struct {
	// Name is the name of the backend in results, after "backend=".
	Name string
	// Library names its library and the version, About says how it works.
	Library, About string
	// Peer is set for the backends of other libraries.
	Peer bool
	// Storage says, by the name of a source, where the backend keeps its bytes. Peers do not tell.
	Storage map[string]string
}

// An Environment is what figures depend on besides the code: keys and values, in the order of
// reports. Where package testing has a key for something, it is the same key here.
type Environment []Setting

// A Setting is one line of an Environment.
type Setting struct {
	Key, Value string
}

// Get returns the value of a key, or "".
func (e Environment) Get(key string) string {
	for _, s := range e {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// ReadFile reads results in Go's benchmark format. It passes over lines that are no results. A file
// without any result is an error, and so is a result that no measurement gives, see [Check].
func ReadFile(path string) ([]*benchfmt.Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, path)
}

// Read reads results as [ReadFile] does. Errors call the input by the name.
func Read(in io.Reader, name string) ([]*benchfmt.Result, error) {
	var results []*benchfmt.Result
	r := benchfmt.NewReader(in, name)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.Result:
			if err := Check(rec); err != nil {
				file, line := rec.Pos()
				return nil, fmt.Errorf("%s:%d: %w", file, line, err)
			}
			results = append(results, rec.Clone())
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("%s: no benchmark results: wants the output of --format bench", name)
	}
	return results, nil
}

// Check returns an error for a result that no measurement gives and no statistics can use: of no
// operation, with a figure that is no number or infinite, or with a time or a rate that is not
// above zero.
func Check(r *benchfmt.Result) error {
	if r.Iters < 1 {
		return fmt.Errorf("%s: %d operations", r.Name, r.Iters)
	}
	for _, v := range r.Values {
		unit, shown := v.Unit, v.Value
		if v.OrigUnit != "" {
			unit, shown = v.OrigUnit, v.OrigValue
		}
		// The reader leaves a zero in the unit in which it was written.
		aboveZero := v.Unit == "sec/op" || v.Unit == "ns/op" || strings.HasSuffix(v.Unit, "/s")
		if math.IsNaN(v.Value) || math.IsInf(v.Value, 0) || aboveZero && v.Value <= 0 {
			return fmt.Errorf("%s: %v %s is no measurement", r.Name, shown, unit)
		}
	}
	return nil
}
