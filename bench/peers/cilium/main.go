// Command cilium puts package btf of cilium/ebpf behind the line protocol that
// bench/peers/README.md defines.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
)

const usage = `usage: cilium --backends
       cilium --backend cilium --source FILE [--base FILE] --workload FILE
              [--source-name NAME]
The protocol is described in bench/peers/README.md.
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit status.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	var p peer
	var backend, workload string
	flags := flag.NewFlagSet("cilium", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {} // said below, on the stream that fits
	list := flags.Bool("backends", false, "")
	flags.StringVar(&backend, "backend", "", "")
	flags.StringVar(&p.source.path, "source", "", "")
	flags.StringVar(&p.source.base, "base", "", "")
	flags.StringVar(&workload, "workload", "", "")
	flags.StringVar(&p.label, "source-name", "", "")
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		fmt.Fprint(out, usage)
		return 0
	case err != nil:
		fmt.Fprint(errs, usage)
		return 2
	case *list:
		fmt.Fprintf(out, "cilium\tcilium/ebpf %s\ttypes decoded when first asked for and kept\n",
			version())
		return 0
	case backend != "cilium" || p.source.path == "" || workload == "" || flags.NArg() > 0:
		fmt.Fprint(errs, usage)
		return 2
	}
	if p.label == "" {
		p.label = filepath.Base(p.source.path)
	}
	var err error
	if p.workload, err = readWorkload(workload); err == nil {
		err = p.serve(in, out)
	}
	if err != nil {
		fmt.Fprintln(errs, "cilium:", err)
		return 1
	}
	return 0
}

// version is that of the cilium/ebpf compiled in.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/cilium/ebpf" {
				return m.Version
			}
		}
	}
	return "unknown"
}
