// Regressions compares the speed and the memory of two builds of the benchmark program, which it
// runs in turns on one machine.
//
// Usage: regressions -out DIR OLD NEW [ARGUMENT...]
//
// OLD and NEW are the programs, the arguments say what they measure. DIR gets the comparisons and
// the raw results.
//
// Chance alone makes some row of some hundred look slower. So a row fails only if it is
// significantly worse, by more than 20 %, in the first comparison and in all of 3 reruns. The exit
// status is 1 if a row fails, or if a program does.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

const (
	limit  = 0.20
	reruns = 3
	turns  = 6    // samples of a side: the fewest that can tell anything
	budget = "4s" // of a side and turn: 48 s for a comparison, so 4 minutes at worst
)

func main() {
	dir := flag.String("out", "", "folder for comparisons and results")
	flag.Parse()
	if *dir == "" || flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: regressions -out DIR OLD NEW [ARGUMENT...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	programs := map[string]string{"old": flag.Arg(0), "new": flag.Arg(1)}
	t := trial{dir: *dir, out: os.Stdout, sample: func(side, rows string) ([]byte, error) {
		return sample(ctx, programs[side], flag.Args()[2:], rows)
	}}
	err := t.run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "regressions:", err)
		os.Exit(1)
	}
}

// sample runs a program for one sample of each row that a regular expression selects.
func sample(ctx context.Context, program string, args []string, rows string) ([]byte, error) {
	args = append([]string{"--backend", "all", "--format", "bench", "--count", "1", "--budget", budget,
		"--rows", rows}, args...)
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return out, nil
}

// A trial holds two programs, "old" and "new", against each other.
type trial struct {
	// sample has a program measure the rows that a regular expression selects.
	sample func(side, rows string) ([]byte, error)
	dir    string
	out    io.Writer
}

// run compares all rows, and compares the suspects again for as long as there are some. Its error
// says how many are left.
func (t *trial) run() error {
	c, err := t.compare("first", ".")
	if err != nil {
		return err
	}
	if err := c.Write(t.out); err != nil {
		return err
	}
	suspects := c.Above(limit)
	for i := range reruns {
		if len(suspects) == 0 {
			return nil
		}
		fmt.Fprintf(t.out, "more than %.0f %% worse, measuring again (%d of %d):\n", 100*limit, i+1,
			reruns)
		t.list(suspects)
		c, err := t.compare(fmt.Sprintf("rerun%d", i+1), pattern(suspects))
		if err != nil {
			return err
		}
		worse := c.Above(limit)
		suspects = slices.DeleteFunc(suspects, func(suspect report.Change) bool {
			return !slices.ContainsFunc(worse, func(change report.Change) bool {
				return change.Name == suspect.Name && change.Unit == suspect.Unit
			})
		})
	}
	if len(suspects) == 0 {
		return nil
	}
	t.list(suspects)
	return fmt.Errorf("%d figures are more than %.0f %% worse in every one of %d comparisons",
		len(suspects), 100*limit, reruns+1)
}

func (t *trial) list(changes []report.Change) {
	for _, change := range changes {
		fmt.Fprintf(t.out, "  %s, %s\n", change, change.Unit)
	}
}

// compare measures both programs in turns. The one that goes first alternates, so that a drift of
// the machine favours neither.
func (t *trial) compare(name, rows string) (*report.Comparison, error) {
	texts := map[string][]byte{}
	order := []string{"old", "new"}
	for range turns {
		for _, side := range order {
			text, err := t.sample(side, rows)
			if err != nil {
				return nil, err
			}
			texts[side] = append(texts[side], text...)
		}
		slices.Reverse(order)
	}
	before, err := t.store(name+"-old.txt", texts["old"])
	if err != nil {
		return nil, err
	}
	after, err := t.store(name+"-new.txt", texts["new"])
	if err != nil {
		return nil, err
	}
	c, err := report.Compare(before, after)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var table bytes.Buffer
	if err := c.Write(&table); err != nil {
		return nil, err
	}
	return c, os.WriteFile(filepath.Join(t.dir, name+".txt"), table.Bytes(), 0o644)
}

// store writes what a program printed to a file, and reads the results in it.
func (t *trial) store(file string, text []byte) ([]*benchfmt.Result, error) {
	path := filepath.Join(t.dir, file)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return nil, err
	}
	return results.ReadFile(path)
}

// pattern returns a regular expression that selects the rows of the changes.
func pattern(changes []report.Change) string {
	var rows []string
	for _, change := range changes {
		rows = append(rows, regexp.QuoteMeta(change.Row))
	}
	slices.Sort(rows)
	return "^(" + strings.Join(slices.Compact(rows), "|") + ")$"
}
