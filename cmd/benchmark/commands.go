package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// serveCommand is the first argument of the processes that this program starts of itself, one for
// each backend. It is not for people; other drivers may use it.
const serveCommand = "serve"

// A failure is an error of a command, as opposed to wrong usage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// asFailure makes a failure of an error, if there is one.
func asFailure(err error) error {
	if err == nil {
		return nil
	}
	return failure{err}
}

// run is the program; it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == serveCommand {
		return session.Serve(bench.Backends(), args[1:], stdin, stdout, stderr)
	}
	root := rootCommand(new(options))
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	var f failure
	if err != nil && !errors.As(err, &f) {
		name := command.CommandPath()
		fmt.Fprintf(stderr, "%s: %v\nTry %s --help.\n", name, err, name)
		return 2
	}
	return finish(ctx, command.CommandPath(), err, stderr)
}

// rootCommand makes the table of all commands and their flags. The parser, the help, what completes
// them in shells and the manual page come from it.
func rootCommand(o *options) *cobra.Command {
	root := o.command()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.DisableAutoGenTag = true // which would date the manual pages
	root.Version = fmt.Sprintf("%s %s %s/%s", build.Version(), runtime.Version(), runtime.GOOS,
		runtime.GOARCH)
	root.SetVersionTemplate("benchmark {{.Version}}\n")
	root.AddCommand(new(comparison).command(), rankingCommand(), chartCommand(),
		historyCommand(), completionCommand(), manCommand())
	return root
}

// withFlags adds flags to a command, and lists them in its help under these titles.
func withFlags(c *cobra.Command, titles []string, groups ...*pflag.FlagSet) *cobra.Command {
	for _, g := range groups {
		c.Flags().AddFlagSet(g)
	}
	c.DisableFlagsInUseLine = true
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		out := c.OutOrStdout()
		fmt.Fprintf(out, "Usage: %s\n\n%s\n", c.UseLine(), c.Long)
		if c.HasExample() {
			fmt.Fprintf(out, "\nExamples:\n%s\n", c.Example)
		}
		if c.HasAvailableSubCommands() {
			fmt.Fprint(out, "\nCommands:\n")
		}
		for _, sub := range documented(c)[1:] {
			fmt.Fprintf(out, "  %-11s %s\n", sub.Name(), sub.Short)
		}
		for i, g := range groups {
			fmt.Fprintf(out, "\n%s:\n%s", titles[i], g.FlagUsagesWrapped(80))
		}
	})
	return c
}

// newFlags returns an empty group of flags, which lists them in the order of their definition.
func newFlags() *pflag.FlagSet {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.SortFlags = false
	return f
}

// completeFlag says what a flag's values can be.
func completeFlag(c *cobra.Command, flag string, values ...string) {
	complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the table has no such flag
	}
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

// shells are the shells that we know how to complete for.
var shells = []string{"bash", "zsh", "fish"}

func completionCommand() *cobra.Command {
	return withFlags(&cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "print completions for a shell",
		Long: `Prints a script for the shell to source, such as:
source <(benchmark completion bash)`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			known := strings.Join(shells, ", ")
			switch {
			case len(args) != 1:
				return errors.New("wants a shell: " + known)
			case !slices.Contains(shells, args[0]):
				return fmt.Errorf("shell %q: unknown, one of %s", args[0], known)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			root, out := c.Root(), c.OutOrStdout()
			switch args[0] {
			case "bash":
				return asFailure(root.GenBashCompletionV2(out, true))
			case "zsh":
				return asFailure(root.GenZshCompletion(out))
			}
			return asFailure(root.GenFishCompletion(out, true))
		},
	}, nil)
}

// pages are the manual pages, which a test makes from the table of commands.
//
//go:embed man/*.1
var pages embed.FS

func manCommand() *cobra.Command {
	return withFlags(&cobra.Command{
		Use:   "man",
		Short: "print the manual pages",
		Long:  "Prints the manual page of each command. To read them: benchmark man | man -l -",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, command := range documented(c.Root()) {
				page, err := pages.ReadFile("man/" + pageName(command))
				if err != nil {
					return failure{err}
				}
				if _, err := c.OutOrStdout().Write(page); err != nil {
					return failure{err}
				}
			}
			return nil
		},
	}, nil)
}

// documented returns the program and its commands.
func documented(root *cobra.Command) []*cobra.Command {
	return append([]*cobra.Command{root}, slices.DeleteFunc(root.Commands(),
		func(c *cobra.Command) bool { return !c.IsAvailableCommand() })...)
}

// pageName returns the file name of a command's manual page.
func pageName(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
}
