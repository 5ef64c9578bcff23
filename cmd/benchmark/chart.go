package main

import (
	"errors"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/spf13/cobra"
)

func chartCommand() *cobra.Command {
	f := newFlags()
	title := f.String("title", "", "write `TEXT` above the picture (default: the source's name)")
	return withFlags(&cobra.Command{
		Use:   "chart [--title TEXT] FILE >chart.svg",
		Short: "draw a run as one SVG picture",
		Long: `Draws the results of a run, in Go's benchmark format, as one SVG picture:
opening, memory, lookups by id, name and expression, and a walk, of the file's
first source, all backends and peers in it.

Exit status: 0, 1 on failure, 2 for wrong usage.`,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) != 1 {
				return errors.New("wants one file")
			}
			return nil
		},
		RunE: func(c *cobra.Command, paths []string) error {
			return asFailure(chartFile(c.OutOrStdout(), *title, paths[0]))
		},
	}, []string{"Options"}, f)
}

func chartFile(out io.Writer, title, path string) error {
	samples, err := results.ReadFile(path)
	if err != nil {
		return err
	}
	return report.SVG(out, title, samples)
}
