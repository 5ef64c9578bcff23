package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/elfx"
)

// A Set is a kernel with its modules, a folder of raw BTF as in /sys/kernel/btf, that one backend
// opens and measures. Its methods must not be called concurrently.
type Set struct {
	Backend btf.Backend
	// Dir is the folder, Base the name of the kernel's file in it.
	Dir, Base string
	Workload  *Workload

	touched  bool
	c        *modules.Collection
	matchers patterns
}

// SetRows lists the rows of a Set. Modules are opened by one worker at a time and by procs.
func SetRows(w *Workload, procs int) []string {
	rows := []string{"CollectionOpen/workers=1"}
	if procs > 1 {
		rows = append(rows, "CollectionOpen/workers="+strconv.Itoa(procs))
	}
	if len(w.Hits) > 0 {
		rows = append(rows, "CollectionOpenFirstName", "CollectionTypesByName/hit")
	}
	if len(w.Misses) > 0 {
		rows = append(rows, "CollectionTypesByName/miss")
	}
	for _, p := range w.Patterns {
		rows = append(rows, "CollectionTypesByRegex/pattern="+p.Label)
	}
	return rows
}

// open finds the files and opens the kernel, but no module yet.
func (s *Set) open() (*modules.Collection, error) {
	s.touched = true
	b := s.Backend
	return elfx.Dir(context.Background(), s.Dir, s.Base, elfx.CollectionOptions{Kernel: b})
}

func (s *Set) untouched() bool { return !s.touched }

// load opens kernel and modules, on the first call, and keeps them open.
func (s *Set) load() error {
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
func (s *Set) specs() []*btf.Spec {
	var specs []*btf.Spec
	for _, spec := range s.c.Specs() {
		specs = append(specs, spec)
	}
	return specs
}

// Close closes what is open.
func (s *Set) Close() error {
	if s.c == nil {
		return nil
	}
	err := s.c.Close()
	s.c = nil
	return err
}

// Run measures one sample of n operations of a row.
func (s *Set) Run(row string, n int) (Sample, error) {
	sample, err := s.run(row, n)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", row, err)
	}
	return sample, nil
}

func (s *Set) run(row string, n int) (Sample, error) {
	if n < 1 {
		return Sample{}, errNoOperations
	}
	if count, ok := strings.CutPrefix(row, "CollectionOpen/workers="); ok {
		workers, err := strconv.Atoi(count)
		if err != nil || workers < 1 {
			return Sample{}, fmt.Errorf("count of workers %q", count)
		}
		return s.sampleOpen(n, func(_ int, c *modules.Collection) error {
			return c.OpenAll(context.Background(), workers, nil)
		})
	}
	if row == "CollectionOpenFirstName" && len(s.Workload.Hits) > 0 {
		return s.sampleOpen(n, func(i int, c *modules.Collection) error {
			_, err := c.TypeByName(s.Workload.Hits[i%len(s.Workload.Hits)])
			return err
		})
	}
	run, err := s.query(row)
	if err != nil {
		return Sample{}, err
	}
	return measure(n, true, run)
}

// sampleOpen times finding the files, opening the kernel and what use does.
func (s *Set) sampleOpen(n int, use func(i int, c *modules.Collection) error) (Sample, error) {
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
func (s *Set) query(row string) (loop, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	w := s.Workload
	switch name, label, _ := strings.Cut(row, "/pattern="); name {
	case "CollectionTypesByName/hit":
		return setTypesByName(s.c, w.Hits), noneIf(len(w.Hits) == 0)
	case "CollectionTypesByName/miss":
		return setTypesByName(s.c, w.Misses), noneIf(len(w.Misses) == 0)
	case "CollectionTypesByRegex":
		m, err := s.matchers.get(w, label)
		if err != nil {
			return nil, err
		}
		return setTypesByRegex(s.c, m), nil
	}
	return nil, errUnknownRow
}

func setTypesByName(c *modules.Collection, names []string) loop {
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

func setTypesByRegex(c *modules.Collection, m *btf.Matcher) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			for t := range c.TypesByMatch(m) {
				sum += kindAndSize(t)
			}
		}
		return sum, nil
	}
}

// queryRows are one of each kind of query.
func (s *Set) queryRows() []string {
	rows := []string{"CollectionTypesByName/hit", "CollectionTypesByName/miss"}
	if len(s.Workload.Patterns) > 0 {
		rows = append(rows, "CollectionTypesByRegex/pattern="+s.Workload.Patterns[0].Label)
	}
	return rows
}

// answers writes what must be the same on every backend: how many modules there are, which
// could not be opened, and for each query which types of which modules are found.
func (s *Set) answers(out *bufio.Writer) error {
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

// newSet takes the last element of the base's path, which is a file in the folder.
func newSet(b btf.Backend, dir, base string, w *Workload) *Set {
	return &Set{Backend: b, Dir: dir, Base: filepath.Base(base), Workload: w}
}
