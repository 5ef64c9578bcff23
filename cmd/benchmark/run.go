package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/report"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/bench/session"
	"golang.org/x/perf/benchfmt"
)

// finish reports what ended a command, and returns the exit status: after a signal, what shells
// give to programs that a signal ends.
func finish(ctx context.Context, name string, err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	status := 1
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, cause) {
		status = 128 + int(syscall.SIGINT)
		if by := (interruption{}); errors.As(cause, &by) {
			status = 128 + int(by.signal)
		}
		err = errors.New("interrupted")
	}
	fmt.Fprintf(stderr, "%s: %v\n", name, err)
	return status
}

func backendNames() (names []string) {
	for _, b := range bench.Backends() {
		names = append(names, b.Name())
	}
	return names
}

// measure runs the benchmark and writes its results, those so far if ctx ends it.
func measure(ctx context.Context, o *options, stdout, stderr io.Writer) (err error) {
	began := time.Now()
	if o.report != "" {
		if err := checkOutput(o.report); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	ws := new(session.Workspace)
	defer func() { err = errors.Join(err, ws.Close()) }()
	bar := newProgress(stderr)
	defer bar.stop()
	sources, subjects, err := prepare(ctx, o, ws, bar, stderr)
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
	prepared := time.Since(began)
	measured, err := session.Run(ctx, ws, c)
	bar.stop()
	if query := new(session.QueryError); errors.As(err, &query) {
		return fmt.Errorf("--%w", query) // queries are named like the options
	}
	if small := new(session.BudgetError); errors.As(err, &small) {
		small.Wanted = (small.Wanted + prepared).Truncate(time.Second) + time.Second
		return fmt.Errorf("--budget %v: %w", o.budget, small)
	}
	if measured == nil || len(measured.Samples) == 0 {
		return err
	}
	if err != nil {
		measured.Notes = append(measured.Notes, "interrupted: these are the results so far")
	}
	measured.Environment = append(measured.Environment, runSettings(began)...)
	return errors.Join(err, writeRun(ctx, o, measured, stdout, stderr))
}

// runSettings says when the run was, and what the command was.
func runSettings(began time.Time) []results.Setting {
	words := []string{"benchmark"}
	for _, word := range os.Args[1:] {
		if strings.ContainsAny(word, " \t\n'\"\\$`*?()[]{}|&;<>#~!") || word == "" {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words = append(words, word)
	}
	settings := []results.Setting{
		{Key: "date", Value: began.UTC().Format(time.RFC3339)},
		{Key: "command", Value: strings.Join(words, " ")},
	}
	if host, err := os.Hostname(); err == nil {
		settings = append(settings, results.Setting{Key: "host", Value: host})
	}
	return settings
}

// writeRun writes the results, unless they are written already, and then the page that is asked
// for: what keeps the page from being written does not keep back the results.
func writeRun(ctx context.Context, o *options, r *results.Run, stdout, stderr io.Writer) error {
	var err error
	switch o.format {
	case "table":
		err = report.Table(stdout, r)
	case "json":
		err = report.JSON(stdout, r)
	default:
		for _, note := range report.Notes(r) {
			fmt.Fprintf(stderr, "benchmark: note: %s\n", note)
		}
	}
	if o.report != "" {
		write := func(out io.Writer) error { return report.HTML(out, r) }
		if failed := writeOutput(ctx, o.report, write); failed != nil {
			err = errors.Join(err, fmt.Errorf("--report: %w", failed))
		}
	}
	return err
}

// prepare prepares what the options name.
func prepare(ctx context.Context, o *options, ws *session.Workspace, bar *progress,
	stderr io.Writer) ([]*session.Source, []session.Subject, error) {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if o.budget > 0 {
		limited, cancel = context.WithTimeout(ctx, o.budget)
	}
	defer cancel()
	prepared, err := session.Await(limited, func() (preparation, error) {
		return prepareSources(limited, o, ws, bar)
	})
	bar.clear()
	for _, note := range prepared.notes {
		fmt.Fprintf(stderr, "benchmark: %s\n", note)
	}
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		small := &session.BudgetError{
			Doing: "preparing the sources", Wanted: (8 * o.budget).Truncate(time.Second) + time.Second,
		}
		return nil, nil, fmt.Errorf("--budget %v: %w", o.budget, small)
	}
	if err != nil {
		return nil, nil, err
	}
	subjects, err := listSubjects(ctx, o)
	return prepared.sources, subjects, err
}

// A preparation is what prepareSources returns. Notes are for the user.
type preparation struct {
	sources []*session.Source
	notes   []string
}

// prepareSources prepares the base, and each split on it.
func prepareSources(ctx context.Context, o *options, ws *session.Workspace, bar *progress) (
	p preparation, err error) {
	var base *session.Source
	var note string
	switch {
	case o.dir != "":
		base, note, err = ws.Dir(ctx, o.dir, o.base, bar.show)
	case o.embedded:
		base, err = ws.Embedded()
	case o.base == "":
		base, note, err = ws.Kernel(ctx)
	default:
		base, err = ws.File(ctx, o.base, nil)
	}
	if note != "" {
		p.notes = append(p.notes, note)
	}
	if err != nil {
		return p, err
	}
	p.sources = append(p.sources, base)
	for _, path := range o.splits {
		split, err := ws.File(ctx, path, base)
		if err != nil {
			return p, err
		}
		p.sources = append(p.sources, split)
	}
	if o.dir != "" || !o.full || o.queries.Chosen() {
		return p, nil
	}
	growth, err := ws.Growth(1_000, 10_000, 100_000, 1_000_000)
	p.sources = append(p.sources, growth...)
	return p, err
}

// listSubjects returns our backends, each in a process of this very program, and the peers.
func listSubjects(ctx context.Context, o *options) ([]session.Subject, error) {
	subjects := session.Ours(o.backends, serverCommand(ctx))
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

// serverCommand returns how this program is started as a server; nil where it cannot start itself,
// as under an emulator, and then measures in this process.
func serverCommand(ctx context.Context) []string {
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
