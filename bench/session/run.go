package session

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf"
	"golang.org/x/perf/benchfmt"
)

// A run is one execution of a Config.
type run struct {
	*Config
	ws      *Workspace
	results *Results
	config  []benchfmt.Config
	start   time.Time
	// share of the whole that earlier sources took, and that this source takes
	before, share float64
	deadline      time.Time // of the present source; zero for none
}

// Run measures. It ends soon after ctx is done, with the context's cause; no process outlives it.
func Run(ctx context.Context, ws *Workspace, c Config) (*Results, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if c.Count < 1 {
		c.Count = 1
	}
	r := &run{Config: &c, ws: ws, start: time.Now()}
	env := ReadEnvironment(c.Sources)
	r.results = &Results{
		Environment: env, Sources: c.Sources, Subjects: c.Subjects, Storage: map[string]string{},
	}
	r.config = env.config()
	for i, src := range c.Sources {
		r.share = 1 / float64(len(c.Sources))
		r.before = float64(i) * r.share
		if c.Budget > 0 {
			left := c.Budget - time.Since(r.start)
			r.deadline = time.Now().Add(left / time.Duration(len(c.Sources)-i))
		}
		if err := r.source(ctx, src); err != nil {
			return nil, err
		}
	}
	r.results.Elapsed = time.Since(r.start)
	return r.results, nil
}

func (r *run) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, old := range r.results.Notes {
		if old == text {
			return
		}
	}
	r.results.Notes = append(r.results.Notes, text)
}

func (r *run) progress(done float64, now string) {
	if r.Progress != nil {
		r.Progress(r.before+r.share*done, now)
	}
}

// A stage is the measurement of one source.
type stage struct {
	*run
	src       *Source
	workload  *bench.Workload
	path      string // of the workload file
	processes []*process
	cells     []*cell
}

// A cell is one row of one subject.
type cell struct {
	row     string
	process *process
	n       int           // operations a sample
	took    time.Duration // of the last sample, command included
}

