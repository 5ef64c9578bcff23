package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
)

const usage = `Usage: benchmark [options]
       benchmark --version
       benchmark compare [options] OLD.txt NEW.txt
       benchmark ranking FILE...
       benchmark chart [--title TEXT] FILE >chart.svg
       benchmark --version

Measures how fast btfkit's backends open BTF and answer queries, and what memory they take. Without
options: the default backend on the running kernel's BTF, or, where that is missing, on a kernel's
that is built in.

What to measure:
  --base FILE       BTF to measure: raw, an ELF file, a compressed module, a kernel image
                    (default /sys/kernel/btf/vmlinux)
  --embedded        measure the kernel that is built in, as where there is no other
  --split FILE      split BTF on the base, such as a module; may be repeated
  --dir DIR         a kernel with all its modules: a folder of raw BTF such as /sys/kernel/btf, or
                    a tree such as /lib/modules/RELEASE; --base then names the kernel's file
  --backend LIST    default, all, or names separated by commas: %s (default default)
  --peers[=DIR]     also measure the other libraries built in DIR (default bench/peers/bin;
                    build them with "make peers")
  --id N            measure this type id instead of a random workload; may be repeated
  --name NAME       the same for a type name
  --regex PATTERN   the same for a regular expression in Go's syntax
  --seed N          seed of the random workload (default 1)
  --rows PATTERN    only rows whose name matches this regular expression
  --full            also several goroutines at once, and synthetic BTF of growing size
                    (default with --report)

How long:
  --count N         samples of each row; statistics want 6 or more (default 6)
  -i, --iterations N
                    operations a sample (default: chosen by time)
  --budget TIME     bound for the whole run, such as 10s: shorter samples, then fewer

Output:
  --format FORMAT   table, bench (Go's benchmark format, for benchstat) or json (default table)
  --report FILE     also write a page with charts, one self-contained HTML file

Exit status: 0, 1 on failure, 2 for wrong usage.
`

// options are what the command line says.
type options struct {
	base       string
	embedded   bool
	dir        string
	splits     []string
	backends   []btf.Backend
	peers      bool
	peersDir   string
	queries    session.Queries
	rows       *regexp.Regexp
	full       bool
	count      int
	iterations int
	budget     time.Duration
	format     string
	report     string
}

// parseOptions reads the command line. Its error is about usage, or flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := new(options)
	f := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	var backend string
	f.StringVar(&backend, "backend", "default", "")
	f.StringVar(&o.base, "base", "", "")
	f.StringVar(&o.dir, "dir", "", "")
	f.BoolVar(&o.embedded, "embedded", false, "")
	f.StringVar(&o.format, "format", "table", "")
	f.StringVar(&o.report, "report", "", "")
	f.Uint64Var(&o.queries.Seed, "seed", 1, "")
	f.BoolVar(&o.full, "full", false, "")
	f.IntVar(&o.count, "count", 6, "")
	f.IntVar(&o.iterations, "iterations", 0, "")
	f.IntVar(&o.iterations, "i", 0, "")
	f.DurationVar(&o.budget, "budget", 0, "")
	f.Func("split", "", appendTo(&o.splits))
	f.Func("name", "", appendTo(&o.queries.Names))
	f.Func("regex", "", o.addPattern)
	f.Func("id", "", o.addID)
	f.Func("rows", "", o.setRows)
	f.BoolFunc("peers", "", o.setPeers)
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	var err error
	if o.backends, err = bench.Select(backend); err != nil {
		return nil, err
	}
	given := make(map[string]bool)
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.report != "" && !given["full"] {
		o.full = true
	}
	return o, o.check(given)
}

// check refuses options that make no sense, or not together. given has those on the command line.
func (o *options) check(given map[string]bool) error {
	switch {
	case o.count < 1:
		return errors.New("--count: wants 1 or more")
	case o.iterations < 1 && (given["i"] || given["iterations"]):
		return errors.New("--iterations: wants 1 or more")
	case o.budget <= 0 && given["budget"]:
		return errors.New("--budget: wants a duration above 0, such as 10s")
	case o.format != "table" && o.format != "bench" && o.format != "json":
		return fmt.Errorf("--format %q: unknown, one of table, bench, json", o.format)
	case o.base == "" && given["base"]:
		return errors.New("--base: wants a file")
	case o.report == "" && given["report"]:
		return errors.New("--report: wants a file")
	case o.dir == "" && given["dir"]:
		return errors.New("--dir: wants a directory")
	case o.dir != "" && (o.embedded || len(o.splits) > 0 || o.peers):
		return errors.New("--dir: goes with neither --embedded, --split nor --peers")
	case o.dir != "" && len(o.queries.IDs) > 0:
		return errors.New("--id: modules share ids, so it does not go with --dir")
	case o.embedded && given["base"]:
		return errors.New("--embedded: stands in for --base, give one of them")
	}
	return nil
}

func appendTo(list *[]string) func(string) error {
	return func(value string) error {
		if value == "" {
			return errors.New("is empty")
		}
		*list = append(*list, value)
		return nil
	}
}

func (o *options) addID(value string) error {
	id, err := strconv.ParseUint(value, 0, 32)
	if err != nil {
		return errors.New("wants a number of 32 bits")
	}
	o.queries.IDs = append(o.queries.IDs, btf.TypeID(id))
	return nil
}

func (o *options) addPattern(value string) error {
	if _, err := regexp.Compile(value); err != nil {
		return err
	}
	o.queries.Patterns = append(o.queries.Patterns, value)
	return nil
}

func (o *options) setRows(value string) (err error) {
	o.rows, err = regexp.Compile(value)
	return err
}

// setPeers gets "true" for --peers without a value.
func (o *options) setPeers(value string) error {
	o.peers = value != "false"
	if value != "true" && value != "false" {
		o.peersDir = value
	}
	return nil
}
