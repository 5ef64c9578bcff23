package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/spf13/cobra"
)

func rankingCommand() *cobra.Command {
	return withFlags(&cobra.Command{
		Use:   "ranking FILE...",
		Short: "say whether several runs rank the backends alike",
		Long: `Reads several runs' results in Go's benchmark format and prints, row by row, how
the backends rank by the median of their ratios within rounds, and in how many
runs they do. Backends within 25 % of each other share a rank.

Exit status: 0, 1 on failure or if a run contradicts the ranking of some row,
2 for wrong usage.`,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("wants files")
			}
			return nil
		},
		RunE: func(c *cobra.Command, paths []string) error {
			return asFailure(rankFiles(paths, c.OutOrStdout()))
		},
	}, nil)
}

func rankFiles(paths []string, stdout io.Writer) error {
	runs, err := readRuns(paths)
	if err != nil {
		return err
	}
	contradicted, err := report.Ranking(stdout, runs...)
	if err == nil && contradicted > 0 {
		err = fmt.Errorf("%d rows rank differently in some run", contradicted)
	}
	return err
}
