package path

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// An Error says how far a path leads. errors.Is finds btf.ErrNotFound in it if a member or an
// element is missing.
type Error struct {
	// Path is the whole path.
	Path string
	// Reached is the part of it that could be followed, "" if none.
	Reached string
	// Type is what Reached leads to, or the root.
	Type btf.Type
	// Err is the cause.
	Err error
}

// maxShown is how much of a path an error shows; maxHas is how many bytes of members' names.
const (
	maxShown = 128
	maxHas   = 500
)

// Error returns a line such as
// `path: sk.__sk_common is [9] STRUCT sock_common: no member "skc_dprt"; it has skc_dport, …`,
// of less than 1,024 bytes.
func (e *Error) Error() string {
	reached := "the root"
	if e.Reached != "" {
		reached = shorten(e.Reached)
	}
	return fmt.Sprintf("path: %s is %s: %v", reached, shorten(e.Type.String()), e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// shorten cuts a text to what an error shows, the end of a path being more telling.
func shorten(s string) string {
	if len(s) > maxShown {
		return "..." + s[len(s)-maxShown:]
	}
	return s
}

// The causes.
var (
	// ErrSyntax says that a text is no path.
	ErrSyntax = errors.New("name, [number] or -> expected")
	// ErrAmbiguous says that several types have the name, and that the path leads to
	// different places in them.
	ErrAmbiguous = errors.New("types of this name differ")

	errMember    = errors.New("member")
	errPointer   = errors.New("a pointer, which only -> or [0] follows")
	errNoPointer = errors.New("no pointer that -> could follow")
	errNoArray   = errors.New("no array or pointer")
	errIndex     = errors.New("index")
	errNoSize    = errors.New("elements without a size")
	errUnaligned = errors.New("a pointer that starts within a byte")
	errDerefs    = fmt.Errorf("more than %d pointers to follow", MaxDerefs)
	errFar       = errors.New("an offset beyond 64 bits")
)

// fail makes the error of a step that cannot be taken.
func (w *walker) fail(err error, reached int, s *step) error {
	e := &Error{Path: w.steps.expr, Reached: w.steps.expr[:reached], Type: w.field.Type, Err: err}
	switch err {
	case errMember:
		e.Err = &missing{fmt.Sprintf("no member %q; %s", shorten(s.name), listMembers(e.Type, s.name))}
	case errIndex:
		n, _ := e.Type.Underlying().ArrayLen()
		e.Err = &missing{fmt.Sprintf("no element %d of %d", s.index, n)}
	case ErrSyntax:
		e.Err = fmt.Errorf("%w, not %q", ErrSyntax, shorten(w.steps.expr[reached:]))
	}
	return e
}

// missing says that there is no member or element.
type missing struct{ text string }

func (m *missing) Error() string { return m.text }
func (m *missing) Unwrap() error { return btf.ErrNotFound }

// maxCompared bounds the work for an error: how many members are compared with the name.
const maxCompared = 1000

// listMembers lists the members of t, those whose names are closest to name first.
func listMembers(t btf.Type, name string) string {
	type candidate struct {
		name     string
		distance int
	}
	var all []candidate
	for h := range members(t.Underlying()) {
		if len(all) == maxCompared {
			break
		}
		n := h.member.Name()
		all = append(all, candidate{n, distance(n, name)})
	}
	if len(all) == 0 {
		return "it has no members"
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var b strings.Builder
	for i, c := range all {
		if b.Len()+len(c.name) > maxHas {
			if i == 0 {
				c.name = shorten(c.name)
				b.WriteString(c.name)
			}
			b.WriteString(", ...")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name)
	}
	return "it has " + b.String()
}

// distance counts the letters to insert, drop and change between two names (Levenshtein), of
// which it looks at the first 32 bytes.
func distance(a, b string) int {
	const most = 32
	a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	var row [most + 1]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
