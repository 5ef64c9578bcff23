package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/across"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/matrix"
	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// ours are the implementations that FuzzParse gives mutated input; the kernel is asked what is
// sound.
var ours = []string{"cache", "mmap", "arena", "naive", "kernel"}

// knownFile holds the known classes of disagreement, below the root.
const knownFile = "fuzz/conformance/results/known.json"

// fuzz gives mutated cases to the implementations of others. It fails if a class of disagreement is
// new, after writing it as a case.
func fuzz(ctx context.Context, cases []suite.Case, args []string) error {
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	out := flags.String("out", ".", "folder for cases of what is new, and for the table with it")
	n := flags.Int("n", 2000, "about how many inputs")
	seed := flags.Uint64("seed", 1, "selects the inputs")
	with := flags.String("with", "", "names of adapters, with commas; all of others if empty")
	patience := flags.Duration("patience", time.Minute, "how long to make one input smaller")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, remove, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer remove()
	path := filepath.Join(b.root, filepath.FromSlash(knownFile))
	known, err := across.ReadKnown(path)
	if err != nil {
		return err
	}
	f := &across.Fuzzer{Dir: b.dir, Tries: 600, Patience: *patience}
	for _, a := range b.adapters {
		if a.Name == "kernel" {
			f.Kernel, f.KernelVersion = &a, matrix.VersionOf(ctx, a)
			fmt.Println("what is sound is asked of", f.KernelVersion)
		}
		if *with != "" && b.isNamed(a, *with) || *with == "" && !slices.Contains(ours, a.Name) {
			f.Adapters = append(f.Adapters, a)
		}
	}
	gone, err := f.Gone(ctx, known)
	if err != nil {
		return err
	}
	for _, k := range gone {
		fmt.Printf("gone          %s\n", k.Class)
	}
	start := time.Now()
	r, err := f.Run(ctx, across.Inputs(cases, *n, *seed), known)
	if err != nil {
		return err
	}
	fmt.Printf("%d inputs, of which the kernel accepts %d, to %d implementations in %.0f s\n",
		r.Inputs, r.Accepted, len(f.Adapters), time.Since(start).Seconds())
	return b.show(r, known, *out)
}

// isNamed reports whether a list of names has that of an adapter.
func (b *bench) isNamed(a matrix.Adapter, names string) bool {
	return slices.Contains(strings.Split(names, ","), a.Name)
}

// show prints the classes, and writes those that are new.
func (b *bench) show(r *across.Report, known []across.Known, out string) error {
	fresh := 0
	for _, found := range r.Found {
		i := slices.IndexFunc(known, func(k across.Known) bool { return k.Has(found.Class) })
		if i >= 0 {
			fmt.Printf("known  %5d  %s\n", found.Count, found.Class)
			continue
		}
		fresh++
		fmt.Printf("NEW    %5d  %s\n", found.Count, found.Class)
		if err := suite.Write(out, []suite.Case{found.Case}); err != nil {
			return err
		}
		fmt.Printf("              %d bytes: %s\n              go run ./fuzz/conformance/cmd/conformance "+
			"try -with %s %s\n", len(found.Case.Data), found.Detail, found.Adapter,
			filepath.Join(out, found.Case.Name))
		known = append(known, across.Known{Class: found.Class, Data: found.Case.Data,
			Base: found.Case.Base})
	}
	fmt.Printf("%d classes of disagreement, %d of them new\n", len(r.Found), fresh)
	if fresh == 0 {
		return nil
	}
	table := filepath.Join(out, filepath.Base(knownFile))
	if err := across.WriteKnown(table, known); err != nil {
		return err
	}
	return fmt.Errorf("%d new classes: give each a reason in %s, and copy that to %s", fresh, table,
		knownFile)
}

// try runs adapters on cases, and prints what each did.
func try(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("try", flag.ContinueOnError)
	with := flags.String("with", "", "names of adapters, with commas; all if empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, remove, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer remove()
	for _, dir := range flags.Args() {
		for _, a := range b.adapters {
			if *with != "" && !b.isNamed(a, *with) {
				continue
			}
			cell, err := across.Try(ctx, dir, a)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "%s, %s: %s: %s\n", filepath.Base(dir), a.Name, cell.Result,
				cell.Detail)
		}
	}
	return nil
}
