package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

// tree is a copy of the workspace.
type tree struct{ root string }

// copyTree copies the workspace without hidden folders and what is built in it.
func copyTree(root string) (t *tree, remove func(), err error) {
	dir, err := os.MkdirTemp("", "planted")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case rel == ".":
			return nil
		case d.IsDir() && name != ".clusterfuzzlite" && (strings.HasPrefix(name, ".") ||
			name == "target" || rel == filepath.Join("bench", "peers")):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(dir, rel), 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rel), data, 0o644)
	})
	if err != nil {
		remove()
		return nil, nil, err
	}
	return &tree{dir}, remove, nil
}

// apply plants a bug, or takes it out again with "-R". What moved since the patch was written
// does not matter as long as the lines around are recognised.
func (t *tree) apply(ctx context.Context, b bug, flags ...string) error {
	args := append([]string{"apply", "-C1"}, flags...)
	cmd := exec.CommandContext(ctx, "git", append(args, b.path)...)
	cmd.Dir = t.root
	// Without these, git looks for a repository above and leaves files out that are not in it.
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(t.root))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the patch does not apply: %w: %s", err, out)
	}
	return nil
}

// A search is one target that looks for one bug.
type search struct {
	target string
	test   bool // it comes out the same whenever it runs
	missed bool // in the run before
	times  string
}

// look plants a bug and looks for it, printing a line for each target with the time it took in
// each run.
func (t *tree) look(ctx context.Context, w io.Writer, b bug, c config) (found bool, err error) {
	if err := t.apply(ctx, b); err != nil {
		return false, err
	}
	defer func() {
		if undo := t.apply(context.WithoutCancel(ctx), b, "-R"); err == nil {
			err = undo
		}
	}()
	remove, err := t.addMarker(b)
	if err != nil {
		return false, err
	}
	defer remove()
	var searches []*search
	for _, target := range append([]string{sweep}, b.targets...) {
		_, function := folder(target)
		if c.engine == libFuzzer && !isBuilt(target) {
			continue
		}
		searches = append(searches, &search{target: target,
			test: strings.HasPrefix(function, "Test")})
	}
	fmt.Fprintf(w, "%s: %s\n", b.name, b.about)
	first, fewest := 0, len(searches)
	for r := range c.runs {
		hits, err := t.run(ctx, searches, r > 0, first > 0, c)
		if err != nil {
			return false, err
		}
		if r == 0 {
			first = hits
		}
		fewest = min(fewest, hits)
	}
	for _, s := range searches {
		fmt.Fprintf(w, "    %-20s%s\n", s.target, s.times)
	}
	if fewest == 0 {
		fmt.Fprintf(w, "    NOT FOUND in every run\n")
	}
	return fewest > 0, nil
}

// run lets each target look once and counts those that find the bug. In another run than the
// first, tests do not run again, and neither does a target that missed what others found.
func (t *tree) run(ctx context.Context, searches []*search, again, known bool,
	c config) (hits int, err error) {
	for _, s := range searches {
		if !again || !s.test && !(s.missed && known) {
			took, hit, seen, err := t.try(ctx, s.target, c)
			if err != nil {
				return 0, err
			}
			if s.missed = !hit; hit {
				s.times += fmt.Sprintf(" %8.1fs", took.Seconds())
			} else {
				s.times += fmt.Sprintf(" %9s", "-")
			}
			s.times += seen
		}
		if !s.missed {
			hits++
		}
	}
	return hits, nil
}

