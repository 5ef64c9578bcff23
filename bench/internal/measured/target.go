package measured

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
)

// A Target is a source that one backend opens and measures. Its methods must not be called
// concurrently.
type Target struct {
	Backend btf.Backend
	// Path is a file of raw BTF. If that is split BTF, BasePath is the file of its base.
	Path, BasePath string
	Workload       *workload.Workload

	touched  bool // something was opened
	spec     *btf.Spec
	base     *btf.Spec
	matchers matchers
	buf      []btf.TypeID
	tasks    map[row.Op]loop // with what they learned; see tasks.go
}

var errSplitOnly = errors.New("wants split BTF and its base")

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
	t.spec, t.base, t.tasks = nil, nil, nil
	return err
}

// Run measures one sample of n operations of a row.
func (t *Target) Run(r row.Row, n int) (Sample, error) {
	if n < 1 {
		return Sample{}, errNoOperations
	}
	s, err := t.run(r, n)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", r, err)
	}
	return s, nil
}

func (t *Target) run(r row.Row, n int) (Sample, error) {
	switch r.Op {
	case row.OpenCold:
		if t.touched || n != 1 {
			return Sample{}, errors.New("wants a count of 1 and a process that opened nothing")
		}
		return t.sampleOpen(n, nil)
	case row.Open:
		return t.sampleOpen(n, nil)
	case row.OpenFirstName:
		if len(t.Workload.Hits) == 0 {
			return Sample{}, errNoEntries
		}
		return t.sampleOpen(n, t.Workload.Hits)
	case row.SplitOpen:
		return t.sampleSplitOpen(n)
	}
	spec, err := t.Spec()
	if err != nil {
		return Sample{}, err
	}
	query := t.single
	if r.Goroutines > 0 {
		query = t.parallel
	}
	run, err := query(spec, r)
	if err != nil {
		return Sample{}, err
	}
	defined := r.Goroutines == 0
	return measure(n, defined, run)
}

// single returns the loop of a row that asks an open source.
func (t *Target) single(spec *btf.Spec, r row.Row) (loop, error) {
	w := t.Workload
	switch r {
	case row.Row{Op: row.TypeByID}:
		return typeByID(spec, w.IDs), errorIfEmpty(w.IDs)
	case row.Row{Op: row.NameByID}:
		return nameByID(spec, w.IDs), errorIfEmpty(w.IDs)
	case row.Row{Op: row.IDsByName, Names: row.Hit}:
		return t.idsByName(spec, w.Hits), errorIfEmpty(w.Hits)
	case row.Row{Op: row.IDsByName, Names: row.Miss}:
		return t.idsByName(spec, w.Misses), errorIfEmpty(w.Misses)
	case row.Row{Op: row.TypesByName, Names: row.Hit}:
		return typesByName(spec, w.Hits), errorIfEmpty(w.Hits)
	case row.Row{Op: row.IDsByRegex, Pattern: r.Pattern}:
		m, err := t.matchers.get(w, r.Pattern)
		return t.idsByRegex(spec, m), err
	case row.Row{Op: row.TypesByRegex, Pattern: r.Pattern}:
		m, err := t.matchers.get(w, r.Pattern)
		return typesByRegex(spec, m), err
	case row.Row{Op: row.Iterate}:
		return iterate(spec), nil
	case row.Row{Op: row.StructWalk}:
		return structWalk(spec), nil
	case row.Row{Op: row.NameOfType}, row.Row{Op: row.MemberByPath}, row.Row{Op: row.FuncsByParam}:
		return t.task(spec, r.Op)
	}
	return nil, errUnknownRow
}

// parallel returns a loop that divides a row's operations among goroutines.
func (t *Target) parallel(spec *btf.Spec, r row.Row) (loop, error) {
	w := t.Workload
	switch r {
	case row.Row{Op: row.TypeByID, Goroutines: r.Goroutines}:
		each := func(ids []btf.TypeID) loop { return typeByID(spec, ids) }
		return inParallel(r.Goroutines, w.IDs, each), errorIfEmpty(w.IDs)
	case row.Row{Op: row.IDsByName, Names: row.Hit, Goroutines: r.Goroutines}:
		each := func(hits []string) loop { return new(Target).idsByName(spec, hits) }
		return inParallel(r.Goroutines, w.Hits, each), errorIfEmpty(w.Hits)
	}
	return nil, errUnknownRow
}

func (t *Target) untouched() bool { return !t.touched }

func (t *Target) load() error {
	_, err := t.Spec()
	return err
}

// specs lists the source's Spec, then its base, the base of that, and so on.
func (t *Target) specs() []*btf.Spec {
	var specs []*btf.Spec
	for spec := t.spec; spec != nil; spec = spec.Base() {
		specs = append(specs, spec)
	}
	return specs
}

