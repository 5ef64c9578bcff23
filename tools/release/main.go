// Release makes a release of the workspace in a scratch clone, proves that others can use it,
// and prints the command that publishes it. It pushes nothing.
//
//	go run ./release v0.3.0        from the folder tools
//	go run ./release -dry-run      a version that nobody will publish; leaves nothing behind
//
// All modules get the same version. In one commit every go.mod requires its siblings at that
// version and loses the replacements by folders; sums of siblings come from a module proxy of
// files, which the program fills as it goes. The commit is tagged FOLDER/VERSION for each module,
// and a second one brings the replacements back. Then a module outside gets all of it from that
// proxy, builds a program, runs the examples, and installs the commands.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// outside is the program that a user might write first.
//
//go:embed testdata/outside.go
var outside string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

func run(ctx context.Context, args []string) (err error) {
	f := flag.NewFlagSet("release", flag.ContinueOnError)
	dry := f.Bool("dry-run", false, "try it: short tests, and nothing is kept")
	root := f.String("root", "..", "the `folder` of go.work")
	if err := f.Parse(args); err != nil {
		return errors.Join(errUsage, err)
	}
	if f.NArg() > 1 || f.NArg() == 0 && !*dry {
		fmt.Fprintln(os.Stderr, "usage: release [-dry-run] VERSION")
		return errUsage
	}
	r := &release{ctx: ctx, dry: *dry, version: f.Arg(0), program: outside, out: os.Stdout}
	if r.root, err = filepath.Abs(*root); err != nil {
		return err
	}
	if r.scratch, err = os.MkdirTemp("", "release-"); err != nil {
		return err
	}
	defer func() {
		if r.dry || err != nil {
			err = errors.Join(err, os.RemoveAll(r.scratch))
		}
	}()
	if err := r.make(); err != nil {
		return err
	}
	r.explain()
	return nil
}
