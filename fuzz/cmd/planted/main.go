// Command planted measures whether the tests of package fuzz find bugs. It applies each patch
// of the folder planted, one realistic bug, to a copy of the workspace, runs the sweep and the
// targets that the patch names, and prints how long each took to notice.
//
//	go run ./fuzz/cmd/planted            # all bugs, once
//	go run ./fuzz/cmd/planted -runs 3    # three times; a bug counts as found if it is in all
//	go run ./fuzz/cmd/planted -bug vlen-16-bits
//	go run ./fuzz/cmd/planted -engine libfuzzer -bug vlen-16-bits   # needs clang; see try.sh
//
// A patch may mark its bug, see flags.go: then the table also tells when the bug was reached, and
// when it first made a difference.
//
// It exits 1 if a run ends without a bug being found by any of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

func main() { gocmd.Main("planted", run) }

// config is what the flags say.
type config struct {
	runs  int
	bug   string
	limit time.Duration

	engine string
}

func parseFlags(wErr io.Writer, args []string) (c config, err error) {
	fs := flag.NewFlagSet("planted", flag.ContinueOnError)
	fs.SetOutput(wErr)
	fs.IntVar(&c.runs, "runs", 1, "how `often` to look for each bug")
	fs.StringVar(&c.bug, "bug", "", "look for this `bug` alone; for all if empty")
	fs.DurationVar(&c.limit, "limit", time.Minute, "how long each target may take, building apart")
	fs.StringVar(&c.engine, "engine", goEngine, "what runs targets: go, or libfuzzer, which has no "+
		"tests, and of the targets those of module fuzz")
	fs.Usage = func() {
		fmt.Fprintf(wErr, "Usage: planted [flags]\n\nPlants bugs in a copy of the workspace in the "+
			"current folder or above\nand looks for them. Exits 1 if one is not found.\n\n")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return c, err
		}
		return c, gocmd.ErrUsage
	}
	if fs.NArg() > 0 || c.runs < 1 || c.limit < time.Second ||
		c.engine != goEngine && c.engine != libFuzzer {
		fmt.Fprintln(wErr, "planted: arguments besides flags, -runs below 1, -limit below 1s, or "+
			"no such -engine")
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
	root, err := gocmd.Workspace()
	if err != nil {
		return err
	}
	bugs, err := readBugs(root, c.bug)
	if err != nil {
		return err
	}
	tree, remove, err := copyTree(root)
	if err != nil {
		return err
	}
	defer remove()
	missed := 0
	for i, b := range bugs {
		if c.engine == libFuzzer && !slices.ContainsFunc(b.targets, isBuilt) {
			fmt.Fprintf(w, "%s: no target of libFuzzer\n", b.name)
			continue
		}
		fmt.Fprintf(wErr, "[%d/%d] %s\n", i+1, len(bugs), b.name)
		found, err := tree.look(ctx, w, b, c)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		if !found {
			missed++
		}
	}
	fmt.Fprintf(w, "%d bugs, %d not found in every run of %d\n", len(bugs), missed, c.runs)
	if missed > 0 {
		return fmt.Errorf("%d of %d bugs not found", missed, len(bugs))
	}
	return nil
}
