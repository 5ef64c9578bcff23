package measured

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/elfx"
)

// A Collection is a kernel with its modules, a folder of raw BTF as in /sys/kernel/btf, that one
// backend opens and measures. Its methods must not be called concurrently.
type Collection struct {
	Backend btf.Backend
	// Dir is the folder, Base the name of the kernel's file in it.
	Dir, Base string
	Workload  *workload.Workload

	touched  bool
	c        *modules.Collection
	matchers matchers
}

// open finds the files and opens the kernel. It opens no module yet.
func (s *Collection) open() (*modules.Collection, error) {
	s.touched = true
	return elfx.Dir(context.Background(), s.Dir, s.Base, elfx.CollectionOptions{Kernel: s.Backend})
}

func (s *Collection) untouched() bool { return !s.touched }

// load opens the kernel and its modules. Only the first call does; they stay open.
func (s *Collection) load() error {
	if s.c != nil {
		return nil
	}
	c, err := s.open()
	if err != nil {
		return err
	}
	s.c = c
	return c.OpenAll(context.Background(), 1, nil)
}

// specs lists the kernel's Spec and each module's, without the kernel.
func (s *Collection) specs() []*btf.Spec {
	var specs []*btf.Spec
	for _, spec := range s.c.Specs() {
		specs = append(specs, spec)
	}
	return specs
}

// Close closes what is open.
func (s *Collection) Close() error {
	if s.c == nil {
		return nil
	}
	err := s.c.Close()
	s.c = nil
	return err
}

// Run measures one sample of n operations of a row.
func (s *Collection) Run(r row.Row, n int) (Sample, error) {
	if n < 1 {
		return Sample{}, errNoOperations
	}
	sample, err := s.run(r, n)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", r, err)
	}
	return sample, nil
}

func (s *Collection) run(r row.Row, n int) (Sample, error) {
	switch r.Op {
	case row.CollectionOpen:
		return s.sampleOpen(n, func(_ int, c *modules.Collection) error {
			return c.OpenAll(context.Background(), r.Workers, nil)
		})
	case row.CollectionOpenFirstName:
		if len(s.Workload.Hits) == 0 {
			return Sample{}, errNoEntries
		}
		return s.sampleOpen(n, func(i int, c *modules.Collection) error {
			_, err := c.TypeByName(s.Workload.Hits[i%len(s.Workload.Hits)])
			return err
		})
	}
	run, err := s.query(r)
	if err != nil {
		return Sample{}, err
	}
	return measure(n, true, run)
}

// sampleOpen times a call of use, with finding the files and opening the kernel before it.
func (s *Collection) sampleOpen(n int, use func(i int, c *modules.Collection) error) (
	Sample, error) {
	return measureParts(n, func(i int, t *stopwatch) error {
		t.start()
		c, err := s.open()
		if err != nil {
			return err
		}
		err = use(i, c)
		t.stop()
		return errors.Join(err, c.Close())
	})
}

// query returns the loop of a row that asks an open collection.
func (s *Collection) query(r row.Row) (loop, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	w := s.Workload
	switch r {
	case row.Row{Op: row.CollectionTypesByName, Names: row.Hit}:
		return collectionTypesByName(s.c, w.Hits), errorIfEmpty(w.Hits)
	case row.Row{Op: row.CollectionTypesByName, Names: row.Miss}:
		return collectionTypesByName(s.c, w.Misses), errorIfEmpty(w.Misses)
	case row.Row{Op: row.CollectionTypesByRegex, Pattern: r.Pattern}:
		m, err := s.matchers.get(w, r.Pattern)
		return collectionTypesByRegex(s.c, m), err
	case row.Row{Op: row.CollectionDropReasons}:
		return dropReasons(s.c)
	}
	return nil, errUnknownRow
}

func collectionTypesByName(c *modules.Collection, names []string) loop {
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			for t := range c.TypesByName(names[i]) {
				sum += kindAndSize(t)
			}
			if i++; i == len(names) {
				i = 0
			}
		}
		return sum, nil
	}
}

func collectionTypesByRegex(c *modules.Collection, m *btf.Matcher) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			for t := range c.TypesByMatch(m) {
				sum += kindAndSize(t)
			}
		}
		return sum, nil
	}
}

// queryRows lists one row of each kind of query.
func (s *Collection) queryRows() []row.Row {
	rows := []row.Row{
		{Op: row.CollectionTypesByName, Names: row.Hit},
		{Op: row.CollectionTypesByName, Names: row.Miss},
	}
	if len(s.Workload.Patterns) > 0 {
		label := s.Workload.Patterns[0].Label
		rows = append(rows, row.Row{Op: row.CollectionTypesByRegex, Pattern: label})
	}
	return rows
}

// answers writes what must be the same on every backend: how many modules there are, which of them
// the backend cannot open, and which types of which modules each query finds.
func (s *Collection) answers(out *bufio.Writer) error {
	if err := s.load(); err != nil {
		return err
	}
	fmt.Fprintf(out, "modules %d\n", s.c.Len())
	for _, p := range s.c.Problems() {
		fmt.Fprintf(out, "problem %s\n", p.Module)
	}
	for _, names := range [][]string{s.Workload.Hits, s.Workload.Misses} {
		for _, name := range names {
			fmt.Fprintf(out, "types %s", name)
			for t := range s.c.TypesByName(name) {
				fmt.Fprintf(out, " %s:%d", s.c.ModuleOf(t), t.ID())
			}
			fmt.Fprintln(out)
		}
	}
	for _, p := range s.Workload.Patterns {
		m, err := s.matchers.get(s.Workload, p.Label)
		if err != nil {
			return err
		}
		count, sum := 0, uint64(0)
		for t := range s.c.TypesByMatch(m) {
			count++
			sum += uint64(t.ID())
		}
		fmt.Fprintf(out, "matches %d %d %s\n", count, sum, p.Label)
	}
	return nil
}
