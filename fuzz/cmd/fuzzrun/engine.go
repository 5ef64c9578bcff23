package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/btfkit/btfkit/fuzz/internal/gocmd"
)

// result is what became of one target.
type result struct {
	target
	execs, interesting int
	known              int // seeds, and inputs that earlier runs found interesting
	took               time.Duration
	output             []byte // of the go command, if it failed
	err                error
}

// fuzz runs one target for the time given, and on until it reaches the floor.
func fuzz(ctx context.Context, c config, t target) (r result) {
	r.target = t
	if r.err = checkSeeds(t.seeds); r.err != nil {
		return r
	}
	start := time.Now()
	r.goTest(ctx, c.time.String(), c.time)
	if missing := c.floor - r.execs; r.err == nil && missing > 0 {
		// The engine counts what it starts from, too.
		r.goTest(ctx, strconv.Itoa(missing+r.known)+"x", 2*c.time)
	}
	r.took = time.Since(start)
	if r.err == nil && r.execs < c.floor {
		r.err = fmt.Errorf("%d executions in %v, want %d", r.execs, r.took.Round(time.Second), c.floor)
	}
	return r
}

// goTest runs the go command once; until is a duration or a count such as "1000x". It is
// stopped some time after limit, which is no failure in itself. Building, and going through
// the seeds, comes on top.
func (r *result) goTest(ctx context.Context, until string, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit+2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+r.name+"$",
		"-fuzztime", until, "-fuzzminimizetime", "10x", ".")
	cmd.Dir = r.dir
	gocmd.EndTogether(cmd)
	out, err := cmd.CombinedOutput()
	execs, interesting := counts(out)
	r.known = baseline(out)
	r.execs += max(0, execs-r.known)
	r.interesting += interesting
	if err != nil && ctx.Err() == nil && !ranOut(out) {
		r.output, r.err = out, fmt.Errorf("go test: %w", err)
	}
}

// ranOut reports whether the engine failed for the sole reason that its time ran out while a
// worker was busy, which it does now and then and which finds nothing.
func ranOut(out []byte) bool {
	return bytes.Contains(out, []byte("    context deadline exceeded\n")) &&
		!bytes.Contains(out, []byte("Failing input written"))
}

var progress = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// counts returns the last figures that the engine printed.
func counts(out []byte) (execs, interesting int) {
	all := progress.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return 0, 0
	}
	last := all[len(all)-1]
	execs, _ = strconv.Atoi(string(last[1]))
	interesting, _ = strconv.Atoi(string(last[2]))
	return execs, interesting
}

var gathering = regexp.MustCompile(`gathering baseline coverage: \d+/(\d+) completed`)

// baseline returns how many inputs the engine goes through before it makes new ones.
func baseline(out []byte) int {
	m := gathering.FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}
