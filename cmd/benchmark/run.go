package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/bench/session"
	"golang.org/x/perf/benchfmt"
)

// serveCommand is the first argument of the processes that this program starts of itself, one for
// each backend. It is not for people; other drivers may use it.
const serveCommand = "serve"

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case serveCommand:
			return session.Serve(bench.Backends(), args[1:], stdin, stdout, stderr)
		case "--version", "-version":
			fmt.Fprintf(stdout, "benchmark %s %s %s/%s\n", build.Version(), runtime.Version(),
				runtime.GOOS, runtime.GOARCH)
			return 0
		case "compare":
			return compare(args[1:], stdout, stderr)
		case "chart":
			return chart(args[1:], stdout, stderr)
		case "ranking":
			return ranking(args[1:], stdout, stderr)
		}
	}
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, usage, backendNames())
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "benchmark: %v\nTry benchmark --help.\n", err)
		return 2
	}
	if err := measure(ctx, o, stdout, stderr); err != nil {
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
			err = errors.New("interrupted")
		}
		fmt.Fprintf(stderr, "benchmark: %v\n", err)
		return 1
	}
	return 0
}

func backendNames() string {
	var names []string
	for _, b := range bench.Backends() {
		names = append(names, b.Name())
	}
	return strings.Join(names, ", ")
}

// measure runs the benchmark and writes its results.
func measure(ctx context.Context, o *options, stdout, stderr io.Writer) (err error) {
	began := time.Now()
	ws := new(session.Workspace)
	defer func() { err = errors.Join(err, ws.Close()) }()
	bar := newProgress(stderr)
	defer bar.clear()
	sources, err := prepareSources(ctx, o, ws, bar, stderr)
	if err != nil {
		return err
	}
	subjects, err := listSubjects(ctx, o)
	if err != nil {
		return err
	}
	c := session.Config{
		Sources: sources, Subjects: subjects, Queries: o.queries, Parallel: o.full,
		Count: o.count, Iterations: o.iterations, Progress: bar.show,
	}
	if o.rows != nil {
		c.Select = o.rows.MatchString
	}
	if o.budget > 0 {
		c.Deadline = began.Add(o.budget)
	}
	if o.format == "bench" {
		out := benchfmt.NewWriter(stdout)
		c.Result = func(r *benchfmt.Result) error { return out.Write(r) }
	}
	measured, err := session.Run(ctx, ws, c)
	if query := new(session.QueryError); errors.As(err, &query) {
		return fmt.Errorf("--%w", query) // queries are named like the options
	}
	if err != nil {
		return err
	}
	bar.clear()
	return writeRun(o, measured, stdout, stderr)
}

// writeRun writes the page that is asked for, and the results unless they are written already.
func writeRun(o *options, r *results.Run, stdout, stderr io.Writer) error {
	if o.report != "" {
		if err := writeFile(o.report, func(f io.Writer) error { return report.HTML(f, r) }); err != nil {
			return err
		}
	}
	switch o.format {
	case "table":
		return report.Table(stdout, r)
	case "json":
		return report.JSON(stdout, r)
	}
	for _, note := range report.Notes(r) {
		fmt.Fprintf(stderr, "benchmark: note: %s\n", note)
	}
	return nil
}

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// prepareSources prepares what the options name: the base, and each split on it.
func prepareSources(ctx context.Context, o *options, ws *session.Workspace, bar *progress,
	stderr io.Writer) ([]*session.Source, error) {
	var base *session.Source
	var err error
	if o.dir != "" {
		tree, note, err := ws.Dir(ctx, o.dir, o.base, bar.show)
		bar.clear()
		if note != "" {
			fmt.Fprintf(stderr, "benchmark: %s\n", note)
		}
		return []*session.Source{tree}, err
	}
	switch {
	case o.embedded:
		base, err = ws.Embedded()
	case o.base == "":
		var note string
		if base, note, err = ws.Kernel(ctx); note != "" {
			fmt.Fprintf(stderr, "benchmark: %s\n", note)
		}
	default:
		base, err = ws.File(ctx, o.base, nil)
	}
	if err != nil {
		return nil, err
	}
	sources := []*session.Source{base}
	for _, path := range o.splits {
		split, err := ws.File(ctx, path, base)
		if err != nil {
			return nil, err
		}
		sources = append(sources, split)
	}
	if !o.full || o.queries.Chosen() {
		return sources, nil
	}
	growth, err := ws.Growth(1_000, 10_000, 100_000, 1_000_000)
	return append(sources, growth...), err
}

// listSubjects returns our backends, each in a process of this very program, and the peers.
func listSubjects(ctx context.Context, o *options) ([]session.Subject, error) {
	subjects := session.Ours(o.backends, self(ctx))
	if !o.peers {
		return subjects, nil
	}
	dir := o.peersDir
	if dir == "" {
		dir = findPeers()
	}
	peers, err := session.Peers(ctx, dir)
	return append(subjects, peers...), err
}

// self returns how this program is started as a server; nil where it cannot start itself, as under
// an emulator, and then measures in this process.
func self(ctx context.Context) []string {
	path, err := os.Executable()
	if err != nil || exec.CommandContext(ctx, path, serveCommand, "--backends").Run() != nil {
		return nil
	}
	return []string{path, serveCommand}
}

// findPeers looks for the folder of peers here and above, as tools look for a module's root.
func findPeers() string {
	const inside = "bench/peers/bin"
	dir, err := os.Getwd()
	if err != nil {
		return inside
	}
	for {
		if st, err := os.Stat(filepath.Join(dir, inside)); err == nil && st.IsDir() {
			return filepath.Join(dir, inside)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return inside
		}
		dir = parent
	}
}
