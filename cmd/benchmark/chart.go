package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/cmd/internal/flags"
)

func chartCommand(title *string) *flags.Command {
	return &flags.Command{
		Name:  "benchmark chart",
		Usage: []string{"benchmark chart [--title TEXT] FILE >chart.svg"},
		Brief: "draw a run as one SVG picture",
		About: "Draws the results of a run, in Go's benchmark format, as one SVG picture: opening, " +
			"memory, lookups by id, name and expression, and a walk, of the file's first source, all " +
			"backends and peers in it.",
		Groups: []flags.Group{{Title: "Options", Options: []flags.Option{
			{Name: "title", Arg: "TEXT", Bind: text(title, ""),
				About: "heading of the picture (default the source)"},
		}}},
		Files:  true,
		Status: "0, 1 on failure, 2 for wrong usage.",
	}
}

// chart is the command of that name; it returns the exit status.
func chart(args []string, stdout, stderr io.Writer) int {
	var title string
	c := chartCommand(&title)
	paths, _, status, ok := c.Run(args, stdout, stderr)
	if !ok {
		return status
	}
	if len(paths) != 1 {
		return c.Misused(stderr, errors.New("wants one file"))
	}
	if err := chartFile(stdout, title, paths[0]); err != nil {
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
