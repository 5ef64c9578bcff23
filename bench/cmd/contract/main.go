// Contract holds the output of "benchmark --backend all --peers --format bench" against the
// performance contract, which bounds.go states. It prints a Markdown table with a line for each
// bound: a backend's median in one row of the benchmark, the peer's in the same run, their ratio,
// the bound, and whether it is met.
//
// Usage: contract [-sorted] FILE...
//
// -sorted says that the source's names are sorted, so that mmap's lookups by name have a bound in
// time instead of one relative to a peer. The exit status is 1 only when a file cannot be read or
// no bound is about its rows: figures inform, they do not fail a build.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

func main() {
	sorted := flag.Bool("sorted", false, "the source's names are sorted")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: contract [-sorted] FILE...")
		os.Exit(2)
	}
	if err := judge(os.Stdout, flag.Args(), *sorted); err != nil {
		fmt.Fprintln(os.Stderr, "contract:", err)
		os.Exit(1)
	}
}

// judge reads files of results and writes the table of their first source.
func judge(out io.Writer, paths []string, sorted bool) error {
	var samples []*benchfmt.Result
	for _, path := range paths {
		read, err := results.ReadFile(path)
		if err != nil {
			return err
		}
		samples = append(samples, read...)
	}
	sheet := figures.Collect(samples)
	src := source{name: sheet.Sources()[0], sorted: sorted}
	src.size = sizeOf(samples, src.name)
	return write(out, sheet, src)
}

// sizeOf returns the bytes of a source, which the results tell in a line such as
// "source-vmlinux: PATH SIZE bytes sha256:…".
func sizeOf(samples []*benchfmt.Result, source string) float64 {
	for _, sample := range samples {
		fields := strings.Fields(sample.GetConfig("source-" + source))
		if i := slices.Index(fields, "bytes"); i > 0 {
			if size, err := strconv.ParseFloat(fields[i-1], 64); err == nil {
				return size
			}
		}
	}
	return 0
}

// write writes the table, and how many bounds are met.
func write(out io.Writer, sheet *figures.Sheet, src source) error {
	var b strings.Builder
	fmt.Fprintln(&b, "| row | backend | figure | against | its figure | ratio | bound | met |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|---|---|")
	met, all := 0, 0
	for _, c := range bounds(sheet, src) {
		ours := sheet.Get(row.Name{Row: c.row, Backend: c.backend, Source: src.name}, c.unit)
		theirs, against, most := c.limit, "a limit", "–"
		if c.peer != "" {
			f := sheet.Get(row.Name{Row: c.row, Backend: c.peer, Source: src.name}, c.unit)
			if f == nil {
				continue
			}
			theirs, against = f.Center, c.peer
			most = "≤ " + strconv.FormatFloat(c.most, 'f', 3, 64)
		}
		if ours == nil {
			continue
		}
		all++
		verdict := "**no**"
		if ours.Center <= c.most*theirs {
			verdict = "yes"
			met++
		}
		name := strings.ReplaceAll(c.row.String(), "|", `\|`)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %.3f | %s | %s |\n", name, c.backend,
			format(ours.Center, c.unit), against, format(theirs, c.unit), ours.Center/theirs, most,
			verdict)
	}
	if all == 0 {
		return errors.New("no bound is about these rows; measure with --backend all --peers")
	}
	fmt.Fprintf(&b, "\n%d of %d bounds met.\n", met, all)
	_, err := io.WriteString(out, b.String())
	return err
}

// format writes seconds or bytes as people do.
func format(v float64, unit string) string {
	switch {
	case unit == private:
		return fmt.Sprintf("%.2f MB", v/1e6)
	case v < 1e-6:
		return fmt.Sprintf("%.1f ns", v*1e9)
	case v < 1e-3:
		return fmt.Sprintf("%.2f µs", v*1e6)
	default:
		return fmt.Sprintf("%.2f ms", v*1e3)
	}
}
