package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// A patch may call plantedBug(x) where its bug is, with an x that is not 0 if the bug makes a
// difference. That the line ran means that the bug was reached, and such an x that it was
// triggered, which may be long before a test fails.
const marker = "plantedBug("

// markerSource defines plantedBug. It has no branches and no comparisons, which would show an
// engine the way. The flags are a mapped file, so that they outlive the process and every worker
// of an engine sets the same.
const markerSource = `package %s

import (
	"os"
	"syscall"
)

var plantedFlags = func() []byte {
	f, err := os.OpenFile(os.Getenv("PLANTED_FLAGS"), os.O_RDWR, 0)
	if err != nil {
		return make([]byte, 2)
	}
	defer f.Close()
	const both = syscall.PROT_READ | syscall.PROT_WRITE
	b, err := syscall.Mmap(int(f.Fd()), 0, 2, both, syscall.MAP_SHARED)
	if err != nil {
		return make([]byte, 2)
	}
	return b
}()

func plantedBug(x uint64) {
	plantedFlags[0] = 1
	plantedFlags[1] |= byte((x | -x) >> 63)
}
`

var (
	patched = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)`)
	clause  = regexp.MustCompile(`(?m)^package (\w+)`)
)

// addMarker defines plantedBug beside what the patch of a bug changes, if the patch calls it, and
// returns what takes it out again.
func (t *tree) addMarker(b bug) (remove func(), err error) {
	text, err := os.ReadFile(b.path)
	if err != nil || !bytes.Contains(text, []byte(marker)) {
		return func() {}, err
	}
	changed := filepath.Join(t.root, string(patched.FindSubmatch(text)[1]))
	source, err := os.ReadFile(changed)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(filepath.Dir(changed), "planted_marker.go")
	return func() { os.Remove(path) }, os.WriteFile(path,
		fmt.Appendf(nil, markerSource, clause.FindSubmatch(source)[1]), 0o644)
}

// A watcher sees when a bug was first reached, and first triggered.
type watcher struct {
	path               string
	reached, triggered time.Time
}

// watch begins with flags that are not set, and looks at them until ctx ends.
func (t *tree) watch(ctx context.Context) (w *watcher, done chan struct{}, err error) {
	w = &watcher{path: t.flags()}
	if err := os.WriteFile(w.path, []byte{0, 0}, 0o644); err != nil {
		return nil, nil, err
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				w.look()
				return
			case <-tick.C:
				w.look()
			}
		}
	}()
	return w, done, nil
}

// flags is the file that markers set bytes of.
func (t *tree) flags() string { return filepath.Join(t.root, ".planted-flags") }

func (w *watcher) look() {
	flags, err := os.ReadFile(w.path)
	if err != nil || len(flags) != 2 {
		return
	}
	if now := time.Now(); flags[0] != 0 && w.reached.IsZero() {
		w.reached = now
	}
	if now := time.Now(); flags[1] != 0 && w.triggered.IsZero() {
		w.triggered = now
	}
}

// since says when a bug was reached and triggered, in seconds from start; nothing if no marker ran.
func (w *watcher) since(start time.Time) string {
	seconds := func(t time.Time) string {
		if t.IsZero() {
			return "never"
		}
		return fmt.Sprintf("%.1fs", max(0, t.Sub(start).Seconds()))
	}
	if w.reached.IsZero() {
		return ""
	}
	return fmt.Sprintf(" (reached %s, triggered %s)", seconds(w.reached), seconds(w.triggered))
}
