package path

import (
	"strconv"
	"strings"
)

// The kinds of steps.
const (
	opMember = iota
	opIndex
	opArrow
)

// A step is one step of a path.
type step struct {
	op    int
	name  string
	index uint64
}

// A scanner cuts a path into steps.
type scanner struct {
	expr string
	pos  int
}

func (s *scanner) done() bool { return s.pos == len(s.expr) && s.pos > 0 }

// next returns the next step and moves behind it.
func (s *scanner) next() (st step, err error) {
	rest := s.expr[s.pos:]
	switch {
	case strings.HasPrefix(rest, "["):
		return s.nextIndex(rest)
	case strings.HasPrefix(rest, "->"):
		st.op, rest = opArrow, rest[2:]
	case s.pos > 0 && strings.HasPrefix(rest, "."):
		rest = rest[1:]
	case s.pos > 0:
		return st, ErrSyntax
	}
	n := nameLen(rest)
	if n == 0 {
		return st, ErrSyntax
	}
	st.name = rest[:n]
	s.pos = len(s.expr) - len(rest) + n
	return st, nil
}

func (s *scanner) nextIndex(rest string) (st step, err error) {
	st.op = opIndex
	end := strings.IndexByte(rest, ']')
	if end < 0 {
		return st, ErrSyntax
	}
	if st.index, err = strconv.ParseUint(rest[1:end], 0, 64); err != nil {
		return st, ErrSyntax
	}
	s.pos += end + 1
	return st, nil
}

// nameLen returns how many bytes of s are a name, which is all up to a character that starts a
// step: names are bytes in no declared encoding, and those of Rust have more than C's.
func nameLen(s string) int {
	for i := range len(s) {
		if ends[s[i]] && (s[i] != '-' || i+1 < len(s) && s[i+1] == '>') {
			return i
		}
	}
	return len(s)
}

// ends has the bytes that may end a name.
var ends = [256]bool{0: true, '\t': true, '\n': true, ' ': true, '-': true, '.': true, '[': true,
	']': true}
