package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/elfx"
	"github.com/spf13/cobra"
)

// A checked is the item of check: whether an object fits the kernel.
type checked struct {
	File string `json:"file"`
	Fits bool   `json:"fits"`
	// Relocations counts all, Absent those that ask for what is not there and may do without.
	Relocations int `json:"relocations"`
	Absent      int `json:"absent"`
	// Missing counts those without an answer. List has them; with --all, all.
	Missing int          `json:"missing"`
	List    []relocation `json:"list"`
}

// A relocation is what an object asks about a type, and the kernel's answer.
type relocation struct {
	Section string `json:"section"`
	Offset  uint32 `json:"offset"` // of the instruction in the section, in bytes
	Asks    string `json:"asks"`
	Local   uint64 `json:"local"`  // what the object has
	Target  uint64 `json:"target"` // what the kernel has
	Missing bool   `json:"missing"`
	// Problem is why there is no answer, where it is not that there is nothing.
	Problem string `json:"problem,omitempty"`
}

// A checker is the command check with its flags.
type checker struct {
	*app
	all bool
}

func (a *app) checkCommand() *cobra.Command {
	k := &checker{app: a}
	c := &cobra.Command{
		Use:   "check OBJECT...",
		Short: "tells whether BPF objects fit a kernel, and what they would miss",
		Long: `Resolves the CO-RE relocations of compiled BPF objects as libbpf does when it
loads them, and lists the types, fields and values that the kernel lacks. A
program may first check whether something exists, and then do without it: such
questions are only counted. A relocation that is listed fails if the program
reaches it.`,
		Example: `  btf check tool.bpf.o
  btf check tool.bpf.o --all --btf /lib/modules/6.12.0`,
		Args: cobra.MinimumNArgs(1),
		RunE: a.do(k.run),
	}
	c.Flags().BoolVar(&k.all, "all", false, "list what the kernel has, too")
	return a.addSource(c)
}

// errMisfit is the failure of check. What is missing has been said.
var errMisfit = fmt.Errorf("does not fit: %w", errNothing)

func (k *checker) run(objects []string) error {
	src, err := k.open(k.source)
	if err != nil {
		return err
	}
	fits := true
	for _, path := range objects {
		v, err := k.check(src, path)
		if err != nil {
			return err
		}
		fits = fits && v.Fits
		if err := k.out.item(v, k.text(v)); err != nil {
			return err
		}
	}
	if !fits {
		return errMisfit
	}
	return nil
}

// check answers the relocations of one object.
func (k *checker) check(src *source, path string) (*checked, error) {
	ext, err := readExt(path)
	if err != nil {
		return nil, err
	}
	r := core.NewResolver(src.all)
	c := &checked{File: path, List: []relocation{}}
	for relo := range ext.Relocations() {
		c.Relocations++
		v, err := r.Resolve(relo)
		item := relocation{relo.Section, relo.Offset, relo.String(), v.Local, v.Target, v.Poison, ""}
		switch {
		case err != nil:
			item.Missing, item.Problem = true, err.Error()
		case !v.Poison && v.Candidate.IsVoid() && relo.Kind != core.TypeIDLocal:
			c.Absent++
		}
		if item.Missing {
			c.Missing++
		}
		if item.Missing || k.all {
			c.List = append(c.List, item)
		}
	}
	c.Fits = c.Missing == 0
	return c, nil
}

// text says what a checked says.
func (k *checker) text(c *checked) string {
	var b strings.Builder
	if c.Fits {
		fmt.Fprintf(&b, "%s: fits, %s", clean(c.File), plural(c.Relocations, "relocation"))
	} else {
		fmt.Fprintf(&b, "%s: %s", clean(c.File), k.out.paint(red, fmt.Sprintf(
			"%d of %s have no answer", c.Missing, plural(c.Relocations, "relocation"))))
	}
	if c.Absent > 0 {
		fmt.Fprintf(&b, ", %d ask for what is not there", c.Absent)
	}
	for _, r := range c.List {
		fmt.Fprintf(&b, "\n  %s+%#x: %s: ", clean(r.Section), r.Offset, clean(r.Asks))
		switch {
		case r.Problem != "":
			b.WriteString(clean(r.Problem))
		case r.Missing:
			b.WriteString("missing")
		default:
			fmt.Fprintf(&b, "%d -> %d", r.Local, r.Target)
		}
	}
	return b.String()
}

// readExt reads an object's BTF and .BTF.ext.
func readExt(path string) (*core.Ext, error) {
	data, err := elfx.ExtractFile(context.Background(), path, nil)
	if err != nil {
		return nil, err
	}
	if data.Ext == nil {
		return nil, fmt.Errorf("%s: has no section .BTF.ext: no BPF object compiled with -g",
			path)
	}
	spec, err := btf.Parse(data.BTF, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ext, err := core.Parse(data.Ext, spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ext, nil
}