// try runs one target and reports whether it failed, which is what a planted bug should make it
// do, and how long that took from the first line that the test program printed. Seen tells when
// the bug was reached and triggered, if it has a marker.
func (t *tree) try(ctx context.Context, target string, c config) (
	took time.Duration, failed bool, seen string, err error) {
	cmd, remove, err := t.command(target, c)
	if err != nil {
		return 0, false, "", err
	}
	defer remove()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	w, done, err := t.watch(watching)
	if err != nil {
		return 0, false, "", err
	}
	out, start, took, err := t.runCommand(ctx, cmd, c.limit)
	stop()
	<-done
	seen = w.since(start)
	if restore := t.restore(); restore != nil {
		return 0, false, "", restore
	}
	switch {
	case err == nil:
		return took, false, seen, nil
	case ctx.Err() != nil:
		return 0, false, "", ctx.Err()
	case found(out):
		return took, true, seen, nil
	case strings.Contains(out, "    context deadline exceeded\n"), // a worker was busy
		strings.Contains(out, "panic: test timed out"):
		return took, false, seen, nil
	}
	return 0, false, "", fmt.Errorf("%s: %w, but no test failed\n%s", target, err, out)
}

// command returns what runs a target, and what is to be removed behind it. The engine is the one
// that is asked for if the target is no test.
func (t *tree) command(target string, c config) (cmd []string, remove func(), err error) {
	dir, function := folder(target)
	isFuzz := strings.HasPrefix(function, "Fuzz")
	if isFuzz && c.engine == libFuzzer {
		return []string{".", "bash", "fuzz/oss-fuzz/try.sh", fmt.Sprint(int(c.limit.Seconds())),
			function}, func() {}, nil
	}
	cmd = []string{dir, "go", "test", "-v", "-count=1", "-failfast", "-timeout", c.limit.String(),
		"-run", "^" + function + "$", "."}
	if !isFuzz {
		return cmd, func() {}, nil
	}
	// Fuzzing from the seeds alone, and not from what earlier runs have learned.
	cache, err := os.MkdirTemp("", "planted-cache")
	if err != nil {
		return nil, nil, err
	}
	return []string{dir, "go", "test", "-v", "-count=1", "-failfast", "-timeout", c.limit.String(),
		"-run", "^$", "-fuzz", "^" + function + "$", "-fuzztime", c.limit.String(),
		"-fuzzminimizetime", "1x", "-test.fuzzcachedir", cache, "."}, func() { os.RemoveAll(cache) }, nil
}

// found reports whether the output is that of a test that failed, and not of a build.
func found(out string) bool {
	if strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") {
		return false
	}
	if strings.Contains(out, "panic: test timed out") {
		return false // a test that takes its time: a busy machine, or a bug that only slows it
	}
	for _, sign := range []string{"Failing input written", "panic: ", "fatal error: ",
		"unexpected fault address", "hung or terminated", "ERROR: libFuzzer: "} {
		if strings.Contains(out, sign) {
			return true
		}
	}
	return strings.Contains(out, "--- FAIL") &&
		!strings.Contains(out, "    context deadline exceeded\n")
}

// started are the lines that say that the search begins: of the go command, and of try.sh.
var started = []string{"fuzz: elapsed", "=== RUN", "run: "}

// runCommand runs a program with its arguments, in a folder of the copy that is given first. It
// takes the time from when the test program reports that it started.
func (t *tree) runCommand(ctx context.Context, command []string, limit time.Duration) (
	out string, start time.Time, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit+5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[1], command[2:]...)
	cmd.Dir = filepath.Join(t.root, command[0])
	cmd.Env = append(os.Environ(), "PLANTED_FLAGS="+t.flags())
	gocmd.EndTogether(cmd)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return "", start, 0, err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return "", start, 0, err
	}
	start = time.Now()
	begun := false
	var text strings.Builder
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		if !begun && slices.ContainsFunc(started, func(s string) bool {
			return strings.HasPrefix(line, s)
		}) {
			start, begun = time.Now(), true
		}
		text.WriteString(line + "\n")
	}
	err = cmd.Wait()
	return text.String() + stderr.String(), start, time.Since(start), errors.Join(err, lines.Err())
}

// restore removes inputs that the engine wrote: the seeds are what every run starts from. The
// engine names them by 16 hexadecimal digits.
func (t *tree) restore() error {
	for _, dir := range []string{"fuzz", filepath.Join("btf", "internal", "*")} {
		paths, err := filepath.Glob(filepath.Join(t.root, dir, "testdata", "fuzz", "Fuzz*",
			strings.Repeat("[0-9a-f]", 16)))
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
