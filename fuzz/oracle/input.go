package oracle

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/btfkit/btfkit/btf"
)

// An Input is bytes to open in every backend, with what to compare then.
type Input struct {
	Data []byte
	// Bases is what Data is split from, opened in each of Backends. Base is the same in the
	// oracle. Both are nil if Data stands alone.
	Bases []*btf.Spec
	Base  *Blob

	// Deep is the index in Backends of the one that CheckSpec compares. Accessors are the same
	// code in all backends; so of the others, records and queries are compared.
	Deep int
	// Variants also opens the backends that differ from another only in where memory comes from.
	Variants bool
	// Pattern is the index in Patterns of the regular expression to ask for.
	Pattern int
	// Verdicts may be nil.
	Verdicts Verdicts

	// Measured also checks time, memory and goroutines. Nothing else may run meanwhile.
	Measured bool
}

// Vary sets Deep, Variants and Pattern by n. Inputs that are numbered in a row cover all of them.
func (in *Input) Vary(n int) {
	in.Deep, in.Pattern = n%len(Backends), n%len(Patterns)
	in.Variants = isVariant(Backends[in.Deep])
}

// VaryByData sets the same fields by the bytes of Data. A fuzz engine needs that equal inputs are
// checked in the same way.
func (in *Input) VaryByData() {
	h := uint32(2166136261) // FNV-1a
	for _, c := range in.Data {
		h = (h ^ uint32(c)) * 16777619
	}
	in.Vary(int(h >> 4))
}

// Check opens the input in each backend. If the oracle refuses it, so must they, with an error of
// the same class and place; else all answers must be the oracle's.
func (in *Input) Check() error {
	want, fault := Parse(in.Data, in.Base)
	var q questions
	if fault == nil {
		q.names = QueryNames(want, 10)
		pattern := in.Pattern % len(Patterns)
		q.matches = in.Verdicts.matching(want, pattern)
		var err error
		if q.matcher, err = btf.NewMatcher(Patterns[pattern]); err != nil {
			return err
		}
	}
	for n := range Backends {
		i := (in.Deep + n) % len(Backends) // each is the first at times, with a new matcher
		b := Backends[i]
		if isVariant(b) && !in.Variants {
			continue
		}
		spec, err := in.open(b, i)
		switch {
		case err == nil && spec == nil, err != nil && spec != nil:
			err = errors.New("neither a spec nor an error, or both")
		case fault != nil:
			err = CheckFault(err, fault)
		case err == nil:
			err = in.checkSpec(spec, want, q, i == in.Deep)
		}
		if spec != nil {
			spec.Close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	return nil
}

// questions is what all backends are asked.
type questions struct {
	names   []string
	matcher *btf.Matcher
	matches []uint32 // the ids whose name it matches
}

func (in *Input) checkSpec(spec *btf.Spec, want *Blob, q questions, deep bool) error {
	var err error
	if deep {
		err = CheckSpec(want, spec)
	} else {
		err = CheckRecords(spec, want)
	}
	if err != nil {
		return err
	}
	ask := CheckNames
	if in.Base != nil && len(in.Base.Types) > 1000 {
		ask = checkOwnNames // a large base that scans takes long for a name
	}
	if err := ask(spec, want, q.names); err != nil {
		return err
	}
	return checkMatches(spec, q.matcher, q.matches)
}

// openLimit bounds the time to open size bytes. A busy machine must not fail a run. So an input
// that takes longer, or allocates more than it may, is opened again, up to openTries times, and
// the best try counts.
func openLimit(size int) time.Duration {
	return 50*time.Millisecond + time.Duration(size)*100*time.Nanosecond
}

const openTries = 20

// open opens the input, and measures what that takes.
func (in *Input) open(b btf.Backend, i int) (spec *btf.Spec, err error) {
	var base *btf.Spec
	if in.Bases != nil {
		base = in.Bases[i]
	}
	if !in.Measured {
		return b.Parse(in.Data, base)
	}
	goroutines, limit := runtime.NumGoroutine(), openLimit(len(in.Data))
	var took time.Duration
	var used uint64
	for try := range openTries {
		if try > 0 && spec != nil {
			spec.Close()
		}
		start, before := time.Now(), Allocated()
		spec, err = b.Parse(in.Data, base)
		used, took = Allocated()-before, time.Since(start)
		if used > allocationLimit(len(in.Data)) {
			flushAllocations()
		} else if took <= limit {
			break
		}
	}
	switch {
	case used > allocationLimit(len(in.Data)):
		return refuse(spec, fmt.Errorf("%d bytes allocated to open %d", used, len(in.Data)))
	case took > limit:
		return refuse(spec, fmt.Errorf("%v to open %d bytes", took, len(in.Data)))
	case goroutineLeft(goroutines):
		return refuse(spec, errors.New("a goroutine is left"))
	}
	return spec, err
}

// refuse closes what was opened beyond the limits.
func refuse(spec *btf.Spec, err error) (*btf.Spec, error) {
	if spec != nil {
		spec.Close()
	}
	return nil, err
}

// goroutineLeft reports whether there are more goroutines than before, and stay. The runtime's
// own, which runs cleanups after a garbage collection, comes and goes.
func goroutineLeft(before int) bool {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}
