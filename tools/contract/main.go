// Contract holds the output of "benchmark --backend all --peers --format bench" against the
// performance contract, which cells.go states, and prints a cell a line as a Markdown table:
// a backend's median in one row of the benchmark, the peer's in the same run, their ratio,
// the bound, and whether it is met.
//
// Usage: contract [-sorted] FILE...
//
// -sorted says that the source's names are sorted, so that mmap's name lookups have a bound in
// time instead of one relative to a peer. It exits 1 only when a file cannot be read: figures
// inform, they do not fail a build.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

func main() {
	sorted := flag.Bool("sorted", false, "the source's names are sorted")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: contract [-sorted] FILE...")
		os.Exit(2)
	}
	r, err := read(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
	r.print(os.Stdout, *sorted)
}

// A key is what one median belongs to: row "Memory/stage=open", backend "mmap", unit "private-B".
type key struct{ row, backend, unit string }

// results are the samples of a run and the size of its source in bytes, 0 if it is not told.
type results struct {
	samples map[key][]float64
	size    float64
}

// read reads benchmark output. Lines that are not benchmark results are passed over.
func read(paths []string) (*results, error) {
	r := &results{samples: make(map[key][]float64)}
	files := benchfmt.Files{Paths: paths}
	for files.Scan() {
		result, ok := files.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		row, rest, found := strings.Cut(result.Name.String(), "/backend=")
		if !found {
			continue
		}
		backend, source, _ := strings.Cut(rest, "/source=")
		if i := strings.LastIndexByte(source, '-'); i >= 0 {
			source = source[:i] // without GOMAXPROCS
		}
		for _, v := range result.Values {
			k := key{row, backend, v.Unit}
			r.samples[k] = append(r.samples[k], v.Value)
		}
		// "source-vmlinux: PATH SIZE bytes sha256:…"
		fields := strings.Fields(result.GetConfig("source-" + source))
		if i := slices.Index(fields, "bytes"); i > 0 {
			r.size, _ = strconv.ParseFloat(fields[i-1], 64)
		}
	}
	return r, files.Err()
}

// median returns the middle sample, or false if there is none.
func (r *results) median(k key) (float64, bool) {
	s := slices.Sorted(slices.Values(r.samples[k]))
	if len(s) == 0 {
		return 0, false
	}
	return (s[len(s)/2] + s[(len(s)-1)/2]) / 2, true
}

// print writes the table, and how many cells are met.
func (r *results) print(w io.Writer, sorted bool) {
	fmt.Fprintln(w, "| row | backend | figure | against | its figure | ratio | bound | met |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|")
	met, all := 0, 0
	for _, c := range r.cells(sorted) {
		ours, ok := r.median(key{c.row, c.backend, c.unit})
		theirs, bound := c.limit, "–"
		if c.peer != "" {
			var found bool
			theirs, found = r.median(key{c.row, c.peer, c.unit})
			ok = ok && found
			bound = "≤ " + strconv.FormatFloat(c.most, 'f', 3, 64)
		}
		if !ok {
			continue
		}
		all++
		verdict := "**no**"
		if ours <= c.most*theirs {
			verdict = "yes"
			met++
		}
		against := c.peer
		if against == "" {
			against = "a limit"
		}
		row := strings.ReplaceAll(c.row, "|", `\|`)
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s | %.3f | %s | %s |\n", row, c.backend,
			figure(ours, c.unit), against, figure(theirs, c.unit), ours/theirs, bound, verdict)
	}
	fmt.Fprintf(w, "\n%d of %d cells met.\n", met, all)
}

// figure writes seconds or bytes as people do.
func figure(v float64, unit string) string {
	switch {
	case unit == "private-B":
		return fmt.Sprintf("%.2f MB", v/1e6)
	case v < 1e-6:
		return fmt.Sprintf("%.1f ns", v*1e9)
	case v < 1e-3:
		return fmt.Sprintf("%.2f µs", v*1e6)
	default:
		return fmt.Sprintf("%.2f ms", v*1e3)
	}
}
