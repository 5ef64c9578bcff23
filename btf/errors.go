package btf

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that callers act on, to be tested with errors.Is.
var (
	// ErrNotFound says that no type has the id or name asked for.
	ErrNotFound = errors.New("btf: type not found")
	// ErrCorrupt is the class of input that is not well-formed BTF.
	ErrCorrupt = errors.New("btf: corrupt input")
	// ErrUnsupported is the class of input that may be BTF, but of a version or
	// with a kind that this package cannot read.
	ErrUnsupported = errors.New("btf: unsupported input")
	// ErrClosed is what lookups return after Close.
	ErrClosed = errors.New("btf: spec is closed")
)

// FormatError says what is wrong with an input, and where.
type FormatError struct {
	// Section is the part at fault: "header", "types", "strings" or "layout".
	Section string
	// Offset is where the fault lies, in bytes from the start of the BTF, which need not
	// be that of the file it was extracted from.
	Offset int64
	// Start is where Section starts, in bytes from the start of the BTF.
	Start int64
	// ID is the type at fault; 0 if the fault is in no type.
	ID ID
	// Class is ErrCorrupt or ErrUnsupported.
	Class error
	// Err is the cause.
	Err error
}

// Error returns a line such as
// "btf: types+0x1f4 (type 17, offset 0x20c): vlen 70 exceeds section".
func (e *FormatError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "btf: %s+%#x (", e.Section, e.Offset-e.Start)
	if e.ID != 0 {
		fmt.Fprintf(&b, "type %d, ", e.ID)
	}
	fmt.Fprintf(&b, "offset %#x): %v", e.Offset, e.Err)
	return b.String()
}

// Unwrap gives errors.Is and errors.As the class and the cause.
func (e *FormatError) Unwrap() []error { return []error{e.Class, e.Err} }
