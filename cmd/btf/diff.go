package main

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/diff"
	"github.com/spf13/cobra"
)

// A differ is the command diff with its flags.
type differ struct {
	*app
	kindNames []string
	exitCode  bool
}

// A changed is an item of diff: a declaration that differs.
type changed struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// What lists the ways in which the type changed, such as "added" or "resized"; of its elements,
	// which are members, enumerators or parameters, Elements has the same.
	What string `json:"what"`
	// OldID and NewID are the types' ids; 0 if there is none.
	OldID    btf.TypeID `json:"old_id"`
	NewID    btf.TypeID `json:"new_id"`
	Elements []element  `json:"elements,omitempty"`
}

type element struct {
	Name string `json:"name"`
	What string `json:"what"`
}

func (a *app) diffCommand() *cobra.Command {
	d := &differ{app: a}
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "tells what changed between two kernels, or two files",
		Long: `Tells which functions, structs, unions, enums, typedefs and variables were
added, removed or changed between two kernels. OLD and NEW are files, or
directories of a kernel with its modules.`,
		Example: `  btf diff vmlinux-6.1 vmlinux-6.12 --kind func
  btf diff vmlinux-6.12 /sys/kernel/btf/vmlinux`,
		Args: cobra.ExactArgs(2),
		RunE: a.do(d.run),
	}
	f := c.Flags()
	f.StringSliceVarP(&d.kindNames, "kind", "k", nil, "only these `kinds`, such as func,struct")
	f.BoolVar(&d.exitCode, "exit-code", false, "status 1 if anything changed")
	completeKinds(c)
	return c
}

func (d *differ) run(args []string) error {
	kinds, err := parseKinds(d.kindNames)
	if err != nil {
		return usageError{err}
	}
	var sources [2]*source
	for i, path := range args {
		if sources[i], err = d.open(sourceFlags{path: path}); err != nil {
			return err
		}
	}
	for _, c := range diff.Between(sources[0].own, sources[1].own, kinds...) {
		if err := d.item(c); err != nil {
			return err
		}
	}
	if d.exitCode && d.out.count > 0 {
		return errNothing
	}
	return nil
}

func (d *differ) item(c diff.Change) error {
	t, colour := c.New, ""
	switch c.What {
	case diff.Added:
		colour = green
	case diff.Removed:
		t, colour = c.Old, red
	}
	v := changed{Kind: t.Kind().String(), Name: c.Name, What: c.What.String(), OldID: c.Old.ID(),
		NewID: c.New.ID()}
	for _, e := range c.Elements {
		v.Elements = append(v.Elements, element{e.Name, e.What.String()})
	}
	text := clean(c.String())
	if colour != "" {
		text = d.out.paint(colour, text)
	}
	return d.out.item(v, text)
}
