package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

const compareUsage = `Usage: benchmark compare [options] OLD.txt NEW.txt

Compares two files of results in Go's benchmark format, such as --format bench writes or "go test
-bench": medians, and whether chance alone would make such a difference (Mann-Whitney U test, 5 %).

  --fail-above N%   exit with status 1 if anything got worse by more than N percent, significantly

Exit status: 0, 1 on failure or what --fail-above says, 2 for wrong usage.
`

// compare is the command of that name; it returns the exit status.
func compare(args []string, stdout, stderr io.Writer) int {
	files, limit, err := parseCompare(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, compareUsage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "benchmark compare: %v\nTry benchmark compare --help.\n", err)
		return 2
	}
	if err := compareFiles(files[0], files[1], limit, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "benchmark compare: %v\n", err)
		return 1
	}
	return 0
}

// parseCompare accepts options before, between and behind the files.
func parseCompare(args []string) (files []string, limit float64, err error) {
	limit = math.Inf(1)
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Func("fail-above", "", func(value string) error {
		percent, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		if err != nil || percent < 0 || math.IsNaN(percent) {
			return errors.New("wants a percentage such as 10%")
		}
		limit = percent / 100
		return nil
	})
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, 0, err
		}
		if args = f.Args(); len(args) > 0 {
			files, args = append(files, args[0]), args[1:]
		}
	}
	if len(files) != 2 {
		return nil, 0, fmt.Errorf("wants two files, got %d", len(files))
	}
	return files, limit, nil
}

func compareFiles(before, after string, limit float64, stdout, stderr io.Writer) error {
	var runs [2][]*benchfmt.Result
	for i, path := range []string{before, after} {
		var err error
		if runs[i], err = results.ReadFile(path); err != nil {
			return err
		}
	}
	c, err := report.Compare(runs[0], runs[1])
	if err != nil {
		return fmt.Errorf("%s and %s: %w", before, after, err)
	}
	if err := c.Write(stdout); err != nil {
		return err
	}
	bad := c.Above(limit)
	for _, change := range bad {
		fmt.Fprintf(stderr, "worse: %s\n", change)
	}
	if len(bad) > 0 {
		return fmt.Errorf("worse by more than %.4g %%: %d of %d figures", 100*limit, len(bad),
			len(c.Changes))
	}
	return nil
}
