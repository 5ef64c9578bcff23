// Command corpus keeps the corpus: it lists, verifies and rebuilds its blobs, and adds kernels.
//
// Run "go run ./corpus/cmd/corpus -help" from the root of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const usage = `usage: corpus COMMAND [flags] [arguments]

  list      print the blobs and what is known about them
  verify    hold the manifest against the committed bytes
  rebuild   extract every blob again from its package or object, and say what changed
  add       pin a kernel's packages, fetch them, and add its BTF and some modules
  extract   write the raw BTF inside an ELF file, a module or a kernel image to a file

"corpus COMMAND -help" prints a command's flags. Exit status: 0 done, 1 a problem or a
difference, 2 wrong usage.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// errDiffers makes the exit status 1 after the differences were printed.
var errDiffers = errors.New("the corpus differs from its sources")

// usageError makes the exit status 2.
type usageError string

func (e usageError) Error() string { return string(e) }

type command func(ctx context.Context, args []string, out, log io.Writer) error

var commands = map[string]command{
	"list":    list,
	"verify":  verify,
	"rebuild": rebuild,
	"add":     add,
	"extract": extractFile,
}

func run(ctx context.Context, args []string, out, log io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(log, usage)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(out, usage)
		return 0
	}
	cmd, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(log, "corpus: unknown command %q\n\n%s", args[0], usage)
		return 2
	}
	err := cmd(ctx, args[1:], out, log)
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(log, "corpus %s: %v\n", args[0], err)
		return 2
	}
	fmt.Fprintf(log, "corpus %s: %v\n", args[0], err)
	return 1
}

// parse reads a command's flags and wants between least and most arguments (most < 0: any
// number). Help goes to out, as asked for; a mistake goes to the caller as a usageError.
func parse(f *flag.FlagSet, args []string, out io.Writer, about string, least, most int) error {
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(out, "usage: corpus %s\n", about)
		f.SetOutput(out)
		f.PrintDefaults()
		return err
	}
	if err != nil {
		return usageError(err.Error())
	}
	if f.NArg() < least || most >= 0 && f.NArg() > most {
		return usageError("wrong number of arguments; see -help")
	}
	return nil
}
