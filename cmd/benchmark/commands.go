package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/btfkit/btfkit/bench/build"
	"github.com/btfkit/btfkit/cmd/internal/flags"
)

// commands lists the tables of the program and of its commands, in the order of texts.
func commands() []*flags.Command {
	return []*flags.Command{
		new(options).command(), new(comparison).command(), rankingCommand(), chartCommand(new(string)),
		completionCommand(), manCommand(),
	}
}

func completionCommand() *flags.Command {
	return &flags.Command{
		Name:   "benchmark completion",
		Usage:  []string{"benchmark completion bash|zsh|fish"},
		Brief:  "print completions for a shell",
		About:  "Prints a script for the shell to source, such as: source <(benchmark completion bash)",
		Status: "0, 2 for wrong usage.",
	}
}

func manCommand() *flags.Command {
	return &flags.Command{
		Name:   "benchmark man",
		Usage:  []string{"benchmark man"},
		Brief:  "print the manual page",
		About:  "Prints the manual page. To read it: benchmark man | man -l -",
		Status: "0, 2 for wrong usage.",
	}
}

// complete is the command completion.
func complete(args []string, stdout, stderr io.Writer) int {
	c := completionCommand()
	rest, _, status, ok := c.Run(args, stdout, stderr)
	if !ok {
		return status
	}
	if len(rest) != 1 {
		return c.Misused(stderr, errors.New("wants a shell: "+strings.Join(flags.Shells(), ", ")))
	}
	script, err := flags.Completion(rest[0], commands()...)
	if err != nil {
		return c.Misused(stderr, err)
	}
	fmt.Fprint(stdout, script)
	return 0
}

// man is the command of that name.
func man(args []string, stdout, stderr io.Writer) int {
	c := manCommand()
	rest, _, status, ok := c.Run(args, stdout, stderr)
	if !ok {
		return status
	}
	if len(rest) > 0 {
		return c.Misused(stderr, fmt.Errorf("unexpected argument %q", rest[0]))
	}
	fmt.Fprint(stdout, flags.Man("btfkit "+build.Version(), commands()...))
	return 0
}

func version(stdout io.Writer) int {
	fmt.Fprintf(stdout, "benchmark %s %s %s/%s\n", build.Version(), runtime.Version(), runtime.GOOS,
		runtime.GOARCH)
	return 0
}

// text binds an option to a string.
func text(value *string, otherwise string) func(*flag.FlagSet, string) {
	return func(f *flag.FlagSet, name string) { f.StringVar(value, name, otherwise, "") }
}

// number binds an option to a count.
func number(value *int, otherwise int) func(*flag.FlagSet, string) {
	return func(f *flag.FlagSet, name string) { f.IntVar(value, name, otherwise, "") }
}

// toggle binds an option to a switch.
func toggle(value *bool) func(*flag.FlagSet, string) {
	return func(f *flag.FlagSet, name string) { f.BoolVar(value, name, false, "") }
}

// parsed binds an option to a function that reads its value.
func parsed(set func(string) error) func(*flag.FlagSet, string) {
	return func(f *flag.FlagSet, name string) { f.Func(name, "", set) }
}
