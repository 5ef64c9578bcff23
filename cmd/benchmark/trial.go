package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

// A trial holds two programs, the old and the new one, against each other.
//
// What else runs on the machine only ever adds time, and how much changes from one moment to the
// next. So of the samples of a process, its best counts. Where a process lies in memory makes a
// difference, too, and that only another process can tell. So processes are what is compared, an
// old one with the new one that runs next to it.
//
// Chance alone makes some row of some hundred look slower. So what looks worse is only a suspect,
// and gets samples of its own, which alone are judged. These are tests of a few figures instead of
// hundreds, and the suspicion does not tell anything about the new samples.
type trial struct {
	*comparison
	// sample has a program, 0 for the old and 1 for the new one, measure the rows that a regular
	// expression selects; "" selects what its options do.
	sample func(side int, rows string) ([]byte, error)
	out    io.Writer
}

// sides name the programs in files.
var sides = [2]string{"old", "new"}

// run compares all rows, then the suspects again.
func (t *trial) run() error {
	before, after, err := t.measure("first", "", t.turns)
	if err != nil {
		return err
	}
	c, err := t.show("first", before, after)
	if err != nil || !t.given {
		return err
	}
	suspects := c.Suspects()
	if len(suspects) == 0 {
		return nil
	}
	fmt.Fprintf(t.out, "\nmay be more than %.4g %% worse, measuring again:\n", 100*t.limit)
	for _, change := range suspects {
		fmt.Fprintf(t.out, "  %s, %s\n", change.Name, change.Unit)
	}
	fmt.Fprintln(t.out)
	turns := max(2*t.turns, report.PairsWanted(len(suspects), againRisk))
	if before, after, err = t.measure("again", rowsPattern(suspects), turns); err != nil {
		return err
	}
	c, err = t.show("again", onlyFigures(suspects, before), onlyFigures(suspects, after))
	if err != nil {
		return err
	}
	return t.judge(c, againRisk, t.out)
}

// againRisk is the probability that the second look calls one of two equal programs slower.
const againRisk = 0.01

// measure has both programs measure in turns. The one that goes first alternates, so that a drift
// of the machine favours neither.
func (t *trial) measure(name, rows string, turns int) (
	before, after []*benchfmt.Result, err error) {
	var texts [2][]byte
	var bests [2][]*benchfmt.Result
	order := []int{0, 1}
	for range turns {
		for _, side := range order {
			text, err := t.sample(side, rows)
			if err != nil {
				return nil, nil, err
			}
			read, err := results.Read(bytes.NewReader(text), name+"-"+sides[side])
			if err != nil {
				return nil, nil, err
			}
			texts[side] = append(texts[side], text...)
			bests[side] = append(bests[side], bestPerName(read)...)
		}
		slices.Reverse(order)
	}
	for side, text := range texts {
		write := func(out io.Writer) error { _, err := out.Write(text); return err }
		if err := t.keep(name+"-"+sides[side]+".txt", write); err != nil {
			return nil, nil, err
		}
	}
	return bests[0], bests[1], nil
}

// bestPerName returns one result of each name, with the best value of each unit.
func bestPerName(samples []*benchfmt.Result) (bests []*benchfmt.Result) {
	known := make(map[string]*benchfmt.Result)
	for _, sample := range samples {
		b := known[sample.Name.String()]
		if b == nil {
			b = sample.Clone()
			known[sample.Name.String()] = b
			bests = append(bests, b)
		}
		for i, v := range b.Values {
			now, ok := sample.Value(v.Unit)
			more := strings.HasSuffix(v.Unit, "/s") // is better
			if ok && now != v.Value && (now > v.Value) == more {
				b.Values[i].Value = now
			}
		}
	}
	return bests
}

// show compares two runs and writes the table.
func (t *trial) show(name string, before, after []*benchfmt.Result) (*report.Comparison, error) {
	c, err := t.compare(before, after, t.out, report.ComparePairs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, errors.Join(c.Write(t.out), t.keep(name+".txt", c.Write))
}

// rowsPattern returns a regular expression for exactly the rows of these changes.
func rowsPattern(changes []report.Change) string {
	var rows []string
	for _, change := range changes {
		if row := regexp.QuoteMeta(change.Row); !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	return "^(" + strings.Join(rows, "|") + ")$"
}

// onlyFigures keeps the figures of these changes: their rows have others as well.
func onlyFigures(changes []report.Change, samples []*benchfmt.Result) (kept []*benchfmt.Result) {
	for _, sample := range samples {
		sample.Values = slices.DeleteFunc(sample.Values, func(v benchfmt.Value) bool {
			return !slices.ContainsFunc(changes, func(c report.Change) bool {
				return c.Unit == v.Unit && c.IsOf(sample.Name)
			})
		})
		if len(sample.Values) > 0 {
			kept = append(kept, sample)
		}
	}
	return kept
}

// perProcess is how many samples of each row a process takes.
const perProcess = "5"

// sample runs a program for some samples of each row. Where ctx ends, the program is interrupted,
// so that it removes its temporary files.
func sample(ctx context.Context, program string, options []string, rows string) ([]byte, error) {
	args := append(slices.Clone(options), "--format", "bench", "--count", perProcess)
	if rows != "" {
		args = append(args, "--rows", rows)
	}
	if filepath.Base(program) == program { // a file, as OLD.txt is, not a command of PATH
		program = "." + string(filepath.Separator) + program
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return out, nil
}
