package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

// A run is one execution of a Config.
type run struct {
	config    Config
	workspace *Workspace
	workloads map[*Source]*workload.Workload
	results   *results.Run
	settings  []benchfmt.Config // the environment, as every result carries it
	// before is the share of the whole that earlier sources took, share that of this one.
	before, share float64
	deadline      time.Time // of the present source; zero for none
}

// Run measures. It ends soon after ctx is done, with the context's cause; no process outlives it.
// Where the deadline ends it, it returns what it has by then.
func Run(ctx context.Context, ws *Workspace, c Config) (*results.Run, error) {
	began := time.Now()
	c.Count = max(c.Count, 1)
	if err := checkNames(c); err != nil {
		return nil, err
	}
	workloads, err := c.Queries.workloads(c.Sources)
	if err != nil {
		return nil, err
	}
	environment := readEnvironment(c.Sources)
	r := &run{
		config: c, workspace: ws, workloads: workloads, results: &results.Run{Environment: environment},
		settings: configuration(environment),
	}
	for _, s := range c.Sources {
		r.results.Sources = append(r.results.Sources, s.Source)
	}
	for _, s := range c.Subjects {
		s.Subject.Storage = make(map[string]string)
		r.results.Subjects = append(r.results.Subjects, s.Subject)
	}
	err = r.measureSources(ctx)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && len(r.results.Samples) > 0 {
		r.addNote("the budget ended the run before all samples were taken")
		err = nil
	}
	if err != nil {
		return nil, err
	}
	r.results.Elapsed = time.Since(began)
	return r.results, nil
}

// checkNames refuses subjects and sources that results could not tell apart.
func checkNames(c Config) error {
	var names []string
	for _, s := range c.Subjects {
		names = append(names, "backend "+s.Name)
		if s.Name == "" || !row.Fits(s.Name) {
			return fmt.Errorf("backend %q: cannot be part of the name of a result", s.Name)
		}
	}
	for _, s := range c.Sources {
		names = append(names, "source "+s.Name)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return fmt.Errorf("more than one %s: results could not tell them apart", names[i])
		}
	}
	return nil
}

// measureSources measures one source after the other.
func (r *run) measureSources(ctx context.Context) error {
	var cancel context.CancelFunc
	if r.config.Deadline.IsZero() {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithDeadline(ctx, r.config.Deadline)
	}
	defer cancel()
	var sum float64
	for _, src := range r.config.Sources {
		sum += src.weight()
	}
	for _, src := range r.config.Sources {
		r.share = src.weight() / sum
		if !r.config.Deadline.IsZero() {
			left := float64(time.Until(r.config.Deadline))
			r.deadline = time.Now().Add(time.Duration(left * r.share / (1 - r.before)))
		}
		if err := r.measureSource(ctx, src); err != nil {
			return err
		}
		r.before += r.share
	}
	return nil
}

// measureSource measures one source.
func (r *run) measureSource(ctx context.Context, src *Source) (err error) {
	m := &measurement{run: r, source: src, workload: r.workloads[src]}
	if m.workloadPath, err = r.workspace.writeWorkload(m.workload); err != nil {
		return err
	}
	defer func() {
		for _, p := range m.processes {
			if closeErr := p.close(); err == nil && closeErr != nil {
				err = fmt.Errorf("%s: %w", p.subject.Name, closeErr)
			}
		}
	}()
	r.showProgress(0, "checking answers about "+src.Name)
	if err := m.checkAnswers(ctx); err != nil {
		return fmt.Errorf("%s: %w", src.Origin, err)
	}
	if err := m.startSubjects(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := m.measureFresh(ctx); err != nil {
		return err
	}
	m.freshTime = time.Since(began)
	if err := m.calibrate(); err != nil {
		return err
	}
	if err := m.compareChecksums(); err != nil {
		return err
	}
	return m.takeRounds(ctx)
}

// addNote keeps a sentence for the reader of the results, once.
func (r *run) addNote(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(r.results.Notes, text) {
		r.results.Notes = append(r.results.Notes, text)
	}
}

// showProgress reports the fraction of the present source that is done.
func (r *run) showProgress(done float64, now string) {
	if r.config.Progress != nil {
		r.config.Progress(r.before+r.share*done, now)
	}
}

// addResult stores a result, and hands it on.
func (r *run) addResult(result *benchfmt.Result) error {
	result.Config = r.settings
	r.results.Samples = append(r.results.Samples, result)
	if r.config.Result != nil {
		return r.config.Result(result)
	}
	return nil
}

// setStorage notes where a subject keeps the bytes of a source.
func (r *run) setStorage(subject Subject, src *Source, storage string) {
	for _, s := range r.results.Subjects {
		if s.Name == subject.Name {
			s.Storage[src.Name] = storage
		}
	}
}

// selects reports whether the user wants a row. Rows that ask nothing are left out where the user
// chose the queries, but did not name rows.
func (r *run) selects(of row.Row) bool {
	if r.config.Select != nil {
		return r.config.Select(of.String())
	}
	return !r.config.Queries.Chosen() || of.Op != row.Iterate && of.Op != row.StructWalk
}
