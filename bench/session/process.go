package session

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
)

// errUnsupported is a subject's answer that it cannot do what was asked; no failure.
var errUnsupported = errors.New("unsupported")

// A refusal is an errUnsupported with its reason.
type refusal struct{ reason string }

func (r *refusal) Error() string        { return "unsupported: " + r.reason }
func (r *refusal) Is(target error) bool { return target == errUnsupported }

// A process is a started subject that takes commands.
type process struct {
	subject Subject
	ctx     context.Context
	in      io.WriteCloser
	out     *bufio.Reader
	ready   map[string]string // what it said of itself
	wait    func() error
	stderr  *tail
}

// start starts a subject and waits until it is ready. The process ends with ctx.
func start(ctx context.Context, s Subject, src *Source, workload string) (*process, error) {
	p := &process{subject: s, ctx: ctx, stderr: new(tail)}
	var err error
	if s.Program == nil {
		p.serveHere(s.arguments(src, workload))
	} else {
		err = p.spawn(append(s.Program[1:len(s.Program):len(s.Program)],
			s.arguments(src, workload)...))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	line, err := p.readLine()
	if err != nil {
		p.close()
		return nil, err
	}
	if p.ready, err = parseReady(line); err != nil {
		p.close()
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return p, nil
}

// spawn starts the subject's program.
func (p *process) spawn(args []string) (err error) {
	cmd := exec.CommandContext(p.ctx, p.subject.Program[0], args...)
	cmd.Stderr = p.stderr
	cmd.WaitDelay = time.Second
	if p.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out, p.wait = bufio.NewReader(out), cmd.Wait
	return cmd.Start()
}

// serveHere runs one of our own backends in a goroutine instead of a process.
func (p *process) serveHere(args []string) {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan error, 1)
	go func() {
		status := bench.Serve(p.subject.backends, args, inR, outW, p.stderr)
		inR.Close()
		outW.Close()
		if status != 0 {
			done <- fmt.Errorf("status %d", status)
		}
		close(done)
	}()
	p.in, p.out = inW, bufio.NewReader(outR)
	p.wait = func() error {
		outR.Close()
		return <-done
	}
}

// parseReady reads "ready protocol=1 key=value ...".
func parseReady(line string) (map[string]string, error) {
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "ready" {
		return nil, fmt.Errorf("ready line expected, not %q", line)
	}
	pairs := make(map[string]string)
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		pairs[key] = value
	}
	if pairs["protocol"] != "1" {
		return nil, fmt.Errorf("protocol %q: version 1 expected", pairs["protocol"])
	}
	return pairs, nil
}

// ask sends a command and returns the data lines of its answer.
func (p *process) ask(command string) ([]string, error) {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return nil, p.died(command, err)
	}
	var lines []string
	for {
		line, err := p.readLine()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", command, err)
		}
		word, reason, _ := strings.Cut(line, " ")
		switch {
		case line == "ok":
			return lines, nil
		case word == "unsupported":
			return nil, &refusal{reason}
		case word == "error":
			return nil, fmt.Errorf("%s: %s: %s", p.subject.Name, command, reason)
		}
		lines = append(lines, line)
	}
}

func (p *process) readLine() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", p.died("answer", err)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// died explains why a process no longer answers.
func (p *process) died(doing string, err error) error {
	if cause := context.Cause(p.ctx); cause != nil {
		return cause
	}
	p.close()
	if words := p.stderr.String(); words != "" {
		return fmt.Errorf("%s: ended: %s", p.subject.Name, words)
	}
	return fmt.Errorf("%s: ended: %s: %w", p.subject.Name, doing, err)
}

// close ends the process and waits for it.
func (p *process) close() error {
	if p.wait == nil {
		return nil
	}
	p.in.Close()
	err := p.wait()
	p.wait = nil
	if cause := context.Cause(p.ctx); cause != nil {
		return cause // which killed it
	}
	return err
}

// tail keeps the first bytes of what a process says on its standard error.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(b []byte) (int, error) {
	const most = 4 << 10
	t.buf.Write(b[:min(len(b), most-min(most, t.buf.Len()))])
	return len(b), nil
}

func (t *tail) String() string { return strings.TrimSpace(t.buf.String()) }
