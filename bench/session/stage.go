package session

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/btfkit/btfkit/bench"
)

// A stage is the measurement of one source.
type stage struct {
	*run
	src       *Source
	workload  *bench.Workload
	path      string // of the workload file
	processes []*process
	cells     []*cell
	freshTime time.Duration // of one round of fresh processes
}

// subjects returns those that the source is for.
func (s *stage) subjects() []Subject {
	if !s.src.Growth && !s.src.Set {
		return s.Subjects
	}
	return slices.DeleteFunc(slices.Clone(s.Subjects), func(s Subject) bool { return !s.Own })
}

// checkedNames is how many present and absent names each are checked: some peers scan all
// names for one.
const checkedNames = 512

// check compares the subjects' answers with the right ones, in processes of their own, all at
// once since nothing is timed.
func (s *stage) check(ctx context.Context) error {
	w := *s.workload
	w.Hits = w.Hits[:min(len(w.Hits), checkedNames)]
	w.Misses = w.Misses[:min(len(w.Misses), checkedNames)]
	path, err := s.ws.writeWorkload(&w)
	if err != nil {
		return err
	}
	compare := compareAll
	if !s.src.Set {
		o, err := s.src.oracle(&w)
		if err != nil {
			return err
		}
		compare = o.checkAll
	}
	subjects := s.subjects()
	answers := make([]answers, len(subjects))
	errs := make([]error, len(subjects))
	var wg sync.WaitGroup
	for i, subject := range subjects {
		wg.Go(func() { answers[i], errs[i] = askAll(ctx, subject, s.src, path) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return compare(answers)
}

// begin starts the subjects that will be timed.
func (s *stage) begin(ctx context.Context) error {
	for _, subject := range s.subjects() {
		p, err := start(ctx, subject, s.src, s.path)
		if err != nil {
			return err
		}
		s.processes = append(s.processes, p)
		if subject.Own {
			if err := s.askStorage(p); err != nil {
				return err
			}
		}
	}
	for _, row := range s.rows() {
		if s.Rows != nil && !s.Rows(row) || s.src.Growth && !growthRow(row) {
			continue
		}
		for _, p := range s.processes {
			if p.subject.Own || bench.InProtocol(row) {
				s.cells = append(s.cells, &cell{row: row, process: p})
			}
		}
	}
	return nil
}

// rows lists the rows of the source.
func (s *stage) rows() []string {
	procs := runtime.GOMAXPROCS(0)
	if s.src.Set {
		return bench.SetRows(s.workload, procs)
	}
	return bench.Rows(s.workload, s.src.Base != nil, s.Extra, procs)
}

// growthRow selects one row of each kind.
func growthRow(row string) bool {
	return row == "Open" || row == "TypeByID" || row == "IDsByName/hit" ||
		row == "IDsByRegex/pattern="+bench.DefaultPatterns()[0].Label
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

// rounds takes the samples: one of each cell a round, then one of the memory.
func (s *stage) rounds(ctx context.Context) error {
	fresh := s.freshRounds()
	s.fit(fresh)
	var longest time.Duration
	for round := range s.Count {
		began := time.Now()
		if round > 0 && !s.deadline.IsZero() && time.Until(s.deadline) < longest {
			s.note("%s: the budget allowed %d of %d samples", s.src.Name, round, s.Count)
			return nil
		}
		now := fmt.Sprintf("%s, sample %d of %d", s.src.Name, round+1, s.Count)
		for i, c := range s.cells {
			part := (float64(round) + float64(i)/float64(len(s.cells))) / float64(s.Count)
			s.progress(0.2+0.8*part, now)
			result, _, err := c.sample(fmt.Sprint(c.n))
			if err != nil {
				return err
			}
			if err := s.keep(result); err != nil {
				return err
			}
		}
		if round > 0 && round < fresh {
			if err := s.fresh(ctx); err != nil {
				return err
			}
		}
		longest = max(longest, time.Since(began))
	}
	return nil
}

// freshRounds is how many samples of the memory the budget allows, the first included: they
// may take a third of the time, as they vary little.
func (s *stage) freshRounds() int {
	if s.deadline.IsZero() || s.freshTime == 0 {
		return s.Count
	}
	n := 1 + int(time.Until(s.deadline)/3/s.freshTime)
	if n < s.Count {
		s.note("%s: the budget allowed %d of %d samples of memory", s.src.Name, n, s.Count)
	}
	return min(n, s.Count)
}

// fit shortens the samples if calibration showed that rounds take too long for the budget, but
// to no less than leastSample.
func (s *stage) fit(fresh int) {
	if s.deadline.IsZero() || s.Iterations > 0 {
		return
	}
	var round time.Duration
	for _, c := range s.cells {
		round += c.took
	}
	left := time.Until(s.deadline)*9/10 - time.Duration(fresh-1)*s.freshTime
	factor := float64(left) / float64(s.Count) / float64(max(round, 1))
	if factor >= 1 {
		return
	}
	for _, c := range s.cells {
		least := float64(leastSample) / float64(max(c.took, 1))
		c.n = max(1, int(float64(c.n)*min(1, max(factor, least))))
	}
}
