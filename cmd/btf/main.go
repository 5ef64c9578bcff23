// Command btf asks BTF, the types of the running Linux kernel and its modules, or of any file:
// which functions, structs and values there are, how they are laid out, what changed between two
// kernels. Run "btf help", or see README.md.
package main

import (
	"os"

	"golang.org/x/term"
)

func main() {
	a := &app{
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		getenv:   os.LookupEnv,
		root:     "/",
		terminal: term.IsTerminal(int(os.Stdout.Fd())),
	}
	os.Exit(a.run(os.Args[1:]))
}
