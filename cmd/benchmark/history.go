package main

import (
	"errors"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/spf13/cobra"
	"golang.org/x/perf/benchfmt"
)

func historyCommand() *cobra.Command {
	return withFlags(&cobra.Command{
		Use:   "history FILE FILE... >history.html",
		Short: "draw how figures changed over several runs as one page",
		Long: `Reads several runs' results in Go's benchmark format, the oldest first, and
draws a page: a chart for each row, with a line for each backend. It says which
runs are about another machine or other BTF.

Exit status: 0, 1 on failure, 2 for wrong usage.`,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) < 2 {
				return errors.New("wants two files or more")
			}
			return nil
		},
		RunE: func(c *cobra.Command, paths []string) error {
			return asFailure(drawHistory(c.OutOrStdout(), paths))
		},
	}, nil)
}

func drawHistory(out io.Writer, paths []string) error {
	runs, err := readRuns(paths)
	if err != nil {
		return err
	}
	return report.History(out, runs...)
}

func readRuns(paths []string) (runs [][]*benchfmt.Result, err error) {
	for _, path := range paths {
		samples, err := results.ReadFile(path)
		if err != nil {
			return nil, err
		}
		runs = append(runs, samples)
	}
	return runs, nil
}
