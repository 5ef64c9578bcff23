package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/spf13/cobra"
)

// A dumper is the command dump with its flags.
type dumper struct {
	*app
	unsorted, asserts, pretty bool
}

var formats = []string{"raw", "c", "json"}

func (a *app) dumpCommand() *cobra.Command {
	d := &dumper{app: a}
	c := &cobra.Command{
		Use:   "dump [raw|c|json] [TYPE...]",
		Short: "writes all types as bpftool does: raw, as C, or as JSON",
		Long: `Writes all types of the kernel, of one module or of one file, byte for byte as
bpftool does: raw (the default), as C for vmlinux.h, or as JSON (also with
--json). If TYPEs are named, it writes as C these types and all types that they
need.`,
		Example: `  btf dump c >vmlinux.h
  btf dump c 'struct sk_buff'
  btf dump json --module nf_tables`,
		Args:      cobra.ArbitraryArgs,
		RunE:      a.do(d.run),
		ValidArgs: formats,
	}
	f := c.Flags()
	f.BoolVar(&d.unsorted, "unsorted", false, "C: by id, not by kind and name")
	f.BoolVar(&d.asserts, "asserts", false, "C: with a _Static_assert of each size and offset")
	f.BoolVar(&d.pretty, "pretty", false, "JSON: on many lines")
	return a.addSource(c)
}

func (d *dumper) run(args []string) error {
	format, err := d.format(args)
	if err != nil {
		return usageError{err}
	}
	src, err := d.open(d.source)
	if err != nil {
		return err
	}
	w := d.out.raw()
	switch format {
	case "json":
		err = dump.JSON(w, src.main.Own(), d.pretty)
	case "raw":
		err = dump.Raw(w, src.main.Own())
	default:
		err = d.writeC(w, src, args[1:])
	}
	return pipeError(err)
}

// format returns the first argument, or its default.
func (d *dumper) format(args []string) (string, error) {
	switch {
	case len(args) == 0 && d.json:
		return "json", nil
	case len(args) == 0:
		return "raw", nil
	case !slices.Contains(formats, args[0]):
		return "", fmt.Errorf("format %q: unknown, one of raw, c, json", short(args[0]))
	case args[0] != "c" && len(args) > 1:
		return "", fmt.Errorf("%s: is of all types; c takes some", args[0])
	case args[0] != "json" && d.json:
		return "", errors.New("--json: goes with format json alone")
	}
	return args[0], nil
}

func (d *dumper) writeC(w io.Writer, src *source, names []string) error {
	o := cdump.Options{Unsorted: d.unsorted, Asserts: d.asserts}
	if len(names) == 0 {
		return cdump.Header(w, src.main, o)
	}
	single := &source{main: src.main, all: src.main}
	var types []btf.Type
	for _, name := range names {
		found, err := lookUp(single, name)
		if err != nil {
			return err
		}
		types = append(types, found...)
	}
	return cdump.Definitions(w, src.main, o, types...)
}
