package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/validate"
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
	// Findings are those of --kernel or --object.
	Findings []finding `json:"findings,omitempty"`
}

// A finding is what a kernel would refuse.
type finding struct {
	ID     btf.TypeID `json:"id"` // 0: the whole
	Rule   string     `json:"rule"`
	Source string     `json:"source"` // the kernel's function
	Text   string     `json:"text"`
}

// A verifier is the command verify with its flags.
type verifier struct {
	*app
	kernel, object bool
}

func (a *app) verifyCommand() *cobra.Command {
	k := &verifier{app: a}
	c := &cobra.Command{
		Use:   "verify [FILE...]",
		Short: "checks all that BTF must hold",
		Long: `Checks BTF: its structure, that all references lead to types of the right kind
and to strings, and that no type contains itself. Without files, it checks the
BTF of the running kernel and of its modules. In a file on a base it also looks
for signs that the file was built for another base. --kernel adds the rules by
which Linux 6.18 refuses BTF that programs load; --object leaves out the faults
that compilers write into objects, many of which a loader mends.`,
		Example: `  btf verify
  btf verify --kernel vmlinux
  btf verify nf_tables.ko --base vmlinux`,
		RunE: a.do(k.verify),
	}
	c.Flags().StringVar(&a.source.base, "base", "", "the kernel's `file`, if FILEs are of modules")
	c.Flags().BoolVar(&k.kernel, "kernel", false, "whether a kernel would load it")
	c.Flags().BoolVar(&k.object, "object", false,
		"as --kernel, without what compilers write into objects")
	c.MarkFlagsMutuallyExclusive("kernel", "object")
	return c
}

// errBad is the failure of verify. What is wrong has been said.
var errBad = fmt.Errorf("not valid: %w", errNothing)

func (k *verifier) verify(files []string) error {
	if len(files) == 0 {
		files = []string{""}
	}
	good := true
	for _, file := range files {
		src, err := k.openQuietly(sourceFlags{path: file, base: k.source.base})
		var usage usageError
		if errors.As(err, &usage) {
			return err
		}
		if err != nil {
			good = false
			if err := k.report(verdict{File: file}, err); err != nil {
				return err
			}
			continue
		}
		ok, err := k.verifySource(src, file)
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

func (k *verifier) verifySource(src *source, file string) (good bool, err error) {
	good = true
	for name, spec := range src.sections {
		first, end := spec.IDs()
		v := verdict{File: file, Module: name, Types: int(end - max(first, 1))}
		problem := spec.Verify()
		if problem == nil && spec.Base() != nil {
			problem = spec.CheckBase()
		}
		if problem == nil {
			v.Findings, problem = k.findings(spec)
		}
		good = good && problem == nil && v.Findings == nil
		if err := k.report(v, problem); err != nil {
			return false, err
		}
	}
	for _, p := range src.problems {
		good = false
		if err := k.report(verdict{File: p.Path, Module: p.Module}, p.Err); err != nil {
			return false, err
		}
	}
	return good, nil
}

// findings returns what --kernel or --object finds.
func (k *verifier) findings(spec *btf.Spec) (list []finding, err error) {
	var all []validate.Finding
	switch {
	case k.kernel:
		all, err = validate.Kernel(spec)
	case k.object:
		all, err = validate.Object(spec)
	}
	for _, f := range all {
		list = append(list, finding(f))
	}
	return list, err
}

// textOf lists findings below a name, each on a line, up to ten.
func (k *verifier) textOf(name string, list []finding) string {
	b := []string{k.out.paint(red, clean(name)+": "+plural(len(list), "finding"))}
	for i, f := range list {
		if i == 10 {
			b = append(b, "  …")
			break
		}
		b = append(b, "  "+clean(validate.Finding(f).String()))
	}
	return strings.Join(b, "\n")
}

// report writes a verdict, with what is wrong if anything is.
func (k *verifier) report(v verdict, problem error) error {
	name := v.File
	if name == "" {
		name = v.Module
	}
	if problem == nil && v.Findings != nil {
		return k.out.item(v, k.textOf(name, v.Findings))
	}
	if problem == nil {
		v.OK = true
		return k.out.item(v, fmt.Sprintf("%s: ok, %s", clean(name), plural(v.Types, "type")))
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
	text = k.out.paint(red, clean(text))
	if hint := k.hint(problem); hint != "" {
		text += "\nhint: " + hint
	}
	return k.out.item(v, text)
}
