// Conformance exports the suite, or runs it:
//
//	conformance export DIR            the cases as files
//	conformance archive FILE.tar.gz   the same in one file
//	conformance run [-out DIR]        all adapters over all cases; writes a table in three forms
//	conformance fuzz [-out DIR]       adapters of others over mutated cases; see package across
//	conformance try CASE...           adapters over cases that are folders
//
// Run it in the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/matrix"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flag.Usage = func() { fmt.Fprintln(os.Stderr, run(ctx, nil)) } // which says how to call it
	flag.Parse()
	if err := run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	cases, err := suite.All()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 2 && args[0] == "export":
		return suite.Write(args[1], cases)
	case len(args) == 2 && args[0] == "archive":
		return write(args[1], func(w io.Writer) error { return suite.Archive(w, cases) })
	case len(args) >= 1 && args[0] == "run":
		return runAll(ctx, cases, args[1:])
	case len(args) >= 1 && args[0] == "fuzz":
		return fuzz(ctx, cases, args[1:])
	case len(args) >= 2 && args[0] == "try":
		return try(ctx, args[1:])
	}
	return errors.New("usage: conformance export DIR | archive FILE.tar.gz | " +
		"try [-with NAMES] CASES | run [-out DIR] | fuzz [-out DIR]")
}

// A bench is where adapters run.
type bench struct {
	root     string // of the repository
	dir      string // for programs and files of this run
	adapters []matrix.Adapter
	missing  []string // what other adapters lack
}

// prepare builds the adapter in Go, and looks for the programs of the others.
func prepare(ctx context.Context) (b *bench, remove func(), err error) {
	root, err := gocmd.Workspace()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	build := exec.CommandContext(ctx, "go", "build", "-o", dir, "./fuzz/conformance/cmd/adapter")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		remove()
		return nil, nil, fmt.Errorf("go build: %w", err)
	}
	b = &bench{root: root, dir: dir}
	b.adapters, b.missing = matrix.Missing(
		matrix.Adapters(dir, filepath.Join(root, "fuzz", "conformance")))
	for _, r := range b.missing {
		fmt.Fprintln(os.Stderr, "skipped:", r)
	}
	if err := matrix.Require(b.missing); err != nil {
		remove()
		return nil, nil, err
	}
	return b, remove, nil
}

// runAll runs whatever adapters there are.
func runAll(ctx context.Context, cases []suite.Case, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	out := flags.String("out", ".", "folder for the table: matrix.md, matrix.html, matrix.json")
	speed := flags.String("speed", "", "take times from this file, which benchmark --peers "+
		"--format bench wrote")
	only := flags.String("only", "", "run the cases alone whose name contains this")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, remove, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer remove()
	var chosen []suite.Case
	for _, c := range cases {
		if strings.Contains(c.Name, *only) {
			chosen = append(chosen, c)
		}
	}
	t, err := matrix.Run(ctx, filepath.Join(b.dir, "cases"), chosen, b.adapters, progress())
	if err != nil {
		return err
	}
	t.Skipped = b.missing
	if *speed != "" {
		if err := t.AddSpeed(*speed); err != nil {
			return err
		}
	}
	return save(*out, t)
}

// progress returns what shows how far a run is: on a terminal, a line of standard error.
func progress() func(done, of int) {
	st, err := os.Stderr.Stat()
	if err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return func(int, int) {}
	}
	var last time.Time
	return func(done, of int) {
		switch {
		case done == of:
			fmt.Fprint(os.Stderr, "\r\x1b[K")
		case time.Since(last) > 100*time.Millisecond:
			last = time.Now()
			fmt.Fprintf(os.Stderr, "\r\x1b[K%d of %d runs", done, of)
		}
	}
}

func save(dir string, t *matrix.Table) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, f := range map[string]func(io.Writer) error{
		"matrix.md": t.Markdown, "matrix.html": t.HTML, "matrix.json": t.JSON,
	} {
		if err := write(filepath.Join(dir, name), f); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, f func(io.Writer) error) error {
	w, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(f(w), w.Close())
}