// queryRows lists one row of each kind of query.
func (t *Target) queryRows() []row.Row {
	rows := []row.Row{
		{Op: row.TypeByID}, {Op: row.NameByID}, {Op: row.IDsByName, Names: row.Hit},
		{Op: row.IDsByName, Names: row.Miss}, {Op: row.TypesByName, Names: row.Hit},
	}
	if len(t.Workload.Patterns) > 0 {
		label := t.Workload.Patterns[0].Label
		rows = append(rows, row.Row{Op: row.IDsByRegex, Pattern: label},
			row.Row{Op: row.TypesByRegex, Pattern: label})
	}
	return rows
}

// sampleOpen times opening the source and its base; with names, looking up the next one is part
// of it. Closing is not timed.
func (t *Target) sampleOpen(n int, names []string) (Sample, error) {
	t.touched = true
	var sum uint64
	s, err := measureParts(n, func(i int, watch *stopwatch) error {
		watch.start()
		base, spec, err := t.open()
		if err == nil && names != nil {
			var id uint64
			id, err = t.lowest(spec, names[i%len(names)])
			sum += id
		}
		watch.stop()
		return errors.Join(err, closeSpec(spec), closeSpec(base))
	})
	if names != nil {
		s.Sum = sum
	}
	return s, err
}

// sampleSplitOpen times opening split BTF on a base that is open already.
func (t *Target) sampleSplitOpen(n int) (Sample, error) {
	if t.BasePath == "" {
		return Sample{}, errSplitOnly
	}
	t.touched = true
	base, err := t.Backend.Open(t.BasePath, nil)
	if err != nil {
		return Sample{}, err
	}
	defer base.Close()
	return measureParts(n, func(_ int, watch *stopwatch) error {
		watch.start()
		spec, err := t.Backend.Open(t.Path, base)
		watch.stop()
		return errors.Join(err, closeSpec(spec))
	})
}

//go:noinline
func (t *Target) idsByName(spec *btf.Spec, names []string) loop {
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			id, err := t.lowest(spec, names[i])
			if err != nil {
				return sum, err
			}
			sum += id
			if i++; i == len(names) {
				i = 0
			}
		}
		return sum, nil
	}
}

// lowest looks up all ids with the name and returns the first.
func (t *Target) lowest(spec *btf.Spec, name string) (uint64, error) {
	ids, err := spec.AppendIDsByName(t.buf[:0], name)
	t.buf = ids
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return uint64(ids[0]), nil
}

//go:noinline
func (t *Target) idsByRegex(spec *btf.Spec, m *btf.Matcher) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			ids, err := spec.AppendIDsByMatch(t.buf[:0], m)
			t.buf = ids
			if err != nil {
				return sum, err
			}
			sum += uint64(len(ids))
			for _, id := range ids {
				sum += uint64(id)
			}
		}
		return sum, nil
	}
}

// answers writes every answer to the workload in the protocol's canonical form, to be compared with
// that of other subjects before anything is timed.
func (t *Target) answers(out *bufio.Writer) error {
	spec, err := t.Spec()
	if err != nil {
		return err
	}
	w := t.Workload
	_, end := spec.IDs()
	fmt.Fprintf(out, "types %d\n", end-1)
	for _, id := range w.IDs {
		t, err := spec.TypeByID(id)
		if err != nil {
			return fmt.Errorf("id %d: %w", id, err)
		}
		size, _ := t.Size()
		fmt.Fprintf(out, "type %d %d %d %s\n", id, kindNumber(t), size, t.Name())
	}
	for _, names := range [][]string{w.Hits, w.Misses} {
		for _, name := range names {
			ids, err := spec.IDsByName(name)
			if err != nil {
				return fmt.Errorf("name %q: %w", name, err)
			}
			fmt.Fprintf(out, "ids %s %s\n", joinIDs(ids), name)
		}
	}
	for _, p := range w.Patterns {
		m, err := t.matchers.get(w, p.Label)
		if err != nil {
			return fmt.Errorf("regex %s: %w", p.Label, err)
		}
		ids, err := spec.AppendIDsByMatch(nil, m)
		if err != nil {
			return fmt.Errorf("regex %s: %w", p.Label, err)
		}
		var sum uint64
		for _, id := range ids {
			sum += uint64(id)
		}
		fmt.Fprintf(out, "matches %d %d %s\n", len(ids), sum, p.Label)
	}
	return nil
}

func joinIDs(ids []btf.TypeID) string {
	if len(ids) == 0 {
		return "-"
	}
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(id), 10)
	}
	return string(b)
}
