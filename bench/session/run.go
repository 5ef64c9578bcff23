package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/bench/results"
)

// Run measures. Where ctx ends it, it returns soon, with the context's cause and what it has by
// then; no process outlives it. Where the deadline ends it, it returns what it has, or a
// BudgetError if that is nothing. If the config selects no row, the error is a RowsError.
func Run(ctx context.Context, ws *Workspace, c Config) (*results.Run, error) {
	began := time.Now()
	c.Count = max(c.Count, 1)
	if err := checkNames(c); err != nil {
		return nil, err
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if !c.Deadline.IsZero() {
		limited, cancel = context.WithDeadline(ctx, c.Deadline)
	}
	defer cancel()
	r := newRecord(&c)
	_, err := Await(limited, func() (none struct{}, err error) {
		workloads, err := c.Queries.workloads(c.Sources)
		if err == nil {
			err = c.checkRows(workloads)
		}
		if err == nil {
			err = measureSources(limited, ws, &c, workloads, r)
		}
		return none, err
	})
	run := r.end(time.Since(began))
	switch {
	case err == nil:
		return run, nil
	case ctx.Err() != nil:
		return run, context.Cause(ctx)
	case !errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case len(run.Samples) == 0:
		return nil, &BudgetError{r.doing, r.guessWanted(run.Elapsed)}
	}
	run.Notes = append(run.Notes, fmt.Sprintf("the budget ended the run before all samples were "+
		"taken: one of each wants about %v", r.guessWanted(run.Elapsed)))
	return run, nil
}

// A BudgetError says that the deadline left no time for a sample.
type BudgetError struct {
	// Doing is what the run did when it ended.
	Doing string
	// Wanted is about how long a run lasts that takes one sample of each row.
	Wanted time.Duration
}

// Error says what took the time, and how much is wanted.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("it ended before the first sample, %s: wants about %v", e.Doing, e.Wanted)
}

// Unwrap returns [context.DeadlineExceeded].
func (e *BudgetError) Unwrap() error { return context.DeadlineExceeded }

// A RowsError says that no row of the sources was selected.
type RowsError struct {
	// Rows are the names that there are.
	Rows []string
}

// Error lists the rows.
func (e *RowsError) Error() string {
	return "no row of that name, there are: " + strings.Join(e.Rows, ", ")
}

// checkRows refuses to measure nothing.
func (c *Config) checkRows(workloads map[*Source]*workload.Workload) error {
	if c.Select == nil {
		return nil
	}
	e := new(RowsError)
	for _, src := range c.Sources {
		for _, r := range c.rowsOf(src, workloads[src]) {
			if c.selects(r) {
				return nil
			}
			if name := r.String(); !slices.Contains(e.Rows, name) {
				e.Rows = append(e.Rows, name)
			}
		}
	}
	return e
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
	var sum, before float64
	for _, src := range c.Sources {
		sum += src.weight()
	}
	for _, src := range c.Sources {
		share := src.weight() / sum
		m := &measurement{
			config: c, workspace: ws, record: r, source: src, workload: workloads[src],
			progress: func(done float64, now string) {
				r.setDoing(now)
				if c.Progress != nil {
					c.Progress(before+share*done, now)
				}
			},
		}
		if !c.Deadline.IsZero() {
			left := float64(time.Until(c.Deadline))
			m.deadline = time.Now().Add(time.Duration(left * share / (1 - before)))
		}
		m.reached = func(part float64) { r.setPart(before + share*part) }
		if err := m.measure(ctx); err != nil {
			return err
		}
		before += share
	}
	return nil
}
