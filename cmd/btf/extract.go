package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/btfkit/btfkit/elfx"
	"github.com/spf13/cobra"
)

// An extractor is the command extract with its flags.
type extractor struct {
	*app
	output, section string
}

// An extracted is the item of extract.
type extracted struct {
	File string `json:"file"`
	// Output is the file that was written, Bytes its size.
	Output string `json:"output"`
	Bytes  int    `json:"bytes"`
	// Format names what the BTF was wrapped in, outermost first: "bzImage/zstd/ELF64". Offset is where
	// it lies in the file verbatim, -1 if it was unpacked.
	Format string `json:"format"`
	Offset int64  `json:"offset"`
}

func (a *app) extractCommand() *cobra.Command {
	e := &extractor{app: a}
	c := &cobra.Command{
		Use:   "extract FILE -o OUT",
		Short: "takes BTF out of ELF files, compressed modules, kernel images",
		Long: `Takes BTF out of a file of any kind: an ELF file, a module, compressed or not,
or the image of a kernel. It writes the raw BTF to the file OUT, or to the
standard output if OUT is "-".`,
		Example: `  btf extract /boot/vmlinuz -o vmlinux.btf
  btf extract nf_tables.ko.xz --section base -o - | btf dump --btf /dev/stdin`,
		Args: cobra.ExactArgs(1),
		RunE: a.do(e.run),
	}
	f := c.Flags()
	f.StringVarP(&e.output, "output", "o", "", "the `file` to write; - is the standard output")
	f.StringVar(&e.section, "section", "", "extract .BTF.NAME (`name`: base, ext, …), not .BTF")
	if err := c.MarkFlagRequired("output"); err != nil {
		panic(err) // the table has no such flag
	}
	return c
}

func (e *extractor) run(args []string) error {
	if e.output == "-" && e.terminal {
		return usageError{errors.New("--output -: the output is a terminal, and BTF is no text")}
	}
	d, err := elfx.ExtractFile(context.Background(), args[0], nil)
	if err != nil {
		return err
	}
	data, err := sectionOf(d, e.section)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	v := extracted{args[0], e.output, len(data), d.Format, d.Offset}
	if e.output == "-" {
		_, err := e.out.raw().Write(data)
		return pipeError(err)
	}
	if err := os.WriteFile(e.output, data, 0o666); err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s of BTF (%s)", clean(e.output), plural(v.Bytes, "byte"), d.Format)
	return e.out.item(v, text)
}

// sectionOf returns .BTF, or .BTF.name.
func sectionOf(d *elfx.Data, name string) ([]byte, error) {
	data := d.Extra[name]
	switch name {
	case "":
		data = d.BTF
	case "base":
		data = d.Base
	case "ext":
		data = d.Ext
	}
	if data == nil {
		return nil, fmt.Errorf("has no section .BTF.%s", short(name))
	}
	return data, nil
}
