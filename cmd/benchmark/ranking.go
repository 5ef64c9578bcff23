package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

const rankingUsage = `Usage: benchmark ranking FILE...

Reads several runs' results in Go's benchmark format and prints, row by row, how the backends rank
by the median of their ratios within rounds, and in how many runs they do. Backends within 25 % of
each other share a rank.

Exit status: 0, 1 on failure or if a run contradicts the ranking of some row, 2 for wrong usage.
`

// ranking is the command of that name; it returns the exit status.
func ranking(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("ranking", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, rankingUsage)
		return 0
	}
	if err == nil && f.NArg() == 0 {
		err = errors.New("wants files")
	}
	if err != nil {
		fmt.Fprintf(stderr, "benchmark ranking: %v\nTry benchmark ranking --help.\n", err)
		return 2
	}
	if err := rankFiles(f.Args(), stdout); err != nil {
		fmt.Fprintf(stderr, "benchmark ranking: %v\n", err)
		return 1
	}
	return 0
}

func rankFiles(paths []string, stdout io.Writer) error {
	var runs [][]*benchfmt.Result
	for _, path := range paths {
		samples, err := results.ReadFile(path)
		if err != nil {
			return err
		}
		runs = append(runs, samples)
	}
	contradicted, err := report.Ranking(stdout, runs...)
	if err == nil && contradicted > 0 {
		err = fmt.Errorf("%d rows rank differently in some run", contradicted)
	}
	return err
}
