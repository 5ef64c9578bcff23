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

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
)

// defaultSample is how long a sample lasts unless a deadline says otherwise: some thousand times
// the timer's resolution and the cost of a command, but short enough for hundreds of samples.
const defaultSample = 20 * time.Millisecond

// checkedNames is how many names of each sort are checked: some peers scan all names for one.
const checkedNames = 512

// checkedText is how many bytes of names the answers about ids may hold. The ids of a kernel have a
// tenth of it.
const checkedText = 1 << 20

// A measurement is that of one source.
type measurement struct {
	config    *Config
	workspace *Workspace
	record    *record
	source    *Source
	workload  *workload.Workload
	deadline  time.Time // of this source; zero for none
	// progress is told the fraction that is done, and what is done now.
	progress func(done float64, now string)
	// reached is told which part of the least that a run does is done.
	reached func(part float64)

	workloadPath string
	processes    []*process
	tasks        []*task       // in the order of a round
	freshTime    time.Duration // of one round of fresh processes
	noWalk       bool          // reading all members would take too long
}

// measure measures the source, in the order that the package's comment says.
func (m *measurement) measure(ctx context.Context) (err error) {
	if m.workloadPath, err = m.workspace.writeWorkload(m.workload); err != nil {
		return err
	}
	defer func() {
		for _, p := range m.processes {
			if closeErr := p.close(); err == nil && closeErr != nil {
				err = fmt.Errorf("%s: %w", p.subject.Name, closeErr)
			}
		}
	}()
	m.progress(0, "checking answers about "+m.source.Name)
	if err := m.checkAnswers(ctx); err != nil {
		return fmt.Errorf("%s: %w", m.source.Origin, err)
	}
	m.reached(answered)
	if err := m.startSubjects(ctx); err != nil {
		return err
	}
	m.reached(started)
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

// subjects returns the subjects that the source is for.
func (m *measurement) subjects() []Subject {
	all := m.config.Subjects
	if !m.source.Growth && !m.source.collection {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(s Subject) bool { return s.Peer })
}

// checkAnswers compares the subjects' answers with the right ones. The subjects answer in processes
// of their own, all at once, since nothing is timed.
func (m *measurement) checkAnswers(ctx context.Context) error {
	w, compare, err := m.prepareCheck(ctx)
	if err != nil {
		return err
	}
	path, err := m.workspace.writeWorkload(w)
	if err != nil {
		return err
	}
	subjects := m.subjects()
	answers := make([]answers, len(subjects))
	errs := make([]error, len(subjects))
	var wg sync.WaitGroup
	for i, subject := range subjects {
		wg.Go(func() { answers[i], errs[i] = askAnswers(ctx, subject, m.source, path) })
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

// prepareCheck returns the part of the workload that is checked, and what checks the answers to it.
// Each name is checked once: the answers to a name that all types share are as long as the source.
func (m *measurement) prepareCheck(ctx context.Context) (
	*workload.Workload, func([]answers) error, error) {
	w := *m.workload
	w.Hits, w.Misses = distinct(w.Hits, checkedNames), distinct(w.Misses, checkedNames)
	if m.source.collection {
		return &w, compareAnswers, nil
	}
	spec, err := m.source.open()
	if err != nil {
		return nil, nil, err
	}
	defer spec.Close()
	w.IDs = withinText(spec, w.IDs, checkedText)
	if m.noWalk = walkIsOutOfScale(spec); m.noWalk {
		m.record.addNote("%s: no %s, which would read names of members that are together far longer "+
			"than the source", m.source.Name, row.Row{Op: row.StructWalk})
	}
	if outOfScale(spec) {
		m.record.addNote("%s: its names are so long, or overlap so much, that the backends' answers "+
			"are compared with one another only", m.source.Name)
		return &w, compareAnswers, nil
	}
	o, err := newOracle(ctx, spec, &w)
	return &w, o.checkAll, err
}

// distinct returns the first names of a list that differ, most of them at most.
func distinct(names []string, most int) (list []string) {
	seen := make(map[string]bool)
	for _, name := range names {
		if len(list) < most && !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}

// withinText returns ids whose types' names have together some bytes at most, or the first alone.
func withinText(spec *btf.Spec, ids []btf.TypeID, most int) []btf.TypeID {
	for i, id := range ids {
		if t, err := spec.TypeByID(id); err == nil {
			most -= len(t.Name())
		}
		if most < 0 {
			return ids[:max(i, 1)]
		}
	}
	return ids
}

// startSubjects starts the subjects that will be timed, and lists their tasks.
func (m *measurement) startSubjects(ctx context.Context) error {
	for _, subject := range m.subjects() {
		p, err := start(ctx, subject, m.source, m.workloadPath)
		if err != nil {
			return err
		}
		m.processes = append(m.processes, p)
		if !subject.Peer {
			if err := m.askStorage(p); err != nil {
				return err
			}
		}
	}
	for _, r := range m.rows() {
		for _, p := range m.processes {
			if !p.subject.Peer || !r.OfOurs() {
				m.tasks = append(m.tasks, &task{row: r, process: p})
			}
		}
	}
	return nil
}

// askStorage asks one of our own backends where its bytes are.
func (m *measurement) askStorage(p *process) error {
	lines, err := p.ask("info")
	if err != nil || len(lines) == 0 {
		return err
	}
	words := strings.TrimPrefix(lines[0], "info storage=")
	storage, _, _ := strings.Cut(words, " ")
	if _, why, _ := strings.Cut(words, " why="); why != "" {
		storage += ": " + why
	}
	m.record.setStorage(p.subject.Name, m.source.Name, storage)
	return nil
}

// rows lists the rows of the source that are measured in rounds.
func (m *measurement) rows() []row.Row {
	return slices.DeleteFunc(m.config.rowsOf(m.source, m.workload), func(r row.Row) bool {
		return !m.config.selects(r) || isFresh(r) || m.noWalk && r.Op == row.StructWalk
	})
}

// isFresh reports whether a row is measured in fresh processes.
func isFresh(r row.Row) bool { return r.Op == row.OpenCold || r.Op == row.Memory }

// rowsOf lists all rows that a source has.
func (c *Config) rowsOf(src *Source, w *workload.Workload) []row.Row {
	procs := runtime.GOMAXPROCS(0)
	var rows []row.Row
	switch {
	case src.collection:
		rows = w.CollectionRows(procs)
	case src.Growth:
		rows = slices.DeleteFunc(w.Rows(false), func(r row.Row) bool { return !showsGrowth(r) })
	default:
		rows = append(w.Rows(src.base != nil), w.TaskRows()...)
		if c.Parallel {
			rows = append(rows, w.ParallelRows(procs)...)
		}
	}
	if !src.collection {
		rows = append(rows, row.Row{Op: row.OpenCold})
	}
	return append(rows, row.Row{Op: row.Memory, Stage: row.AfterOpen},
		row.Row{Op: row.Memory, Stage: row.AfterQueries})
}

// showsGrowth selects one row of each kind.
func showsGrowth(r row.Row) bool {
	switch r {
	case row.Row{Op: row.Open}, row.Row{Op: row.TypeByID},
		row.Row{Op: row.IDsByName, Names: row.Hit},
		row.Row{Op: row.IDsByRegex, Pattern: workload.DefaultPatterns()[0].Label}:
		return true
	}
	return false
}

// measureFresh takes one sample of each subject's cold open and of its memory, in fresh processes.
func (m *measurement) measureFresh(ctx context.Context) error {
	cold := []row.Row{{Op: row.OpenCold}}
	memory := []row.Row{
		{Op: row.Memory, Stage: row.AfterOpen}, {Op: row.Memory, Stage: row.AfterQueries},
	}
	unwanted := func(r row.Row) bool { return !m.config.selects(r) }
	cold, memory = slices.DeleteFunc(cold, unwanted), slices.DeleteFunc(memory, unwanted)
	if len(cold)+len(memory) == 0 {
		return nil
	}
	if m.source.collection {
		cold = nil
	}
	if inMemory(m.source.Path) {
		m.record.addNote("%s lies in a file system in memory, where a mapped file counts as private "+
			"memory: set TMPDIR to a folder on a disk", m.source.Name)
	}
	for _, subject := range m.subjects() {
		if subject.Program == nil {
			m.record.addNote("%s has no process of its own: memory and cold opens are not measured",
				subject.Name)
			continue
		}
		for _, rows := range [][]row.Row{cold, memory} {
			if err := m.askFresh(ctx, subject, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// askFresh starts a process for one sample of each row, unless there are no rows.
func (m *measurement) askFresh(ctx context.Context, subject Subject, rows []row.Row) error {
	if len(rows) == 0 {
		return nil
	}
	p, err := start(ctx, subject, m.source, m.workloadPath)
	if err != nil {
		return err
	}
	defer p.close()
	for _, r := range rows {
		s, err := p.measure(r, "1")
		if errors.Is(err, errUnsupported) {
			m.record.addNote("%s %s: %v", subject.Name, r, err)
			continue
		}
		if err != nil {
			return err
		}
		if _, told := s.result.Value("private-B"); !told && r.Op == row.Memory {
			m.record.addNote("%s does not tell what memory a process holds: the Go heap alone is shown",
				runtime.GOOS)
		}
		if err := m.record.addResult(s.result); err != nil {
			return err
		}
	}
	return p.close()
}

// calibrate takes a sample of each task and drops it. This fills caches, finds rows that a subject
// does not have, and chooses the number of operations.
func (m *measurement) calibrate() error {
	count := fmt.Sprintf("%dms", m.sampleTime().Milliseconds())
	if m.config.Iterations > 0 {
		count = fmt.Sprint(m.config.Iterations)
	}
	kept := m.tasks[:0]
	for i, t := range m.tasks {
		m.progress(0.2*float64(i)/float64(len(m.tasks)),
			m.source.Name+", calibrating "+t.row.String())
		m.reached(calibrating + (calibrated-calibrating)*float64(i)/float64(len(m.tasks)))
		s, err := t.process.measure(t.row, count)
		if errors.Is(err, errUnsupported) {
			m.record.addNote("%s %s: %v", t.process.subject.Name, t.row, err)
			continue
		}
		if err != nil {
			return err
		}
		t.n = s.result.Iters
		if sec, ok := s.result.Value("sec/op"); ok {
			t.took = time.Duration(sec * float64(t.n) * float64(time.Second))
		}
		kept = append(kept, t)
	}
	m.tasks = kept
	return nil
}

// sampleTime divides what is left of the budget. Calibrating costs about twice the sample that it
// ends with.
func (m *measurement) sampleTime() time.Duration {
	if m.deadline.IsZero() || len(m.tasks) == 0 {
		return defaultSample
	}
	count := m.config.Count
	left := time.Until(m.deadline) - time.Duration(count-1)*m.freshTime
	each := left * 9 / 10 / time.Duration(len(m.tasks)*(count+2))
	return min(max(each, leastSample), 10*defaultSample)
}

// compareChecksums runs a few operations of each task and compares the checksums of those that do
// the same work.
func (m *measurement) compareChecksums() error {
	type checksum struct {
		subject, value string
		n              int
	}
	first := make(map[row.Row]checksum)
	for _, t := range m.tasks {
		omits, err := parseOmissions(t.process.ready)
		if err != nil {
			return err
		}
		if !omits.isEmpty() || t.row.Goroutines > 0 {
			continue
		}
		old, known := first[t.row]
		if !known {
			old = checksum{t.process.subject.Name, "", 1}
			if t.took < 10*time.Microsecond*time.Duration(t.n) {
				old.n = 100
			}
		}
		s, err := t.measure(old.n)
		switch {
		case err != nil:
			return err
		case s.checksum == "-": // differs by design
		case !known:
			old.value = s.checksum
			first[t.row] = old
		case old.value != s.checksum:
			return fmt.Errorf("%s: %s: checksum %s of %d operations, but %s has %s",
				t.process.subject.Name, t.row, s.checksum, old.n, old.subject, old.value)
		}
	}
	return nil
}

// takeRounds takes the samples that count. A round takes one of each task, then one of the memory.
func (m *measurement) takeRounds(ctx context.Context) error {
	count := m.config.Count
	fresh := m.freshRounds()
	m.shortenSamples(fresh)
	var longest time.Duration
	for round := range count {
		began := time.Now()
		if round > 0 && !m.deadline.IsZero() && time.Until(m.deadline) < longest {
			m.record.addNote("%s: the budget allowed %d of %d samples", m.source.Name, round, count)
			return nil
		}
		now := fmt.Sprintf("%s, sample %d of %d", m.source.Name, round+1, count)
		for i, t := range m.tasks {
			part := (float64(round) + float64(i)/float64(len(m.tasks))) / float64(count)
			m.progress(0.2+0.8*part, now)
			s, err := t.measure(t.n)
			if err != nil {
				return err
			}
			if err := m.record.addResult(s.result); err != nil {
				return err
			}
		}
		if round > 0 && round < fresh {
			if err := m.measureFresh(ctx); err != nil {
				return err
			}
		}
		m.reached(1)
		longest = max(longest, time.Since(began))
	}
	return nil
}

// freshRounds is how many samples of the memory the budget allows, with the one that is taken
// already. They may take a third of the time, as they vary little.
func (m *measurement) freshRounds() int {
	count := m.config.Count
	if m.deadline.IsZero() || m.freshTime == 0 {
		return count
	}
	n := 1 + int(time.Until(m.deadline)/3/m.freshTime)
	if n < count {
		m.record.addNote("%s: the budget allowed %d of %d samples of memory", m.source.Name, n, count)
	}
	return min(n, count)
}

// shortenSamples makes samples shorter if calibrating showed that rounds take too long for the
// budget.
func (m *measurement) shortenSamples(fresh int) {
	if m.deadline.IsZero() || m.config.Iterations > 0 {
		return
	}
	var round time.Duration
	for _, t := range m.tasks {
		round += t.took
	}
	left := time.Until(m.deadline)*9/10 - time.Duration(fresh-1)*m.freshTime
	factor := float64(left) / float64(m.config.Count) / float64(max(round, 1))
	if factor >= 1 {
		return
	}
	for _, t := range m.tasks {
		t.shorten(factor)
	}
}
