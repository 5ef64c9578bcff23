package fuzz

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// An Input is bytes to open in every backend.
type Input struct {
	Data []byte
	// Bases has what the input is split from in each of Backends, and Base in the oracle;
	// nil if it stands alone.
	Bases []*btf.Spec
	Base  *naive.Blob
	// Turn selects the backend that is looked at in depth and the regular expression, so
	// that many inputs in a row cover all.
	Turn int
	// Measured checks time, memory and goroutines, too. Nothing else may run meanwhile.
	Measured bool
}

// Check compares the verdict of each backend with the oracle's: class, offset and type of a
// refusal; else all answers.
func (in *Input) Check() error {
	want, fault := naive.Parse(in.Data, in.Base)
	var names []string
	if fault == nil {
		names = QueryNames(want, 10)
	}
	for i := range Backends {
		b := Backends[i]
		if isVariant(b) && in.Turn%len(Backends) != i {
			continue
		}
		spec, err := in.open(b, i)
		switch {
		case err == nil && spec == nil, err != nil && spec != nil:
			err = errors.New("neither a spec nor an error, or both")
		case fault != nil:
			err = CheckFault(err, fault)
		case err == nil:
			err = in.checkSpec(spec, want, names, i)
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

func (in *Input) checkSpec(spec *btf.Spec, want *naive.Blob, names []string, i int) error {
	check := CheckRecords
	if in.Turn%len(Backends) == i {
		check = CheckSpec
	}
	if err := check(spec, want); err != nil {
		return err
	}
	ask := CheckNames
	if in.Base != nil && len(in.Base.Types) > 1000 {
		ask = CheckOwnNames // a large base that scans takes long for a name
	}
	if err := ask(spec, want, names); err != nil {
		return err
	}
	return CheckPattern(spec, want, in.Turn)
}

// openLimit bounds the time to open size bytes. What a busy machine adds must not fail a run: an
// input that takes longer, or allocates more than it may, is opened again, up to openTries
// times, and the best counts.
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
		start, before := time.Now(), allocated()
		spec, err = b.Parse(in.Data, base)
		used, took = allocated()-before, time.Since(start)
		if used > allocationLimit(len(in.Data)) {
			settle()
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

// refuse closes what was opened within no limits.
func refuse(spec *btf.Spec, err error) (*btf.Spec, error) {
	if spec != nil {
		spec.Close()
	}
	return nil, err
}

// goroutineLeft reports whether there are more goroutines than before. The runtime's own, which
// runs cleanups after a garbage collection, comes and goes: what is left stays.
func goroutineLeft(before int) bool {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// turn derives a Turn from the input's bytes, so that equal inputs are looked at equally.
func turn(data []byte) int {
	h := uint32(2166136261) // FNV-1a
	for _, c := range data {
		h = (h ^ uint32(c)) * 16777619
	}
	return int(h >> 4)
}
