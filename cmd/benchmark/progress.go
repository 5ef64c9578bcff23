package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// A progress line is redrawn on a terminal, and on nothing else.
type progress struct {
	mu   sync.Mutex
	out  io.Writer // nil: not a terminal
	last time.Time
	used bool
}

func newProgress(out io.Writer) *progress {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{out: out}
	}
	return new(progress)
}

func (p *progress) show(done float64, now string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.used = time.Now(), true
	fmt.Fprintf(p.out, "\r\x1b[K%3.0f %% %.60s", 100*done, now)
}

// clear removes the line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.used = false
	}
}
