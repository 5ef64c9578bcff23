package session

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench/internal/measured"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
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
	source  string // its name
	ctx     context.Context
	in      io.WriteCloser
	out     *bufio.Reader
	ready   map[string]string // what it said of itself
	wait    func() error
	stderr  *tail
}

// start starts a subject and waits until it is ready. The process ends with ctx.
func start(ctx context.Context, s Subject, src *Source, workload string) (*process, error) {
	p := &process{subject: s, source: src.Name, ctx: ctx, stderr: new(tail)}
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
	if p.ready, err = parseReady(line, s.Name); err != nil {
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
		status := measured.Serve(p.subject.backends, args, inR, outW, p.stderr)
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

// parseReady reads "ready protocol=1 backend=NAME key=value ...", of a backend of that name.
func parseReady(line, name string) (map[string]string, error) {
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
	if pairs["backend"] != name {
		return nil, fmt.Errorf("says that it is the backend %q", pairs["backend"])
	}
	return pairs, nil
}

// ask sends a command and returns the data lines of its answer.
func (p *process) ask(command string) ([]string, error) {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return nil, p.explainEnd(command, err)
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

// A sample is a result, complete with its name, and the checksum of the work, "-" if none is
// defined.
type sample struct {
	result   *benchfmt.Result
	checksum string
}

// measure has the subject take one sample of a row: of a count of operations, or of a duration such
// as 20ms. It names the result after what it asked. An answer with another name is an error, since
// its figures would count as those of another row, backend or source.
func (p *process) measure(r row.Row, count string) (sample, error) {
	command := "run " + r.String() + " " + count
	if r.Op == row.Memory {
		command = "memory " + r.Stage
	}
	lines, err := p.ask(command)
	if err != nil {
		return sample{}, err
	}
	s, err := parseAnswer(lines, row.Name{Row: r, Backend: p.subject.Name, Source: p.source}, count)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %s: %w", p.subject.Name, command, err)
	}
	return s, nil
}

// parseAnswer reads a result and, unless it is one of memory, its checksum.
func parseAnswer(lines []string, asked row.Name, count string) (s sample, err error) {
	want := 2
	if asked.Row.Op == row.Memory {
		want = 1
	}
	if len(lines) != want {
		return s, fmt.Errorf("%d lines for an answer, want %d", len(lines), want)
	}
	if s.result, err = parseResult(lines[0]); err != nil {
		return s, err
	}
	if name := s.result.Name.String(); name != asked.String() {
		return s, fmt.Errorf("the answer names %s, asked was %s", name, asked)
	}
	if !strings.HasSuffix(count, "ms") && count != fmt.Sprint(s.result.Iters) {
		return s, fmt.Errorf("the answer is about %d operations", s.result.Iters)
	}
	s.result.Name = asked.Result(runtime.GOMAXPROCS(0))
	if want == 1 {
		return s, nil
	}
	begins := fmt.Sprintf("checksum %s %d ", asked.Row, s.result.Iters)
	checksum, ok := strings.CutPrefix(lines[1], begins)
	if !ok || checksum == "" {
		return s, fmt.Errorf("checksum line %q, want %q and the sum", lines[1], begins)
	}
	s.checksum = checksum
	return s, nil
}

// parseResult reads a line of the benchmark format.
func parseResult(line string) (*benchfmt.Result, error) {
	reader := benchfmt.NewReader(strings.NewReader(line+"\n"), "answer")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			return rec.Clone(), results.Check(rec)
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	return nil, fmt.Errorf("no benchmark line: %q", line)
}

func (p *process) readLine() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", p.explainEnd("answer", err)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// explainEnd says why a process no longer answers.
func (p *process) explainEnd(doing string, err error) error {
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
		return cause // it killed the process
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
