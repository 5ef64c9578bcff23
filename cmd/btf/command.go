package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/btf/path"
	"github.com/btfkit/btfkit/elfx"
	"github.com/btfkit/btfkit/elfx/loaded"
	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	statusOK      = 0
	statusFailure = 1 // also: nothing found
	statusUsage   = 2
)

// An app is one run of the program.
type app struct {
	stdout, stderr io.Writer
	terminal       bool // stdout is one
	getenv         func(string) (string, bool)
	root           string // of the file system that the running kernel is looked for in

	source  sourceFlags
	json    bool
	colour  string
	noPager bool

	out     *output     // of the command that runs
	running bool        // it asks the running kernel
	closers []io.Closer // what was opened
}

// errNothing is the failure of a command that found nothing. It has said so.
var errNothing = errors.New("nothing found")

// A usageError is wrong usage that the flags' parser cannot see.
type usageError struct{ error }

// A failure is an error of a command, as opposed to wrong usage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// run runs the program and returns its exit status.
func (a *app) run(args []string) int {
	defer func() {
		for _, c := range a.closers {
			c.Close()
		}
	}()
	root := a.rootCommand()
	root.SetArgs(args)
	command, err := root.ExecuteC()
	var f failure
	switch {
	case err == nil, errors.Is(err, errClosedPipe):
		return statusOK
	case errors.Is(err, errNothing):
		return statusFailure
	case !errors.As(err, &f):
		fmt.Fprintf(a.stderr, "btf: %s\nTry %s --help.\n", clean(err.Error()), command.CommandPath())
		return statusUsage
	}
	fmt.Fprintf(a.stderr, "btf: %s\n", clean(strings.TrimPrefix(err.Error(), "btf: ")))
	if hint := a.hint(err); hint != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
	return statusFailure
}

const about = `Asks BTF, the types of the running Linux kernel and its modules, or of any file:
which functions, structs and values there are, how they are laid out, what
changed between two kernels.`

const statuses = `
Exit status: 0 if all went well and something was found; 1 on failure, or if
nothing was found; 2 for wrong usage.
`

// rootCommand makes the table of all commands and their flags. The parser, the help, what completes
// them in shells and the manual pages come from it.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "btf",
		Short:         "asks the types of a Linux kernel",
		Long:          about + "\n" + statuses,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages",
		".FlagUsagesWrapped 80"))
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "write JSON; README.md says what is in it")
	f.StringVar(&a.colour, "color", "auto", "when to colour: auto, always or never")
	f.BoolVar(&a.noPager, "no-pager", false, "do not start $PAGER on a terminal")
	completeFlag(root, "color", "auto", "always", "never")
	root.AddCommand(a.findCommand(), a.showCommand(), a.pathCommand(), a.dumpCommand(),
		a.listCommand(), a.diffCommand(), a.checkCommand(), a.verifyCommand(),
		a.extractCommand(), a.minCommand())
	return root
}

// do wraps what a command does: it makes a failure of its errors, and finishes its output.
func (a *app) do(work func(args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if a.colour != "auto" && a.colour != "always" && a.colour != "never" {
			return fmt.Errorf("--color %q: wants auto, always or never", a.colour)
		}
		a.out = a.newOutput(c.Name())
		err := work(args)
		var usage usageError
		if errors.As(err, &usage) {
			return usage
		}
		if closeErr := a.out.close(); err == nil || errors.Is(closeErr, errClosedPipe) {
			err = closeErr
		}
		if err != nil {
			return failure{err}
		}
		return nil
	}
}

// release is the version that "make dist" builds, which the linker writes here: the go command
// knows only the versions of modules that it downloaded.
var release string

// version is the release, or what the go command recorded of the program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case release != "":
		return release
	case !ok || info.Main.Version == "":
		return "(unknown)"
	}
	return info.Main.Version
}

// hint says what to do about a failure; "" if there is nothing to add.
func (a *app) hint(err error) string {
	var name *btf.NotFoundError
	var member *path.Error
	var format *btf.FormatError
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("look for a similar name with: btf find '*%s*'", clean(short(name.Name)))
	case errors.Is(err, path.ErrSyntax):
		return "a path is TYPE, then .member, ->member or [3] as often as need be"
	case errors.As(err, &member):
		return "btf show TYPE lists its members"
	case errors.Is(err, loaded.ErrNotLoaded):
		return "btf list --loaded shows the numbers of BTF, bpftool prog those of programs"
	case errors.Is(err, errNoModule):
		return "btf list shows the modules"
	case errors.Is(err, elfx.ErrNoBTF) && a.running:
		return "kernels have BTF if built with CONFIG_DEBUG_INFO_BTF; name a file that has it with --btf"
	case errors.As(err, &format) && format.Part == "header":
		return "the file is damaged, or cut off"
	case errors.Is(err, fs.ErrPermission):
		return "try again as root, or name another file with --btf"
	case errors.Is(err, btf.ErrCorrupt) && a.source.base == "":
		return "if this is BTF of a module, name its kernel's with --base"
	}
	return ""
}

// warn tells about modules that are left out.
func (a *app) warn(problems []modules.Problem) {
	for i, p := range problems {
		if i == 3 {
			fmt.Fprintf(a.stderr, "btf: warning: %d more; btf list has all\n", len(problems)-i)
			return
		}
		text := clean(p.Err.Error())
		fmt.Fprintf(a.stderr, "btf: warning: %s left out: %s\n", clean(p.Module), text)
	}
}
