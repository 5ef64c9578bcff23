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
	mu    sync.Mutex
	out   io.Writer  // nil: not a terminal
	width func() int // of the terminal
	last  time.Time
	used  bool
}

func newProgress(out io.Writer) *progress {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{out: out, width: func() int {
			columns, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80
			}
			return columns
		}}
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
	fmt.Fprint(p.out, "\r\x1b[K"+progressLine(done, now, p.width()))
}

// progressLine fits into a line of some columns, less the last one, where terminals wrap.
func progressLine(done float64, now string, columns int) string {
	line := []rune(fmt.Sprintf("%3.0f %% %s", 100*done, now))
	return string(line[:min(len(line), max(columns-1, 0))])
}

// stop removes the line for good.
func (p *progress) stop() {
	p.clear()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = nil
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
