package measured

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// A Sample is the measurement of N operations of one row.
type Sample struct {
	N    int
	Time time.Duration // of all N
	// Sum is the checksum that bench/peers/README.md defines. It is not Defined for rows of several
	// goroutines.
	Sum     uint64
	Defined bool
	// Allocs and AllocBytes are what all N operations allocated.
	Allocs, AllocBytes uint64
}

var (
	errNoEntries    = errors.New("the workload has no entries for it")
	errNoOperations = errors.New("a sample has at least one operation")
	errUnknownRow   = errors.New("unknown row")
)

func errorIfEmpty[T any](entries []T) error {
	if len(entries) == 0 {
		return errNoEntries
	}
	return nil
}

// A loop runs n operations and returns their checksum. Functions that make one are not inlined: in
// the copy of a loop that came to be so, the compiler (Go 1.26) would inline nothing that the loop
// calls, as it does in loops that users write.
type loop func(n int) (uint64, error)

// measure times one call of the loop. The checksum that the loop returns keeps the compiler from
// dropping the work. The clock does not run while measure asks the runtime about allocations.
func measure(n int, defined bool, run loop) (Sample, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	sum, err := run(n)
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	return Sample{
		N:          n,
		Time:       elapsed,
		Sum:        sum,
		Defined:    defined,
		Allocs:     after.Mallocs - before.Mallocs,
		AllocBytes: after.TotalAlloc - before.TotalAlloc,
	}, err
}

// A stopwatch adds up the parts of a sample that count.
type stopwatch struct {
	sum   time.Duration
	began time.Time
}

func (t *stopwatch) start() { t.began = time.Now() }
func (t *stopwatch) stop()  { t.sum += time.Since(t.began) }

// measureParts measures n operations that start and stop the clock themselves. Each adds 1 to the
// checksum.
func measureParts(n int, op func(i int, t *stopwatch) error) (Sample, error) {
	var t stopwatch
	s, err := measure(n, true, func(n int) (uint64, error) {
		for i := range n {
			if err := op(i, &t); err != nil {
				return 0, err
			}
		}
		return uint64(n), nil
	})
	s.Time = t.sum
	return s, err
}

//go:noinline
func typeByID(spec *btf.Spec, ids []btf.TypeID) loop {
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			t, err := spec.TypeByID(ids[i])
			if err != nil {
				return sum, err
			}
			size, _ := t.Size() // not kindAndSize, which is too long to be inlined
			sum += kindNumber(t) + uint64(size)
			if i++; i == len(ids) {
				i = 0
			}
		}
		return sum, nil
	}
}

//go:noinline
func nameByID(spec *btf.Spec, ids []btf.TypeID) loop {
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			t, err := spec.TypeByID(ids[i])
			if err != nil {
				return sum, err
			}
			if name := t.Name(); name != "" {
				sum += uint64(len(name)) + uint64(name[0])
			}
			if i++; i == len(ids) {
				i = 0
			}
		}
		return sum, nil
	}
}

//go:noinline
func typesByName(spec *btf.Spec, names []string) loop {
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			first := true
			for t := range spec.TypesByName(names[i]) {
				if first {
					sum += kindAndSize(t)
					first = false
				}
			}
			if i++; i == len(names) {
				i = 0
			}
		}
		return sum, nil
	}
}

//go:noinline
func typesByRegex(spec *btf.Spec, m *btf.Matcher) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			for t := range spec.TypesByMatch(m) {
				sum += kindAndSize(t)
			}
		}
		return sum, nil
	}
}

//go:noinline
func iterate(spec *btf.Spec) loop {
	return func(n int) (sum uint64, err error) {
		for range n {
			for _, t := range spec.All() {
				sum += kindNumber(t)
				if t.NameOffset() != 0 {
					sum++
				}
			}
		}
		return sum, nil
	}
}

//go:noinline
func structWalk(spec *btf.Spec) loop {
	name := make([]byte, 0, 256)
	return func(n int) (sum uint64, err error) {
		for range n {
			for t := range spec.TypesByKind(btf.KindStruct) {
				sum += members(t, name)
			}
		}
		return sum, nil
	}
}

// members reads names into a buffer, which costs the same on every backend. It is a function of its
// own because the compiler (Go 1.26) does not inline an iterator inside the body of another one,
// and then allocates for the inner one.
func members(t btf.Type, name []byte) (sum uint64) {
	for _, m := range t.Members() {
		if name = m.AppendName(name[:0]); len(name) > 0 {
			sum += uint64(len(name)) + uint64(name[0])
		}
		sum += uint64(m.BitOffset())
	}
	return sum
}

// inParallel returns a loop that divides its operations among workers. Each worker starts at
// another place in the entries.
func inParallel[T any](workers int, entries []T, each func([]T) loop) loop {
	loops := make([]loop, workers)
	for i := range loops {
		start := len(entries) * i / workers
		turned := append(append([]T(nil), entries[start:]...), entries[:start]...)
		loops[i] = each(turned)
	}
	return func(n int) (uint64, error) {
		sums, errs := make([]uint64, workers), make([]error, workers)
		var wg sync.WaitGroup
		for i, run := range loops {
			share := n*(i+1)/workers - n*i/workers
			wg.Go(func() { sums[i], errs[i] = run(share) })
		}
		wg.Wait()
		var sum uint64
		for i := range sums {
			if errs[i] != nil {
				return 0, errs[i]
			}
			sum += sums[i]
		}
		return sum, nil
	}
}

// kindNumber takes ENUM64 for ENUM, as the protocol does since some libraries merge them.
func kindNumber(t btf.Type) uint64 {
	k := t.Kind()
	if k == btf.KindEnum64 {
		k = btf.KindEnum
	}
	return uint64(k)
}

func kindAndSize(t btf.Type) uint64 {
	size, _ := t.Size()
	return kindNumber(t) + uint64(size)
}
