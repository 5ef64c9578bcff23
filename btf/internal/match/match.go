package match

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync/atomic"
)

// A Matcher answers which names match a regular expression. It is immutable to its
// users and safe for concurrent use; it keeps the automata that finished queries
// built, for the next ones.
type Matcher struct {
	re   *regexp.Regexp
	plan *plan

	// For a regexp that may have come from regexp.CompilePOSIX and would mean
	// something else then: the other reading. See FromRegexp.
	posix *plan
	// The two readings differ only for names with a newline in them.
	newlineOnly bool
	// Which reading is the right one, once a name has told.
	reading atomic.Int32
}

const (
	readingUnknown = iota
	readingPerl
	readingPOSIX
)

// Compile parses expr, in the syntax of [regexp.Compile], with the same errors, except that they
// show no more than the start of a long expression.
func Compile(expr string) (*Matcher, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, shorten(err)
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, shorten(err)
	}
	return &Matcher{re: re, plan: newPlan(tree.Simplify())}, nil
}

// maxShown is how many bytes of an expression an error shows.
const maxShown = 100

// shortenExpr returns the start of an expression, for errors.
func shortenExpr(expr string) string {
	if len(expr) <= maxShown {
		return expr
	}
	return expr[:maxShown] + "..."
}

// shorten cuts the expression in an error of package syntax.
func shorten(err error) error {
	var e *syntax.Error
	if errors.As(err, &e) {
		return &syntax.Error{Code: e.Code, Expr: shortenExpr(e.Expr)}
	}
	return err
}

// FromRegexp returns a Matcher for a compiled expression.
//
// A Regexp does not tell whether [regexp.Compile] or [regexp.CompilePOSIX] made it,
// and there are expressions that both accept and that differ: "a+?" is lazy or
// optional, "^" is the start of the name or of a line. Such a Matcher keeps both
// readings. They are asked both, and the first name on which they disagree is put to re
// itself, which settles it for good. Where only names with a newline can disagree, a
// text without newlines costs one vectorised search for it and no more.
func FromRegexp(re *regexp.Regexp) (*Matcher, error) {
	expr := re.String()
	perl, perlErr := syntax.Parse(expr, syntax.Perl)
	posix, posixErr := syntax.Parse(expr, syntax.POSIX)
	switch {
	case perlErr != nil && posixErr != nil:
		return nil, perlErr
	case perlErr != nil:
		return &Matcher{re: re, plan: newPlan(posix.Simplify())}, nil
	case posixErr != nil:
		return &Matcher{re: re, plan: newPlan(perl.Simplify())}, nil
	}
	m := &Matcher{re: re, plan: newPlan(perl.Simplify())}
	if sameProgram(perl, posix) {
		return m, nil
	}
	m.posix = newPlan(posix.Simplify())
	// These two flags are what POSIX reads differently at a newline.
	oneLine, err := syntax.Parse(expr, syntax.OneLine|syntax.ClassNL)
	m.newlineOnly = err == nil && sameProgram(perl, oneLine)
	return m, nil
}

func sameProgram(a, b *syntax.Regexp) bool {
	// Compile returns no error in any version of Go so far; unequal is the safe answer.
	p, errA := syntax.Compile(a.Simplify())
	q, errB := syntax.Compile(b.Simplify())
	return errA == nil && errB == nil && p.String() == q.String()
}

// String returns the regular expression.
func (m *Matcher) String() string { return m.re.String() }

// MatchString reports whether the name matches, through package regexp.
func (m *Matcher) MatchString(name string) bool { return m.re.MatchString(name) }

// Prefix returns a literal with which every matching name starts, for callers that keep
// names sorted; it is empty when there is none. If complete, every name that starts
// with the prefix matches, and nothing else has to be asked.
func (m *Matcher) Prefix() (prefix string, complete bool) {
	if m.posix != nil && !(m.newlineOnly && m.reading.Load() == readingPerl) {
		return "", false
	}
	return m.plan.prefix, m.plan.method == methodPrefix || m.plan.method == methodAll
}

// Select sets bit i of hits for every i such that the name at text[offs[i]:] matches.
// It is NewScan, Scan.Select and Close in one.
func (m *Matcher) Select(text string, offs []uint32, hits []uint64) error {
	s, err := m.NewScan(text, len(offs))
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Select(offs, hits)
}

// nameAt returns the name that starts at off.
func nameAt(text string, off uint32) string {
	name := text[off:]
	if end := strings.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return name
}
