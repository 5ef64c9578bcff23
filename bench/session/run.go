package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/perf/benchfmt"
)

// A run is one execution of a Config.
type run struct {
	*Config
	ws      *Workspace
	results *Results
	config  []benchfmt.Config
	// before is the share of the whole that earlier sources took, share that of this one.
	before, share float64
	deadline      time.Time // of the present source; zero for none
}

// Run measures. It ends soon after ctx is done, with the context's cause; no process outlives it.
// Where the deadline ends it, it returns what it has by then.
func Run(ctx context.Context, ws *Workspace, c Config) (*Results, error) {
	began := time.Now()
	c.Count = max(c.Count, 1)
	env := ReadEnvironment(c.Sources)
	r := &run{Config: &c, ws: ws, config: env.config()}
	r.results = &Results{
		Environment: env, Sources: c.Sources, Subjects: c.Subjects, Storage: map[string]string{},
	}
	err := r.sources(ctx)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && len(r.results.Samples) > 0 {
		r.note("the budget ended the run before all samples were taken")
		err = nil
	}
	if err != nil {
		return nil, err
	}
	r.results.Elapsed = time.Since(began)
	return r.results, nil
}

// sources measures one source after the other.
func (r *run) sources(ctx context.Context) error {
	var cancel context.CancelFunc
	if r.Deadline.IsZero() {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithDeadline(ctx, r.Deadline)
	}
	defer cancel()
	var sum float64
	for _, src := range r.Sources {
		sum += src.weight()
	}
	for _, src := range r.Sources {
		r.share = src.weight() / sum
		if !r.Deadline.IsZero() {
			left := float64(time.Until(r.Deadline))
			r.deadline = time.Now().Add(time.Duration(left * r.share / (1 - r.before)))
		}
		if err := r.source(ctx, src); err != nil {
			return err
		}
		r.before += r.share
	}
	return nil
}

// weight is a source's part of the time: synthetic ones show a tendency and need less.
func (s *Source) weight() float64 {
	if s.Growth {
		return 1
	}
	return 8
}

// note keeps a sentence for the reader of the results, once.
func (r *run) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(r.results.Notes, text) {
		r.results.Notes = append(r.results.Notes, text)
	}
}

// progress reports the fraction of the present source that is done.
func (r *run) progress(done float64, now string) {
	if r.Progress != nil {
		r.Progress(r.before+r.share*done, now)
	}
}

// source measures one source.
func (r *run) source(ctx context.Context, src *Source) (err error) {
	w, err := r.Workload(src)
	if err != nil {
		return fmt.Errorf("%s: %w", src.Origin, err)
	}
	s := &stage{run: r, src: src, workload: w}
	if s.path, err = r.ws.writeWorkload(w); err != nil {
		return err
	}
	defer func() {
		for _, p := range s.processes {
			if closeErr := p.close(); err == nil && closeErr != nil {
				err = fmt.Errorf("%s: %w", p.subject.Name, closeErr)
			}
		}
	}()
	s.progress(0, "checking answers about "+src.Name)
	if err := s.check(ctx); err != nil {
		return fmt.Errorf("%s: %w", src.Origin, err)
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := s.fresh(ctx); err != nil {
		return err
	}
	s.freshTime = time.Since(began)
	if err := s.calibrate(); err != nil {
		return err
	}
	if err := s.compareSums(); err != nil {
		return err
	}
	return s.rounds(ctx)
}
