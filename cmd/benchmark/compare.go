package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/spf13/cobra"
	"golang.org/x/perf/benchfmt"
)

// A comparison is what the command line of compare says.
type comparison struct {
	limit  float64 // a fraction
	given  bool    // --fail-above
	anyway bool
	run    bool
	turns  int
	dir    string
}

func (o *comparison) command() *cobra.Command {
	f := newFlags()
	f.Func("fail-above", "exit with status 1 if anything got worse by more than `N%`, "+
		"significantly; figures that cannot differ by so much are not tested", o.setLimit)
	f.BoolVar(&o.run, "run", false,
		"OLD and NEW are programs: run them in turns and compare what they measure")
	f.IntVar(&o.turns, "turns", 6,
		"with --run, start each program `N` times; of each process, the best of 5 samples counts")
	f.StringVar(&o.dir, "out", "",
		"with --run, keep the raw results and the comparisons in `DIR`")
	f.BoolVar(&o.anyway, "anyway", false,
		"compare runs of other BTF, machines or versions of Go, too, and say what differs")
	return withFlags(&cobra.Command{
		Use:   "compare [options] OLD NEW [-- OPTION...]",
		Short: "compare two runs, or two programs that run in turns",
		Long: `Compares two files of results in Go's benchmark format, such as --format bench
writes or "go test -bench": medians, and whether chance alone would make such a
difference (Mann-Whitney U test; the probability that any of the figures of two
equal programs is called different is at most 5 %, by Holm's correction).

Two runs one after the other also differ by what the machine did meanwhile. With
--run, OLD and NEW are two builds of benchmark, which run in turns with the
OPTIONs that follow "--"; each old process is compared with the new one beside
it (sign test). With --fail-above, rows that look worse are then measured again,
three times as often, and only the new samples count.

Exit status: 0, 1 on failure or what --fail-above says, 2 for wrong usage.`,
		Example: `  benchmark compare --fail-above 10% old.txt new.txt
  benchmark compare --run --fail-above 10% ./old ./new -- --embedded`,
		Args: func(c *cobra.Command, args []string) error {
			return o.check(args, c.Flags().Changed)
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stdout := c.Context(), c.OutOrStdout()
			if !o.run {
				return asFailure(o.compareFiles(args[0], args[1], stdout, c.ErrOrStderr()))
			}
			t := trial{comparison: o, out: stdout, sample: func(side int, rows string) ([]byte, error) {
				return sample(ctx, args[side], args[2:], rows)
			}}
			return asFailure(t.run())
		},
	}, []string{"Options"}, f)
}

func (o *comparison) setLimit(value string) error {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
	if err != nil || percent < 0 || math.IsNaN(percent) {
		return errors.New("wants a percentage such as 10%")
	}
	o.limit, o.given = percent/100, true
	return nil
}

func (o *comparison) check(rest []string, given func(name string) bool) error {
	switch {
	case !o.run && len(rest) != 2:
		return fmt.Errorf("wants two files, got %d", len(rest))
	case o.run && len(rest) < 2:
		return fmt.Errorf("--run: wants two programs, got %d", len(rest))
	case !o.run && (given("turns") || given("out")):
		return errors.New("--turns, --out: go with --run")
	case o.turns < 1:
		return errors.New("--turns: wants 1 or more")
	}
	return nil
}

func (o *comparison) compareFiles(before, after string, stdout, stderr io.Writer) error {
	var runs [2][]*benchfmt.Result
	for i, path := range []string{before, after} {
		var err error
		if runs[i], err = results.ReadFile(path); err != nil {
			return err
		}
	}
	c, err := o.compare(runs[0], runs[1], stderr, report.Compare)
	if err != nil {
		return fmt.Errorf("%s and %s: %w", before, after, err)
	}
	if err := c.Write(stdout); err != nil {
		return err
	}
	return o.judge(c, 0.05, stderr)
}

// compare compares two runs in one of report's ways unless they are about something else.
func (o *comparison) compare(before, after []*benchfmt.Result, stderr io.Writer,
	how func(before, after []*benchfmt.Result, limit float64) (*report.Comparison, error)) (
	*report.Comparison, error) {
	for _, difference := range report.Differences(before, after) {
		if !o.anyway {
			return nil, fmt.Errorf("cannot be compared (--anyway does): %s", difference)
		}
		fmt.Fprintf(stderr, "benchmark compare: note: %s\n", difference)
	}
	return how(before, after, o.limit)
}

// judge fails if --fail-above says so. risk is the probability that it does so between two equal
// programs.
func (o *comparison) judge(c *report.Comparison, risk float64, stderr io.Writer) error {
	if !o.given {
		return nil
	}
	bad := c.Worse(risk)
	for _, change := range bad {
		fmt.Fprintf(stderr, "worse: %s\n", change)
	}
	if len(bad) > 0 {
		return fmt.Errorf("worse by more than %.4g %%: %d of %d figures", 100*o.limit, len(bad),
			len(c.Changes))
	}
	return nil
}

// keep writes a file into the folder of --out, if there is one.
func (o *comparison) keep(name string, write func(io.Writer) error) error {
	if o.dir == "" {
		return nil
	}
	return writeFile(o.dir+string(os.PathSeparator)+name, write)
}
