package match

import "regexp/syntax"

// A set is a set of instructions in the making. Its memory is used again and again.
type set struct {
	ready     []uint32 // those that consume a rune, or wait for one
	waiting   bool     // there are some that wait
	matched   bool     // the expression has matched
	seen      []uint32 // by instruction: stamp, if follow came by since the last reset
	stamp     uint32
	stack     []uint32
	consuming []uint32
}

// reset empties the set.
func (s *set) reset() {
	s.ready = s.ready[:0]
	s.waiting, s.matched = false, false
	s.stamp++
	if s.stamp == 0 { // after four billion sets, old stamps would look new
		clear(s.seen)
		s.stamp = 1
	}
}

// add adds an instruction that consumes a rune or waits for one.
func (s *set) add(pc uint32) {
	if s.seen[pc] != s.stamp {
		s.seen[pc] = s.stamp
		s.ready = append(s.ready, pc)
	}
}

// follow adds what can be reached from pc without consuming a rune, except through the
// instructions of skip. Of the assertions, those in flags hold, those in wait are kept
// until the next rune is known, and the others fail.
func (s *set) follow(p *program, pc uint32, flags, wait syntax.EmptyOp, skip []uint64) {
	s.stack = append(s.stack[:0], pc)
	for len(s.stack) > 0 {
		pc := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		if s.seen[pc] == s.stamp || skip != nil && skip[pc/64]>>(pc%64)&1 != 0 {
			continue
		}
		s.seen[pc] = s.stamp
		inst := &p.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			s.stack = append(s.stack, inst.Arg, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			s.stack = append(s.stack, inst.Out)
		case syntax.InstMatch:
			s.matched = true
		case syntax.InstFail:
		case syntax.InstEmptyWidth:
			switch missing := syntax.EmptyOp(inst.Arg) &^ flags; {
			case missing == 0:
				s.stack = append(s.stack, inst.Out)
			case missing&^wait == 0:
				s.waiting = true
				s.ready = append(s.ready, pc)
			}
		default:
			s.ready = append(s.ready, pc)
		}
	}
}

// waitable are the assertions that depend on the next rune.
const waitable = syntax.EmptyEndText | syntax.EmptyEndLine |
	syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary

// flagsAfter returns the assertions that hold by what precedes a position alone.
func flagsAfter(after uint8) syntax.EmptyOp {
	switch after {
	case afterStart:
		return syntax.EmptyBeginText | syntax.EmptyBeginLine
	case afterNewline:
		return syntax.EmptyBeginLine
	}
	return 0
}

// flagsBetween returns the assertions that hold by what precedes a position and what
// follows it: a rune, or the end.
func flagsBetween(after uint8, r rune, end bool) syntax.EmptyOp {
	flags := flagsAfter(after)
	switch {
	case end:
		flags |= syntax.EmptyEndText | syntax.EmptyEndLine
	case r == '\n':
		flags |= syntax.EmptyEndLine
	}
	if !end && syntax.IsWordChar(r) == (after == afterWord) || end && after != afterWord {
		return flags | syntax.EmptyNoWordBoundary
	}
	return flags | syntax.EmptyWordBoundary
}

func afterRune(r rune) uint8 {
	switch {
	case r == '\n':
		return afterNewline
	case syntax.IsWordChar(r):
		return afterWord
	}
	return afterOther
}
