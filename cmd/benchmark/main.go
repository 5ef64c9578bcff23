// Command benchmark measures the backends of btfkit on this machine: opening, memory, and queries
// by id, by name and by regular expression. See the usage text, or README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx := interruptible()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// An interruption is a signal that asks the program to end.
type interruption struct{ signal syscall.Signal }

func (i interruption) Error() string { return "interrupted" }

// interruptible returns a context that ends with Ctrl-C. A second one ends the program at once.
//
// Writing to a pipe that nobody reads is an error as any other, instead of a signal that ends the
// program: so its temporary files are removed.
func interruptible() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		s, _ := (<-signals).(syscall.Signal)
		signal.Stop(signals)
		cancel(interruption{s})
	}()
	return ctx
}
