package elfx

import (
	"errors"
	"strings"
)

// The classes of failure, to be asked for with [errors.Is]. Errors of the file system and of a
// context keep their own class.
var (
	// ErrNoBTF says that a file was understood and holds no BTF.
	ErrNoBTF = errors.New("no BTF")
	// ErrTooLarge says that a limit of Options, which the message names, was reached.
	ErrTooLarge = errors.New("too large")
	// ErrCorrupt says that a file is not what its first bytes announce.
	ErrCorrupt = errors.New("corrupt")
	// ErrUnsupported says that a file uses a variant of its format that is not read here.
	ErrUnsupported = errors.New("unsupported")
)

// Error describes why no BTF came out of a file.
type Error struct {
	// Path is the file's name; it is empty for input that has none.
	Path string
	// Format is the chain of containers that led to the failure, outermost first, such as
	// "bzImage/zstd/ELF64".
	Format string
	// Tried lists what else was attempted before the refusal, in order; it may be empty.
	Tried []string
	// Err is the cause.
	Err error
}

// Error returns one line that names the file, the containers, the cause and what was tried.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("elfx: ")
	for _, part := range []string{e.Path, e.Format} {
		if part != "" {
			b.WriteString(part)
			b.WriteString(": ")
		}
	}
	b.WriteString(e.Err.Error())
	if len(e.Tried) > 0 {
		b.WriteString(" (tried ")
		b.WriteString(strings.Join(e.Tried, "; "))
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
