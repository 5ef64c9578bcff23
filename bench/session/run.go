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
)

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
	r := newRecord(&c)
	err = measureSources(ctx, ws, &c, workloads, r)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && len(r.run.Samples) > 0 {
		r.addNote("the budget ended the run before all samples were taken")
		err = nil
	}
	if err != nil {
		return nil, err
	}
	r.run.Elapsed = time.Since(began)
	return r.run, nil
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

// measureSources measures one source after the other. Each gets its share of the time until the
// deadline.
func measureSources(ctx context.Context, ws *Workspace, c *Config,
	workloads map[*Source]*workload.Workload, r *record) error {
	var cancel context.CancelFunc
	if c.Deadline.IsZero() {
		ctx, cancel = context.WithCancel(ctx)
	} else {
		ctx, cancel = context.WithDeadline(ctx, c.Deadline)
	}
	defer cancel()
	var sum, before float64
	for _, src := range c.Sources {
		sum += src.weight()
	}
	for _, src := range c.Sources {
		share := src.weight() / sum
		m := &measurement{
			config: c, workspace: ws, record: r, source: src, workload: workloads[src],
			progress: func(done float64, now string) {
				if c.Progress != nil {
					c.Progress(before+share*done, now)
				}
			},
		}
		if !c.Deadline.IsZero() {
			left := float64(time.Until(c.Deadline))
			m.deadline = time.Now().Add(time.Duration(left * share / (1 - before)))
		}
		if err := m.measure(ctx); err != nil {
			return err
		}
		before += share
	}
	return nil
}
