package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/spf13/cobra"
)

// A verdict is an item of verify.
type verdict struct {
	// File is what was given, Module is the file's or the directory's part that the verdict is on.
	File   string `json:"file,omitempty"`
	Module string `json:"module"`
	Types  int    `json:"types"` // of its own
	OK     bool   `json:"ok"`
	// Problem is what is wrong; Part, Offset and ID say where, in bytes from the start of the BTF.
	Problem string     `json:"problem,omitempty"`
	Part    string     `json:"part,omitempty"`
	Offset  int64      `json:"offset,omitempty"`
	ID      btf.TypeID `json:"id,omitempty"`
}

func (a *app) verifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "checks all that BTF must hold",
		Long: `Checks BTF: its structure, that all references lead to types of the right kind
and to strings, and that no type contains itself. Without files, it checks the
BTF of the running kernel and of its modules. In a file on a base it also looks
for signs that the file was built for another base.`,
		Example: `  btf verify
  btf verify nf_tables.ko --base vmlinux`,
		RunE: a.do(a.verify),
	}
	c.Flags().StringVar(&a.source.base, "base", "", "the kernel's `file`, if FILEs are of modules")
	return c
}

// errBad is the failure of verify. What is wrong has been said.
var errBad = fmt.Errorf("not valid: %w", errNothing)

func (a *app) verify(files []string) error {
	if len(files) == 0 {
		files = []string{""}
	}
	good := true
	for _, file := range files {
		src, err := a.openQuietly(sourceFlags{path: file, base: a.source.base})
		var usage usageError
		if errors.As(err, &usage) {
			return err
		}
		if err != nil {
			good = false
			if err := a.report(verdict{File: file}, err); err != nil {
				return err
			}
			continue
		}
		ok, err := a.verifySource(src, file)
		if err != nil {
			return err
		}
		good = good && ok
	}
	if !good {
		return errBad
	}
	return nil
}

func (a *app) verifySource(src *source, file string) (good bool, err error) {
	good = true
	for name, spec := range src.sections {
		first, end := spec.IDs()
		v := verdict{File: file, Module: name, Types: int(end - max(first, 1))}
		problem := spec.Verify()
		if problem == nil && spec.Base() != nil {
			problem = spec.CheckBase()
		}
		good = good && problem == nil
		if err := a.report(v, problem); err != nil {
			return false, err
		}
	}
	for _, p := range src.problems {
		good = false
		if err := a.report(verdict{File: p.Path, Module: p.Module}, p.Err); err != nil {
			return false, err
		}
	}
	return good, nil
}

// report writes a verdict, with what is wrong if anything is.
func (a *app) report(v verdict, problem error) error {
	name := v.File
	if name == "" {
		name = v.Module
	}
	if problem == nil {
		v.OK = true
		return a.out.item(v, fmt.Sprintf("%s: ok, %s", clean(name), plural(v.Types, "type")))
	}
	v.Problem = problem.Error()
	var f *btf.FormatError
	if errors.As(problem, &f) {
		v.Part, v.Offset, v.ID = f.Part, f.Offset, f.ID
	}
	text := v.Problem
	if !strings.Contains(text, name) {
		text = name + ": " + text
	}
	text = a.out.paint(red, clean(text))
	if hint := a.hint(problem); hint != "" {
		text += "\nhint: " + hint
	}
	return a.out.item(v, text)
}
