package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
}

// command returns the table of the program's flags, bound to o.
func (o *options) command() *cobra.Command {
	titles := []string{"What to measure", "How long", "Output"}
	c := withFlags(&cobra.Command{
		Use:   "benchmark [options]",
		Short: "measure how btfkit's backends open BTF and answer queries",
		Long: `Measures how fast btfkit's backends open BTF and answer queries, and what memory
they take. Without options: the default backend on the running kernel's BTF, or,
where that is missing, on a kernel's that is built in.

Exit status: 0, 1 on failure, 2 for wrong usage, 130 after Ctrl-C, which prints
the results so far.`,
		Args:    noArgs,
		PreRunE: func(c *cobra.Command, _ []string) error { return o.complete(c.Flags().Changed) },
		RunE: func(c *cobra.Command, _ []string) error {
			err := measure(c.Context(), o, c.OutOrStdout(), c.ErrOrStderr())
			if none := new(session.RowsError); errors.As(err, &none) {
				return fmt.Errorf("--rows %s: %w", o.rows, none)
			}
			return asFailure(err)
		},
	}, titles, o.whatToMeasure(), o.howLong(), o.output())
	completeFlag(c, "backend", append([]string{"default", "all"}, backendNames()...)...)
	completeFlag(c, "format", formats...)
	return c
}

var formats = []string{"table", "bench", "json"}

func (o *options) whatToMeasure() *pflag.FlagSet {
	f := newFlags()
	f.StringVar(&o.base, "base", "", "`FILE` with the BTF to measure: raw, an ELF file, a compressed "+
		"module, a kernel image (default /sys/kernel/btf/vmlinux)")
	f.BoolVar(&o.embedded, "embedded", false,
		"measure the kernel that is built in, as where there is no other")
	f.Func("split", "`FILE` with BTF split from the base's, such as a module; may be repeated",
		appendTo(&o.splits))
	f.StringVar(&o.dir, "dir", "", "`DIR` with a kernel and all its modules: raw BTF as in "+
		"/sys/kernel/btf, or a tree such as /lib/modules/RELEASE; --base then names the kernel's file")
	f.StringVar(&o.backend, "backend", "default", "default, all, or a `LIST` of names separated by "+
		"commas: "+strings.Join(backendNames(), ", "))
	f.BoolFunc("peers", "also measure the other libraries, built in bench/peers/bin with "+
		`"make peers", or in another folder with --peers=DIR`, o.setPeers)
	f.Func("id", "measure lookups of type id `N` instead of a random workload; may be repeated",
		o.addID)
	f.Func("name", "measure lookups of this `NAME` of a type; may be repeated",
		appendTo(&o.queries.Names))
	f.Func("regex", "measure searches for `PATTERN`, a regular expression in Go's syntax; may be "+
		"repeated", o.addPattern)
	f.Uint64Var(&o.queries.Seed, "seed", 1, "choose the random workload by seed `N`")
	f.Func("rows", "measure only rows whose name matches `PATTERN`, a regular expression", o.setRows)
	f.BoolVar(&o.full, "full", false, "also measure several goroutines at once, and synthetic BTF of "+
		"growing size (default with --report)")
	return f
}

func (o *options) howLong() *pflag.FlagSet {
	f := newFlags()
	f.IntVar(&o.count, "count", 6, "take `N` samples of each row; statistics want 6 or more")
	f.IntVarP(&o.iterations, "iterations", "i", 0,
		"do `N` operations in each sample (default: chosen by time)")
	f.DurationVar(&o.budget, "budget", 0,
		"end within `TIME`, such as 10s: samples get shorter, then fewer")
	return f
}

func (o *options) output() *pflag.FlagSet {
	f := newFlags()
	f.StringVar(&o.format, "format", "table",
		"write results in `FORMAT`: table, bench (Go's benchmark format, for benchstat) or json")
	f.StringVar(&o.report, "report", "",
		"also write a page with charts to `FILE`: self-contained HTML")
	f.Bool("version", false, "print the version and exit")
	return f
}

// complete works out what follows from the flags, of which given reports those on the command line.
func (o *options) complete(given func(name string) bool) (err error) {
	if o.backends, err = bench.Select(o.backend); err != nil {
		return err
	}
	if o.report != "" && !given("full") {
		o.full = true
	}
	return o.check(given)
}

// check refuses options that make no sense, or not together.
func (o *options) check(given func(name string) bool) error {
	switch {
	case o.count < 1:
		return errors.New("--count: wants 1 or more")
	case o.iterations < 1 && given("iterations"):
		return errors.New("--iterations: wants 1 or more")
	case o.budget <= 0 && given("budget"):
		return errors.New("--budget: wants a duration above 0, such as 10s")
	case !slices.Contains(formats, o.format):
		return fmt.Errorf("--format %q: unknown, one of %s", o.format, strings.Join(formats, ", "))
	case o.base == "" && given("base"):
		return errors.New("--base: wants a file")
	case o.report == "" && given("report"):
		return errors.New("--report: wants a file")
	case o.dir == "" && given("dir"):
		return errors.New("--dir: wants a directory")
	case o.dir != "" && (o.embedded || len(o.splits) > 0 || o.peers):
		return errors.New("--dir: goes with neither --embedded, --split nor --peers")
	case o.dir != "" && len(o.queries.IDs) > 0:
		return errors.New("--id: modules share ids, so it does not go with --dir")
	case o.embedded && given("base"):
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
