package main

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/spf13/cobra"
)

// A listed is an item of list: the kernel, a module, or a file that was asked for.
type listed struct {
	Module string `json:"module"`
	// Types counts its own types, void aside. Bytes is the size of its BTF.
	Types int   `json:"types,omitempty"`
	Bytes int64 `json:"bytes"`
	// FirstID is the first of its ids; those of modules overlap.
	FirstID btf.TypeID `json:"first_id,omitempty"`
	// ID is the number of what is loaded, which is not opened to count its types.
	ID uint32 `json:"id,omitempty"`
	// Path and Problem are set if it cannot be opened.
	Path    string `json:"path,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func (a *app) listCommand() *cobra.Command {
	var inKernel bool
	c := &cobra.Command{
		Use:   "list",
		Short: "lists the kernel and its modules with the number of their types",
		Long: `Lists the kernel and its modules: how many types each has of its own, and how
many bytes these take. A module that cannot be opened is listed with the reason.
With --loaded, it lists all BTF that the running kernel holds, including that of
BPF objects, with the numbers that --id takes; this needs root's rights.`,
		Example: `  btf list
  btf list --btf /lib/modules/6.12.0`,
		Args: cobra.NoArgs,
		RunE: a.do(func([]string) error {
			switch {
			case !inKernel:
				return a.list()
			case a.source != sourceFlags{}:
				return usageError{errors.New("--loaded: goes with no other source")}
			}
			return a.listLoaded()
		}),
	}
	c.Flags().BoolVar(&inKernel, "loaded", false, "all BTF that the running kernel holds")
	return a.addSource(c)
}

func (a *app) list() error {
	src, err := a.openQuietly(a.source)
	if err != nil {
		return err
	}
	for name, spec := range src.sections {
		first, end := spec.IDs()
		if first == 0 {
			first = 1
		}
		v := listed{Module: name, Types: int(end - first), Bytes: spec.Info().DataBytes, FirstID: first}
		text := fmt.Sprintf("%-32s %8d types %10d bytes", clean(name), v.Types, v.Bytes)
		if err := a.out.item(v, text); err != nil {
			return err
		}
	}
	for _, p := range src.problems {
		v := listed{Module: p.Module, Path: p.Path, Problem: p.Err.Error()}
		text := fmt.Sprintf("%-32s %s", clean(p.Module), a.out.paint(red, clean(v.Problem)))
		if err := a.out.item(v, text); err != nil {
			return err
		}
	}
	return nil
}