func (r *run) source(ctx context.Context, src *Source) (err error) {
	w, err := r.Workload(src)
	if err != nil {
		return fmt.Errorf("%s: %w", src.Origin, err)
	}
	s := &stage{run: r, src: src, workload: w}
	if s.path, err = s.writeWorkload(); err != nil {
		return err
	}
	defer func() {
		for _, p := range s.processes {
			if closeErr := p.close(); err == nil && closeErr != nil && ctx.Err() == nil {
				err = fmt.Errorf("%s: %w", p.subject.Name, closeErr)
			}
		}
	}()
	if err := s.begin(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := s.fresh(ctx); err != nil {
		return err
	}
	fresh := time.Since(began)
	if err := s.calibrate(fresh); err != nil {
		return err
	}
	return s.rounds(ctx, fresh)
}

func (s *stage) writeWorkload() (string, error) {
	var b strings.Builder
	if _, err := s.workload.WriteTo(&b); err != nil {
		return "", err
	}
	return s.ws.write("workload.txt", []byte(b.String()))
}

// begin starts the subjects and checks their answers.
func (s *stage) begin(ctx context.Context) error {
	s.progress(0, "checking answers")
	o, err := s.oracle()
	if err != nil {
		return fmt.Errorf("%s: %w", s.src.Origin, err)
	}
	for _, subject := range s.Subjects {
		p, err := start(ctx, subject, s.src, s.path)
		if err != nil {
			return err
		}
		s.processes = append(s.processes, p)
		if err := o.check(p); err != nil {
			return fmt.Errorf("%s: %w", s.src.Origin, err)
		}
		if subject.Own {
			if err := s.askStorage(p); err != nil {
				return err
			}
		}
	}
	s.makeCells()
	return nil
}

func (s *stage) oracle() (*oracle, error) {
	spec, err := s.src.Open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	return newOracle(spec, s.workload)
}

// Open opens a source for the driver's own use.
func (s *Source) Open() (*btf.Spec, error) {
	b, err := bench.Select("default")
	if err != nil {
		return nil, err
	}
	var base *btf.Spec
	if s.Base != nil {
		if base, err = s.Base.Open(); err != nil {
			return nil, err
		}
		defer base.Close()
	}
	return b[0].Open(s.Path, base)
}

// askStorage asks one of our own where its bytes are.
func (s *stage) askStorage(p *process) error {
	lines, err := p.ask("info")
	if err != nil || len(lines) == 0 {
		return err
	}
	words := strings.TrimPrefix(lines[0], "info storage=")
	storage, _, _ := strings.Cut(words, " ")
	if _, why, _ := strings.Cut(words, " why="); why != "" {
		storage += ": " + why
	}
	s.results.Storage[p.subject.Name+"/"+s.src.Name] = storage
	return nil
}

func (s *stage) makeCells() {
	rows := bench.Rows(s.workload, s.src.Base != nil, s.Extra, runtime.GOMAXPROCS(0))
	for _, row := range rows {
		if s.Rows != nil && !s.Rows(row) {
			continue
		}
		for _, p := range s.processes {
			if p.subject.Own || bench.InProtocol(row) {
				s.cells = append(s.cells, &cell{row: row, process: p})
			}
		}
	}
}

// calibrate takes and discards a sample of each cell: it fills caches, finds rows that a
// subject does not have, and chooses the number of operations. fresh is how long a round of
// fresh processes takes.
func (s *stage) calibrate(fresh time.Duration) error {
	target := s.sampleTime(fresh)
	kept := s.cells[:0]
	for i, c := range s.cells {
		s.progress(0.2*float64(i)/float64(len(s.cells)), "calibrating "+c.row)
		count := fmt.Sprintf("%dms", max(1, target.Milliseconds()))
		if s.Iterations > 0 {
			count = fmt.Sprint(s.Iterations)
		}
		began := time.Now()
		result, _, err := c.sample(count)
		if errors.Is(err, errUnsupported) {
			s.note("%s", strings.TrimSpace(err.Error()))
			continue
		}
		if err != nil {
			return err
		}
		c.n, c.took = result.Iters, time.Since(began)
		if sec, ok := result.Value("sec/op"); ok {
			c.took = time.Duration(sec * float64(c.n) * float64(time.Second))
		}
		kept = append(kept, c)
	}
	s.cells = kept
	return s.compareSums()
}

// sampleTime divides what is left of the budget: a calibration costs about twice the
// sample that it ends with.
func (s *stage) sampleTime(fresh time.Duration) time.Duration {
	if s.Sample > 0 {
		return s.Sample
	}
	if s.deadline.IsZero() || len(s.cells) == 0 {
		return DefaultSample
	}
	left := time.Until(s.deadline) - time.Duration(s.Count-1)*fresh
	each := left * 9 / 10 / time.Duration(len(s.cells)*(s.Count+2))
	return min(max(each, time.Millisecond), 10*DefaultSample)
}

// compareSums runs a few operations of each cell and compares the checksums of those that do
// the same work.
func (s *stage) compareSums() error {
	type sum struct {
		subject, value string
		n              int
	}
	first := make(map[string]sum)
	for _, c := range s.cells {
		omits, err := parseOmissions(c.process.ready)
		if err != nil {
			return err
		}
		if !omits.none() || !bench.InProtocol(c.row) {
			continue
		}
		old, known := first[c.row]
		if !known {
			old = sum{c.process.subject.Name, "", 1}
			if c.took < 10*time.Microsecond*time.Duration(c.n) {
				old.n = 100
			}
		}
		_, value, err := c.sample(fmt.Sprint(old.n))
		switch {
		case err != nil:
			return err
		case value == "-": // differs by design
		case !known:
			old.value = value
			first[c.row] = old
		case old.value != value:
			return fmt.Errorf("%s: %s: checksum %s of %d operations, but %s has %s",
				c.process.subject.Name, c.row, value, old.n, old.subject, old.value)
		}
	}
	return nil
}

// sample takes one sample and returns its result and checksum.
func (c *cell) sample(count string) (*benchfmt.Result, string, error) {
	lines, err := c.process.ask("run " + c.row + " " + count)
	if err != nil {
		return nil, "", err
	}
	if len(lines) != 2 {
		return nil, "", fmt.Errorf("%s: %s: %d lines for an answer", c.process.subject.Name, c.row,
			len(lines))
	}
	result, err := parseResult(lines[0])
	if err != nil {
		return nil, "", fmt.Errorf("%s: %s: %w", c.process.subject.Name, c.row, err)
	}
	fields := strings.Fields(lines[1])
	if len(fields) != 4 || fields[0] != "checksum" {
		return nil, "", fmt.Errorf("%s: %s: checksum line %q", c.process.subject.Name, c.row, lines[1])
	}
	return result, fields[3], nil
}

// parseResult reads a line of the benchmark format.
func parseResult(line string) (*benchfmt.Result, error) {
	reader := benchfmt.NewReader(strings.NewReader(line+"\n"), "answer")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			return rec.Clone(), nil
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	return nil, fmt.Errorf("no benchmark line: %q", line)
}

// rounds takes the samples.
func (s *stage) rounds(ctx context.Context, fresh time.Duration) error {
	longest := fresh
	for round := range s.Count {
		began := time.Now()
		if !s.deadline.IsZero() && round > 0 && time.Until(s.deadline) < longest {
			s.note("%s: the budget ended the run after %d of %d samples", s.src.Name, round, s.Count)
			return nil
		}
		if round == 0 {
			s.fit(fresh)
		}
		for i, c := range s.cells {
			s.progress(0.2+0.8*(float64(round)+float64(i)/float64(len(s.cells)))/float64(s.Count),
				fmt.Sprintf("sample %d of %d", round+1, s.Count))
			result, _, err := c.sample(fmt.Sprint(c.n))
			if err != nil {
				return err
			}
			if err := s.keep(result); err != nil {
				return err
			}
		}
		if round > 0 {
			if err := s.fresh(ctx); err != nil {
				return err
			}
		}
		longest = max(longest, time.Since(began))
	}
	return nil
}

// fit shortens the samples if calibration showed that a round takes too long for the budget.
func (s *stage) fit(fresh time.Duration) {
	if s.deadline.IsZero() || s.Iterations > 0 {
		return
	}
	var round time.Duration
	for _, c := range s.cells {
		round += c.took
	}
	allowed := time.Until(s.deadline)/time.Duration(s.Count) - fresh
	if round <= allowed {
		return
	}
	factor := max(float64(allowed), 0) / float64(round)
	for _, c := range s.cells {
		c.n = max(1, int(float64(c.n)*factor))
	}
}

// fresh takes one sample of each subject's memory, and of a cold open, in fresh processes.
func (s *stage) fresh(ctx context.Context) error {
	if s.Rows != nil && !s.Rows("Memory") && !s.Rows("OpenCold") {
		return nil
	}
	for _, subject := range s.Subjects {
		if subject.Program == nil {
			s.note("no process of its own for %s: memory and cold opens are not measured", subject.Name)
			continue
		}
		s.progress(0, "memory of "+subject.Name)
		if err := s.askFresh(ctx, subject, "run OpenCold 1"); err != nil {
			return err
		}
		if err := s.askFresh(ctx, subject, "memory open", "memory queries"); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) askFresh(ctx context.Context, subject Subject, commands ...string) error {
	p, err := start(ctx, subject, s.src, s.path)
	if err != nil {
		return err
	}
	defer p.close()
	for _, command := range commands {
		lines, err := p.ask(command)
		if errors.Is(err, errUnsupported) {
			s.note("%s", strings.TrimSpace(err.Error()))
			continue
		}
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return fmt.Errorf("%s: %s: no result line", subject.Name, command)
		}
		result, err := parseResult(lines[0])
		if err != nil {
			return fmt.Errorf("%s: %s: %w", subject.Name, command, err)
		}
		if err := s.keep(result); err != nil {
			return err
		}
	}
	return p.close()
}

// keep completes a result and stores it.
func (s *stage) keep(result *benchfmt.Result) error {
	result.Name = fmt.Appendf(result.Name, "-%d", runtime.GOMAXPROCS(0))
	result.Config = s.config
	s.results.Samples = append(s.results.Samples, result)
	if s.Result != nil {
		return s.Result(result)
	}
	return nil
}
