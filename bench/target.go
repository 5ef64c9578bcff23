package bench

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// A Target is a source that one backend opens and measures. Its methods must not be called
// concurrently.
type Target struct {
	Backend btf.Backend
	// Path is a file of raw BTF, BasePath that of its base if it is split BTF.
	Path, BasePath string
	Workload       *Workload

	touched  bool // something was opened
	spec     *btf.Spec
	base     *btf.Spec
	matchers patterns
	buf      []btf.TypeID
}

// A Sample is the measurement of N operations of one row.
type Sample struct {
	N    int
	Time time.Duration // of all N
	// Sum is the checksum that bench/peers/README.md defines; it is not Defined for rows
	// of our own.
	Sum     uint64
	Defined bool
	// Allocs and AllocBytes are what all N operations allocated.
	Allocs, AllocBytes uint64
}

var (
	errNoEntries    = errors.New("the workload has no entries for it")
	errNoOperations = errors.New("a sample has at least one operation")
	errSplitOnly    = errors.New("wants split BTF and its base")
	errUnknownRow   = errors.New("unknown row")
)

// Spec opens the source, on the first call, and keeps it open.
func (t *Target) Spec() (*btf.Spec, error) {
	t.touched = true
	if t.spec != nil {
		return t.spec, nil
	}
	base, spec, err := t.open()
	if err != nil {
		return nil, err
	}
	t.base, t.spec = base, spec
	return spec, nil
}

// open opens the source and its base, if it has one.
func (t *Target) open() (base, spec *btf.Spec, err error) {
	if t.BasePath != "" {
		if base, err = t.Backend.Open(t.BasePath, nil); err != nil {
			return nil, nil, fmt.Errorf("base: %w", err)
		}
	}
	if spec, err = t.Backend.Open(t.Path, base); err != nil {
		return nil, nil, errors.Join(err, closeSpec(base))
	}
	return base, spec, nil
}

func closeSpec(spec *btf.Spec) error {
	if spec == nil {
		return nil
	}
	return spec.Close()
}

// Close closes what is open.
func (t *Target) Close() error {
	err := errors.Join(closeSpec(t.spec), closeSpec(t.base))
	t.spec, t.base = nil, nil
	return err
}

// Run measures one sample of n operations of a row.
func (t *Target) Run(row string, n int) (Sample, error) {
	if n < 1 {
		return Sample{}, errNoOperations
	}
	s, err := t.run(row, n)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", row, err)
	}
	return s, nil
}

func (t *Target) run(row string, n int) (Sample, error) {
	switch row {
	case "OpenCold":
		if t.touched || n != 1 {
			return Sample{}, errors.New("wants a count of 1 and a process that opened nothing")
		}
		return t.sampleOpen(n, nil)
	case "Open":
		return t.sampleOpen(n, nil)
	case "OpenFirstName":
		if len(t.Workload.Hits) == 0 {
			return Sample{}, errNoEntries
		}
		return t.sampleOpen(n, t.Workload.Hits)
	case "SplitOpen":
		return t.sampleSplitOpen(n)
	}
	loop, err := t.query(row)
	if err != nil {
		return Sample{}, err
	}
	defined := InProtocol(row)
	return measure(n, defined, loop)
}

// query returns the loop of a row that asks an open source.
func (t *Target) query(row string) (loop, error) {
	spec, err := t.Spec()
	if err != nil {
		return nil, err
	}
	if name, count, ok := strings.Cut(row, goroutinesKey); ok {
		return t.parallel(spec, name, count)
	}
	name, label, isRegex := strings.Cut(row, "/pattern=")
	if !isRegex {
		return t.single(spec, row)
	}
	m, err := t.matchers.get(t.Workload, label)
	if err != nil {
		return nil, err
	}
	switch name {
	case "IDsByRegex":
		return t.idsByRegex(spec, m), nil
	case "TypesByRegex":
		return typesByRegex(spec, m), nil
	}
	return nil, errUnknownRow
}

func (t *Target) single(spec *btf.Spec, row string) (loop, error) {
	w := t.Workload
	switch row {
	case "TypeByID":
		return typeByID(spec, w.IDs), noneIf(len(w.IDs) == 0)
	case "NameByID":
		return nameByID(spec, w.IDs), noneIf(len(w.IDs) == 0)
	case "IDsByName/hit":
		return t.idsByName(spec, w.Hits), noneIf(len(w.Hits) == 0)
	case "IDsByName/miss":
		return t.idsByName(spec, w.Misses), noneIf(len(w.Misses) == 0)
	case "TypesByName/hit":
		return typesByName(spec, w.Hits), noneIf(len(w.Hits) == 0)
	case "Iterate":
		return iterate(spec), nil
	case "StructWalk":
		return structWalk(spec), nil
	}
	return nil, errUnknownRow
}

func noneIf(empty bool) error {
	if empty {
		return errNoEntries
	}
	return nil
}

// parallel divides a row's operations among goroutines.
func (t *Target) parallel(spec *btf.Spec, row, count string) (loop, error) {
	workers, err := strconv.Atoi(count)
	if err != nil || workers < 1 {
		return nil, fmt.Errorf("count of goroutines %q", count)
	}
	w := t.Workload
	switch {
	case row == "TypeByID" && len(w.IDs) > 0:
		own := func(ids []btf.TypeID) loop { return typeByID(spec, ids) }
		return inParallel(workers, w.IDs, own), nil
	case row == "IDsByName/hit" && len(w.Hits) > 0:
		own := func(hits []string) loop { return new(Target).idsByName(spec, hits) }
		return inParallel(workers, w.Hits, own), nil
	}
	return nil, errNoEntries
}

// patterns are the compiled patterns of a workload, by label.
type patterns map[string]*btf.Matcher

// get compiles a pattern on the first call.
func (p *patterns) get(w *Workload, label string) (*btf.Matcher, error) {
	if m := (*p)[label]; m != nil {
		return m, nil
	}
	for _, pattern := range w.Patterns {
		if pattern.Label != label {
			continue
		}
		m, err := btf.NewMatcher(pattern.Expr)
		if err != nil {
			return nil, err
		}
		if *p == nil {
			*p = make(patterns)
		}
		(*p)[label] = m
		return m, nil
	}
	return nil, errors.New("the workload has no pattern with that label")
}

func (t *Target) untouched() bool { return !t.touched }

func (t *Target) load() error {
	_, err := t.Spec()
	return err
}

// specs lists the source's Spec and its bases'.
func (t *Target) specs() []*btf.Spec {
	var specs []*btf.Spec
	for spec := t.spec; spec != nil; spec = spec.Base() {
		specs = append(specs, spec)
	}
	return specs
}

// queryRows are one of each kind of query that the workload has.
func (t *Target) queryRows() []string {
	rows := []string{
		"TypeByID", "NameByID", "IDsByName/hit", "IDsByName/miss", "TypesByName/hit",
	}
	if len(t.Workload.Patterns) > 0 {
		label := t.Workload.Patterns[0].Label
		rows = append(rows, "IDsByRegex/pattern="+label, "TypesByRegex/pattern="+label)
	}
	return rows
}
