package raw

import (
	"errors"
	"strconv"
)

// The classes of faults; package btf exports them.
var (
	ErrCorrupt     = errors.New("btf: corrupt input")
	ErrUnsupported = errors.New("btf: unsupported input")
)

// A Fault says what is wrong with an input, and where. Its fields are those of btf.FormatError,
// which it becomes.
type Fault struct {
	Part          string
	Offset, Start int64
	ID            uint32
	Class, Err    error
}

// Error returns the cause alone.
func (f *Fault) Error() string { return f.Err.Error() }

func headerFault(off int64, class, err error) error {
	return &Fault{Part: "header", Offset: off, Class: class, Err: err}
}

// maxQuoted is how many bytes of a name an error shows: each takes up to four, and an error of
// two names must stay below 1 kB.
const maxQuoted = 100

// Quote quotes a name for an error. It cuts off what is too long.
func Quote(name string) string { return strconv.Quote(Cut(name)) }

// Cut cuts off what is too long to be shown: in hostile input, a name may have megabytes.
func Cut(name string) string {
	if len(name) > maxQuoted {
		return name[:maxQuoted] + "..."
	}
	return name
}
