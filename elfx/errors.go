package elfx

import (
	"errors"
	"strings"
)

// The classes of failure, for [errors.Is]. Errors of the file system and of a context keep
// their own class.
var (
	// ErrNoBTF says that a file was understood and holds no BTF.
	ErrNoBTF = errors.New("no BTF")
	// ErrTooLarge says that a limit of Options, which the message names, was reached.
	ErrTooLarge = errors.New("too large")
	// ErrCorrupt says that a file breaks the rules of the format that its first bytes
	// announce.
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
	// Tried lists the other formats that were tried before, in order; it may be empty.
	Tried []string
	// Err is the cause.
	Err error
}

// The most bytes that a message has without the path, and of these for what was tried: names and
// errors from a hostile file may be of any length.
const (
	maxMessage = 950
	maxTried   = 400
)

// Error returns one line that names the file, the containers, the cause and what was tried.
// Without the path it has less than 1000 bytes; longer text is cut.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("elfx: ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	cause := e.Err.Error()
	if e.Format != "" {
		cause = e.Format + ": " + cause
	}
	tried := shortened(strings.Join(e.Tried, "; "), maxTried)
	b.WriteString(shortened(cause, maxMessage-len(tried)))
	if tried != "" {
		b.WriteString(" (tried " + tried + ")")
	}
	return b.String()
}

// shortened returns text, or as much as most bytes have room for and an ellipsis.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(text[:most-len(ellipsis)], "") + ellipsis
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
