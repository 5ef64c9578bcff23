// Command fuzzrun runs the workspace's fuzz targets one after the other and prints what each
// did. It fails when a target finds something, makes too few executions to mean anything, or
// has a seed so large that the engine stalls on it: the go command reports success for a
// target that ran once.
//
//	go run ./fuzz/cmd/fuzzrun -time 30s
//	go run ./fuzz/cmd/fuzzrun -target FuzzParse -time 10m -floor 100000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

func main() { gocmd.Main("fuzzrun", run) }

// config is what the flags say.
type config struct {
	target string
	time   time.Duration
	floor  int
	root   string
}

func parseFlags(wErr io.Writer, args []string) (c config, err error) {
	fs := flag.NewFlagSet("fuzzrun", flag.ContinueOnError)
	fs.SetOutput(wErr)
	fs.StringVar(&c.target, "target", "", "run this `FuzzTarget` alone; all if empty")
	fs.DurationVar(&c.time, "time", 10*time.Second, "how long to fuzz each target")
	fs.IntVar(&c.floor, "floor", 100, "fail a target that makes fewer `executions`; one that "+
		"falls short\nin -time goes on for up to three times as long")
	fs.Usage = func() {
		fmt.Fprintf(wErr, "Usage: fuzzrun [flags]\n\nRuns the fuzz targets of the workspace "+
			"in the current folder or above.\nExits 1 if a target fails.\n\n")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return c, err
		}
		return c, gocmd.ErrUsage
	}
	if fs.NArg() > 0 || c.time <= 0 || c.floor < 0 {
		fmt.Fprintln(wErr, "fuzzrun: arguments besides flags, or a -time or -floor that is not positive")
		fs.Usage()
		return c, gocmd.ErrUsage
	}
	return c, nil
}

func run(ctx context.Context, w, wErr io.Writer, args []string) error {
	c, err := parseFlags(wErr, args)
	if err != nil {
		return err
	}
	if c.root, err = gocmd.Workspace(); err != nil {
		return err
	}
	targets, err := findTargets(c.root)
	if err != nil {
		return err
	}
	if targets = selectTargets(targets, c.target); len(targets) == 0 {
		return fmt.Errorf("no target %s in %s", c.target, c.root)
	}
	var results []result
	for i, t := range targets {
		fmt.Fprintf(wErr, "[%d/%d] %s\n", i+1, len(targets), t.name)
		r := fuzz(ctx, c, t)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if r.err != nil {
			fmt.Fprintf(w, "%s\n%s: %v\n\n", r.output, t.name, r.err)
		}
		results = append(results, r)
	}
	return report(w, results)
}

// report prints a row for each target, and returns an error if one failed.
func report(w io.Writer, results []result) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	failed := 0
	total := 0
	for _, r := range results {
		verdict := "ok"
		if r.err != nil {
			verdict = "FAILED"
			failed++
		}
		total += r.execs
		pkg, _ := filepath.Rel(r.root, r.dir)
		fmt.Fprintf(tw, "%s\t%s\t%d seeds\t%d execs\t%.0f/s\t%d new\t%v\t%s\t\n", r.name,
			filepath.ToSlash(pkg), len(r.seeds), r.execs, float64(r.execs)/r.took.Seconds(),
			r.interesting, r.took.Round(time.Second), verdict)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d targets, %d executions\n", len(results), total)
	if failed > 0 {
		return fmt.Errorf("%d of %d targets failed", failed, len(results))
	}
	return nil
}
