package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
)

// A pager shows what is written to it, page by page. It starts with the first byte, so that a
// command that only fails needs none.
type pager struct {
	command string
	stdout  io.Writer
	stderr  io.Writer
	env     []string
	start   sync.Once
	stop    sync.Once
	process *exec.Cmd
	pipe    io.WriteCloser
	err     error
}

// newPager chooses as git does: $PAGER, else less; nil for none, which is what an empty PAGER and
// cat stand for.
func newPager(a *app) *pager {
	command, ok := a.getenv("PAGER")
	if !ok {
		command = "less"
	}
	if _, err := exec.LookPath("sh"); err != nil || command == "" || command == "cat" {
		return nil
	}
	if _, err := exec.LookPath("less"); err != nil && !ok {
		return nil
	}
	p := &pager{command: command, stdout: a.stdout, stderr: a.stderr}
	if less, _ := a.getenv("LESS"); less == "" {
		p.env = append(os.Environ(), "LESS=FRX") // what git sets: short output stays on the screen
	}
	return p
}

func (p *pager) Write(b []byte) (int, error) {
	p.start.Do(p.launch)
	if p.err != nil {
		return p.stdout.Write(b) // without a pager, then
	}
	return p.pipe.Write(b)
}

func (p *pager) launch() {
	p.process = exec.Command("sh", "-c", p.command)
	p.process.Stdout, p.process.Stderr, p.process.Env = p.stdout, p.stderr, p.env
	if p.pipe, p.err = p.process.StdinPipe(); p.err != nil {
		return
	}
	if p.err = p.process.Start(); p.err != nil {
		return
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted // the pager gets it, too, and knows what to do; it must not be left behind
		p.wait()
		os.Exit(130)
	}()
}

// wait tells the pager that all is written, and waits until its user has seen enough.
func (p *pager) wait() {
	p.stop.Do(func() {
		if p.pipe != nil && p.err == nil {
			p.pipe.Close()
			p.process.Wait() // how it ended is its user's business
		}
	})
}
