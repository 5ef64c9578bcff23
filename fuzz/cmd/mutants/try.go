package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

// A verdict is what the tests made of a mutant.
type verdict string

const (
	killed   verdict = "killed"
	timedOut verdict = "timed out" // which is noticed, too
	lived    verdict = "lived"
	invalid  verdict = "does not compile"
)

// key tells a mutant of a package, as its file is now, from all others.
func (p *pkg) key(root string, m mutant) string {
	sum := sha256.Sum256(p.sources[m.file])
	return fmt.Sprintf("%x %s:%d:%d %s", sum[:4], relative(root, m.file), m.line, m.start, m.change)
}

// relative shortens a path to that in the workspace.
func relative(root, path string) string {
	if rel, err := filepath.Rel(root, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// test runs the tests that count, with a change if there is one, and ends them after a time.
func (p *pkg) test(ctx context.Context, m *mutant, run string, limit time.Duration) (
	verdict, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	args := []string{"test", "-short", "-count=1", "-failfast", "-vet=off", "-p=1",
		"-timeout=" + limit.String(), "-run=" + run}
	if m != nil {
		overlay, err := writeOverlay(dir, m.file, m.apply(p.sources[m.file]))
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay="+overlay)
	}
	const building = 5 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, limit+building)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append(args, p.tests...)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "PWD="+p.dir)
	gocmd.EndTogether(cmd)
	limitMemory(cmd)
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return timedOut, context.Cause(ctx)
	case err == nil:
		return lived, nil
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return invalid, nil
	case bytes.Contains(out, []byte("panic: test timed out")):
		return timedOut, nil
	}
	return killed, nil
}

// writeOverlay writes a changed file, and the file that tells the go command to take it for path.
func writeOverlay(dir, path string, src []byte) (string, error) {
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(changed, src, 0o600); err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, list, 0o600)
}
