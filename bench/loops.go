package bench

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// A loop runs n operations and returns their checksum.
type loop func(n int) (uint64, error)

// measure times one call of the loop; the checksum that it returns keeps the work alive. What the
// runtime is asked about allocation lies outside of the clock.
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

// measureParts measures n operations that stop the time themselves. Each adds 1 to the checksum.
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

func typeByID(spec *btf.Spec, ids []btf.TypeID) loop {
	return func(n int) (sum uint64, err error) {
		for i := 0; n > 0; n-- {
			t, err := spec.TypeByID(ids[i])
			if err != nil {
				return sum, err
			}
			sum += kindAndSize(t)
			if i++; i == len(ids) {
				i = 0
			}
		}
		return sum, nil
	}
}

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

func structWalk(spec *btf.Spec) loop {
	name := make([]byte, 0, 256)
	return func(n int) (sum uint64, err error) {
		for range n {
			for _, t := range spec.All() {
				if t.Kind() == btf.KindStruct {
					sum += members(t, name)
				}
			}
		}
		return sum, nil
	}
}

// members reads names into a buffer: the way that costs the same on every backend. It is a
// function of its own because the compiler (Go 1.26) does not inline an iterator inside the body
// of another, and then allocates for the inner one.
func members(t btf.Type, name []byte) (sum uint64) {
	for _, m := range t.Members() {
		if name = m.AppendName(name[:0]); len(name) > 0 {
			sum += uint64(len(name)) + uint64(name[0])
		}
		sum += uint64(m.BitOffset())
	}
	return sum
}

// inParallel divides n operations among workers, each of which starts elsewhere in the entries.
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
