// Package gocmd holds what the commands of this module need to run the go command.
package gocmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrUsage is what a command returns that has said how it is used.
var ErrUsage = errors.New("usage")

// Main runs a command until it ends or a signal asks it to. It exits with 2 for wrong usage, and
// with 1 for other errors, which it prints.
func Main(name string, run func(ctx context.Context, out, errs io.Writer, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, ErrUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Workspace returns the folder of go.work.
func Workspace() (string, error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOWORK: %w", err)
	}
	path := strings.TrimSpace(string(out))
	if path == "" || path == "off" {
		return "", errors.New("no go.work in this folder or above; run it in the repository")
	}
	return filepath.Dir(path), nil
}

// EndTogether makes what cmd starts end with it, as far as the system allows: the go command
// starts a test program, which starts the workers of the fuzz engine.
func EndTogether(cmd *exec.Cmd) { endGroup(cmd) }
