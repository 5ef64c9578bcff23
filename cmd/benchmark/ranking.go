package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/cmd/internal/flags"
	"golang.org/x/perf/benchfmt"
)

func rankingCommand() *flags.Command {
	return &flags.Command{
		Name:  "benchmark ranking",
		Usage: []string{"benchmark ranking FILE..."},
		Brief: "say whether several runs rank the backends alike",
		About: "Reads several runs' results in Go's benchmark format and prints, row by row, how the " +
			"backends rank by the median of their ratios within rounds, and in how many runs they do. " +
			"Backends within 25 % of each other share a rank.",
		Files:  true,
		Status: "0, 1 on failure or if a run contradicts the ranking of some row, 2 for wrong usage.",
	}
}

// ranking is the command of that name; it returns the exit status.
func ranking(args []string, stdout, stderr io.Writer) int {
	c := rankingCommand()
	paths, _, status, ok := c.Run(args, stdout, stderr)
	if !ok {
		return status
	}
	if len(paths) == 0 {
		return c.Misused(stderr, errors.New("wants files"))
	}
	if err := rankFiles(paths, stdout); err != nil {
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
