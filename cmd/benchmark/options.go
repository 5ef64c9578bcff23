package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/cmd/internal/flags"
)

// options are what the command line says.
type options struct {
	base       string
	embedded   bool
	dir        string
	splits     []string
	backend    string
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
	version    bool
}

// command returns the table of the program's options, bound to o.
func (o *options) command() *flags.Command {
	return &flags.Command{
		Name: "benchmark",
		Usage: []string{
			"benchmark [options]",
			"benchmark compare [options] OLD.txt NEW.txt",
			"benchmark compare --run [options] OLD NEW [-- OPTION...]",
			"benchmark ranking FILE...",
			"benchmark chart [--title TEXT] FILE >chart.svg",
			"benchmark completion bash|zsh|fish",
			"benchmark man",
		},
		Brief: "measure how btfkit's backends open BTF and answer queries",
		About: "Measures how fast btfkit's backends open BTF and answer queries, and what memory they " +
			"take. Without options: the default backend on the running kernel's BTF, or, where that is " +
			"missing, on a kernel's that is built in.",
		Groups: []flags.Group{
			{Title: "What to measure", Options: o.whatToMeasure()},
			{Title: "How long", Options: []flags.Option{
				{Name: "count", Arg: "N", Bind: number(&o.count, 6),
					About: "samples of each row; statistics want 6 or more (default 6)"},
				{Name: "iterations", Short: "i", Arg: "N", Bind: number(&o.iterations, 0),
					About: "operations a sample (default: chosen by time)"},
				{Name: "budget", Arg: "TIME", Bind: func(f *flag.FlagSet, name string) {
					f.DurationVar(&o.budget, name, 0, "")
				}, About: "bound for the whole run, such as 10s: shorter samples, then fewer"},
			}},
			{Title: "Output", Options: []flags.Option{
				{Name: "format", Arg: "FORMAT", Bind: text(&o.format, "table"), Values: formats,
					About: "table, bench (Go's benchmark format, for benchstat) or json (default table)"},
				{Name: "report", Arg: "FILE", Bind: text(&o.report, ""),
					About: "also write a page with charts, one self-contained HTML file"},
				{Name: "version", Bind: toggle(&o.version), About: "print the version and exit"},
			}},
		},
		Status: "0, 1 on failure, 2 for wrong usage, 130 after Ctrl-C, which prints the results so far.",
	}
}

var formats = []string{"table", "bench", "json"}

func (o *options) whatToMeasure() []flags.Option {
	return []flags.Option{
		{Name: "base", Arg: "FILE", Bind: text(&o.base, ""),
			About: "BTF to measure: raw, an ELF file, a compressed module, a kernel image (default " +
				"/sys/kernel/btf/vmlinux)"},
		{Name: "embedded", Bind: toggle(&o.embedded),
			About: "measure the kernel that is built in, as where there is no other"},
		{Name: "split", Arg: "FILE", Bind: parsed(appendTo(&o.splits)),
			About: "split BTF on the base, such as a module; may be repeated"},
		{Name: "dir", Arg: "DIR", Bind: text(&o.dir, ""),
			About: "a kernel with all its modules: a folder of raw BTF such as /sys/kernel/btf, or a tree " +
				"such as /lib/modules/RELEASE; --base then names the kernel's file"},
		{Name: "backend", Arg: "LIST", Bind: text(&o.backend, "default"),
			Values: append([]string{"default", "all"}, strings.Split(backendNames(), ", ")...),
			About: "default, all, or names separated by commas: " + backendNames() +
				" (default default)"},
		{Name: "peers", Arg: "[=DIR]",
			Bind: func(f *flag.FlagSet, name string) { f.BoolFunc(name, "", o.setPeers) },
			About: "also measure the other libraries built in DIR (default bench/peers/bin; build them " +
				"with \"make peers\")"},
		{Name: "id", Arg: "N", Bind: parsed(o.addID),
			About: "measure this type id instead of a random workload; may be repeated"},
		{Name: "name", Arg: "NAME", Bind: parsed(appendTo(&o.queries.Names)),
			About: "the same for a type name"},
		{Name: "regex", Arg: "PATTERN", Bind: parsed(o.addPattern),
			About: "the same for a regular expression in Go's syntax"},
		{Name: "seed", Arg: "N", Bind: func(f *flag.FlagSet, name string) {
			f.Uint64Var(&o.queries.Seed, name, 1, "")
		}, About: "seed of the random workload (default 1)"},
		{Name: "rows", Arg: "PATTERN", Bind: parsed(o.setRows),
			About: "only rows whose name matches this regular expression"},
		{Name: "full", Bind: toggle(&o.full),
			About: "also several goroutines at once, and synthetic BTF of growing size (default with " +
				"--report)"},
	}
}

// parseOptions reads the command line. Its error is about usage, or flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := new(options)
	rest, given, err := o.command().Parse(args)
	if err != nil || o.version {
		return o, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("unexpected argument %q", rest[0])
	}
	if o.backends, err = bench.Select(o.backend); err != nil {
		return nil, err
	}
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
	case o.iterations < 1 && given["iterations"]:
		return errors.New("--iterations: wants 1 or more")
	case o.budget <= 0 && given["budget"]:
		return errors.New("--budget: wants a duration above 0, such as 10s")
	case !slices.Contains(formats, o.format):
		return fmt.Errorf("--format %q: unknown, one of %s", o.format, strings.Join(formats, ", "))
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
