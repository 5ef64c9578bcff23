package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/minimize"
	"github.com/spf13/cobra"
)

// A minimizer is the command min with its flags.
type minimizer struct {
	*app
	output string
}

// A minimized is the item of min.
type minimized struct {
	Kernel string `json:"kernel"`
	// Output is the file that was written, Bytes its size.
	Output string `json:"output"`
	Bytes  int    `json:"bytes"`
	// Objects and Relocations count what it is made for.
	Objects     int `json:"objects"`
	Relocations int `json:"relocations"`
}

func (a *app) minCommand() *cobra.Command {
	m := &minimizer{app: a}
	c := &cobra.Command{
		Use:   "min KERNEL OBJECT... -o OUT",
		Short: "writes the little of a kernel's BTF that BPF objects need",
		Long: `Writes BTF that has only the types, members and enumerators of a kernel that the
CO-RE relocations of compiled BPF objects need: some kilobytes, for kernels that
have no BTF of their own. libbpf loads the objects with it (btf_custom_path).
KERNEL is a file of any kind (raw BTF, ELF, kernel image) or a directory, whose
modules are ignored. The output equals that of bpftool gen min_core_btf.`,
		Example: `  btf min vmlinux tool.bpf.o -o tool.btf`,
		Args:    cobra.MinimumNArgs(2),
		RunE:    a.do(m.run),
	}
	c.Flags().StringVarP(&m.output, "output", "o", "", "the `file` to write; - is the standard output")
	if err := c.MarkFlagRequired("output"); err != nil {
		panic(err) // the table has no such flag
	}
	return c
}

func (m *minimizer) run(args []string) error {
	if m.output == "-" && m.terminal {
		return usageError{errors.New("--output -: the output is a terminal, and BTF is no text")}
	}
	kernel, err := m.open(sourceFlags{path: args[0], module: kernelOf(args[0])})
	if err != nil {
		return err
	}
	v := minimized{Kernel: args[0], Output: m.output, Objects: len(args) - 1}
	var objects []*core.Ext
	for _, path := range args[1:] {
		ext, err := readExt(path)
		if err != nil {
			return err
		}
		for range ext.Relocations() {
			v.Relocations++
		}
		objects = append(objects, ext)
	}
	data, err := minimize.Objects(kernel.main, objects...)
	if err != nil {
		return err
	}
	if m.output == "-" {
		_, err := m.out.raw().Write(data)
		return pipeError(err)
	}
	if err := os.WriteFile(m.output, data, 0o666); err != nil {
		return err
	}
	v.Bytes = len(data)
	return m.out.item(v, fmt.Sprintf("%s: %s of BTF for %s of %s", clean(m.output),
		plural(v.Bytes, "byte"), plural(v.Relocations, "relocation"), plural(v.Objects, "object")))
}

// kernelOf returns what in a directory is the kernel, so that its modules are left alone; a file is
// the kernel itself.
func kernelOf(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "vmlinux"
	}
	return ""
}
