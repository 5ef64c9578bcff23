package btf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Errors that callers act on, to be tested with errors.Is.
var (
	// ErrNotFound says that no type has the id or name asked for.
	ErrNotFound = errors.New("btf: type not found")
	// ErrCorrupt is the class of input that is not well-formed BTF.
	ErrCorrupt = raw.ErrCorrupt
	// ErrUnsupported is the class of input that may be BTF, but of a version or
	// with a kind that this package cannot read.
	ErrUnsupported = raw.ErrUnsupported
	// ErrClosed is what lookups return after Close.
	ErrClosed = errors.New("btf: spec is closed")
)

// FormatError says what is wrong with an input, and where.
type FormatError struct {
	// Part is the part at fault: "header", "types", "strings" or "layout".
	Part string
	// Offset is where the fault lies, in bytes from the start of the BTF. A file that the
	// BTF was extracted from may have it at another offset.
	Offset int64
	// Start is where Part starts, in bytes from the start of the BTF.
	Start int64
	// ID is the type at fault; 0 if the fault is in no type.
	ID TypeID
	// Class is ErrCorrupt or ErrUnsupported.
	Class error
	// Err is the cause.
	Err error
}

// Error returns a line such as
// "btf: types+0x1f4 (type 17, offset 0x20c): vlen 70 exceeds section".
func (e *FormatError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "btf: %s+%#x (", e.Part, e.Offset-e.Start)
	if e.ID != 0 {
		fmt.Fprintf(&b, "type %d, ", e.ID)
	}
	fmt.Fprintf(&b, "offset %#x): %v", e.Offset, e.Err)
	return b.String()
}

// Unwrap gives errors.Is and errors.As the class and the cause.
func (e *FormatError) Unwrap() []error { return []error{e.Class, e.Err} }

// formatError makes a *FormatError of a *raw.Fault.
func formatError(err error) error {
	var f *raw.Fault
	if !errors.As(err, &f) {
		return err
	}
	return &FormatError{f.Part, f.Offset, f.Start, TypeID(f.ID), f.Class, f.Err}
}

// NotFoundError says that no type has the name, or that the types with the name are of
// other kinds than those asked for. errors.Is finds ErrNotFound in it.
type NotFoundError struct {
	// Name is the name asked for.
	Name string
	// Kinds are the kinds that the caller asked for; empty if any kind would have done.
	Kinds []Kind
	// Found are the kinds that types of this name have, each once.
	Found []Kind
}

// Error returns a line such as
// `btf: no STRUCT or UNION named "sk_buff", but FWD`. It cuts long names and lists short.
func (e *NotFoundError) Error() string {
	s := fmt.Sprintf("btf: no %s named %s", listKinds(e.Kinds, " or ", "type"), raw.Quote(e.Name))
	if len(e.Found) > 0 {
		s += ", but " + listKinds(e.Found, ", ", "")
	}
	return s
}

// Unwrap returns ErrNotFound.
func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// addFound notes a kind, once.
func (e *NotFoundError) addFound(k Kind) {
	if !slices.Contains(e.Found, k) {
		e.Found = append(e.Found, k)
	}
}

func listKinds(kinds []Kind, sep, none string) string {
	const most = 8
	if len(kinds) == 0 {
		return none
	}
	names := make([]string, min(len(kinds), most))
	for i := range names {
		names[i] = kinds[i].String()
	}
	if more := len(kinds) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, sep)
}

// An idError says that no type has an id.
type idError struct {
	id TypeID
	in *idRange // which ids there are; nil if the Spec was closed
}

func (e *idError) Error() string {
	if e.in == nil {
		return ErrClosed.Error()
	}
	return fmt.Sprintf("btf: no type %d: ids are %d to %d", e.id, e.in.first, e.in.end-1)
}

func (e *idError) Unwrap() error {
	if e.in == nil {
		return ErrClosed
	}
	return ErrNotFound
}
