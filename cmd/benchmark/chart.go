package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
)

const chartUsage = `Usage: benchmark chart [--title TEXT] FILE >chart.svg

Draws the results of a run, in Go's benchmark format, as one SVG picture: opening, memory, lookups
by id, name and expression, and a walk, of the file's first source, all backends and peers in it.

Exit status: 0, 1 on failure, 2 for wrong usage.
`

// chart is the command of that name; it returns the exit status.
func chart(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("chart", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	title := f.String("title", "", "")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, chartUsage)
		return 0
	}
	if err == nil && f.NArg() != 1 {
		err = errors.New("wants one file")
	}
	if err != nil {
		fmt.Fprintf(stderr, "benchmark chart: %v\nTry benchmark chart --help.\n", err)
		return 2
	}
	if err := chartFile(stdout, *title, f.Arg(0)); err != nil {
		fmt.Fprintf(stderr, "benchmark chart: %v\n", err)
		return 1
	}
	return 0
}

func chartFile(out io.Writer, title, path string) error {
	samples, err := results.ReadFile(path)
	if err != nil {
		return err
	}
	return report.SVG(out, title, samples)
}
