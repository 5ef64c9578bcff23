package match

import (
	"encoding/binary"
	"math/bits"
	"regexp/syntax"
)

// A program is a compiled expression, read forwards or from the end. It is immutable.
type program struct {
	*syntax.Prog
	*classes
	stride int
	// A reversed program serves sweeps: it passes from one name to the one before it in
	// the text, and knows at every byte whether the name that starts there matches.
	reversed bool
	// Some match starts after a newline only, so no state is final before the last one.
	byLine bool
}

func newProgram(tree *syntax.Regexp, reversed bool) *program {
	prog, err := syntax.Compile(tree)
	if err != nil {
		// Not in any version of Go so far; and then no name matches.
		prog = &syntax.Prog{Inst: []syntax.Inst{{Op: syntax.InstFail}}}
	}
	c := newClasses(prog)
	p := &program{Prog: prog, classes: c, stride: len(c.reps), reversed: reversed}
	for _, inst := range prog.Inst {
		if inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg) == syntax.EmptyBeginLine {
			p.byLine = true
		}
	}
	return p
}

// A ref is a state as transitions give it: the index of its row in the table, and the flag
// here. Zero is a transition that was not needed yet.
type ref = uint32

// here is set in a ref of a reversed program if the name that starts at the byte just
// read matches.
const here ref = 1 << 31

// What precedes a state's position, as far as assertions ask.
const (
	afterStart = iota
	afterNewline
	afterWord
	afterOther
)

// A state is a set of instructions that are ready for the next rune, and so stands for
// all texts that lead to it. States are immutable and outlive the table's rows.
type state struct {
	insts []uint32 // ascending
	// Some of insts are assertions that wait for the next rune; only then is after kept.
	waiting bool
	after   uint8
	ref     ref // valid while generation is the automaton's
	gen     uint32
}

// An automaton determinises a program as far as the names need it. It is not safe for
// concurrent use. It holds about limit transitions and as many instructions at most; beyond
// that it forgets all states and goes on, so that memory is bounded and time linear in
// the text whatever the pattern.
type automaton struct {
	*program
	table  []ref // a row of stride transitions a state; row 0 is all zero
	states []*state
	byKey  map[string]*state
	insts  int
	limit  int
	gen    uint32

	start, dead, accept *state

	// Scratch of follow: instructions seen, and those kept for the state being made.
	seen, keep []uint64
	stack      []uint32
	list       []uint32
	key        []byte
	matched    bool
	waiting    bool
}

// maxTable is the limit of automata, whose transitions are a megabyte then.
const maxTable = 1 << 18

func newAutomaton(p *program) *automaton {
	words := (len(p.Inst) + 63) / 64
	a := &automaton{
		program: p,
		limit:   maxTable,
		seen:    make([]uint64, words),
		keep:    make([]uint64, words),
	}
	a.dead, a.accept = &state{}, &state{}
	a.follow(uint32(p.Start), startFlags(afterStart), waitable)
	a.start = a.collect(afterStart)
	a.start.insts = append([]uint32(nil), a.start.insts...)
	a.forget()
	return a
}

// forget drops all states but the three that are always there.
func (a *automaton) forget() {
	a.gen++
	a.table = append(a.table[:0], make([]ref, a.stride)...)
	a.states = append(a.states[:0], nil)
	a.byKey = make(map[string]*state)
	a.insts = 0
	a.enter(a.dead)
	a.enter(a.accept)
	if a.start != a.dead && a.start != a.accept {
		a.enter(a.start)
	}
	for _, s := range []*state{a.dead, a.accept} {
		row := a.table[s.row():][:a.stride]
		for class := range row {
			row[class] = s.ref
		}
		if a.reversed {
			// The name before is yet to be decided; and a rune is several positions, so it
			// must not be taken for a byte.
			row[classEnd], row[classHigh] = 0, 0
		}
	}
}

func (s *state) row() int { return int(s.ref &^ here) }

// at returns the state that a ref other than zero means.
func (a *automaton) at(r ref) *state { return a.states[int(r&^here)/a.stride] }

// enter gives a state a row.
func (a *automaton) enter(s *state) {
	s.ref = ref(len(a.table))
	s.gen = a.gen
	a.table = append(a.table, make([]ref, a.stride)...)
	a.states = append(a.states, s)
	a.insts += len(s.insts)
	if a.reversed && (s == a.accept || s.waiting && a.ends(s)) {
		s.ref |= here
	}
}

// refOf returns the ref of a state that may be from before the last forget.
func (a *automaton) refOf(s *state) ref {
	if s.gen != a.gen {
		a.enter(s)
		a.byKey[string(a.keyOf(s))] = s
	}
	return s.ref
}

// next returns the state after a rune of the class, or after the end of the name.
func (a *automaton) next(s *state, class int) *state {
	known := s.gen == a.gen
	if known {
		if r := a.table[s.row()+class]; r != 0 {
			return a.at(r)
		}
	}
	gen := a.gen
	to := a.compute(s, class)
	if known && a.gen == gen {
		a.table[s.row()+class] = to.ref
	}
	return to
}

func (a *automaton) compute(s *state, class int) *state {
	if class == classEnd {
		if a.reversed {
			return a.start
		}
		if s == a.accept || a.ends(s) {
			return a.accept
		}
		return a.dead
	}
	if s == a.dead || s == a.accept {
		return s
	}
	r := a.reps[class]
	insts := s.insts
	if s.waiting {
		insts = a.resolve(s, class)
		if a.matched {
			a.reset()
			return a.accept
		}
	}
	after := afterRune(r)
	flags := startFlags(after)
	for _, pc := range insts {
		if inst := &a.Inst[pc]; inst.MatchRune(r) {
			a.follow(inst.Out, flags, waitable)
		}
	}
	a.follow(uint32(a.Start), flags, waitable) // a match may start anywhere
	return a.intern(a.collect(after))
}

// ends reports whether the expression matches if the name ends in state s.
func (a *automaton) ends(s *state) bool {
	if !s.waiting {
		return false
	}
	a.resolve(s, classEnd)
	matched := a.matched
	a.reset()
	return matched
}

// resolve returns the instructions of s that consume a rune, given the class of the next
// one, which decides the assertions. It sets a.matched.
func (a *automaton) resolve(s *state, class int) []uint32 {
	flags := startFlags(s.after)
	isWord := false
	switch r := a.reps[class]; {
	case class == classEnd:
		flags |= syntax.EmptyEndText | syntax.EmptyEndLine
	case r == '\n':
		flags |= syntax.EmptyEndLine
	default:
		isWord = syntax.IsWordChar(r)
	}
	if isWord != (s.after == afterWord) {
		flags |= syntax.EmptyWordBoundary
	} else {
		flags |= syntax.EmptyNoWordBoundary
	}
	for _, pc := range s.insts {
		a.follow(pc, flags, 0)
	}
	matched := a.matched
	a.list = a.drain(a.list[:0])
	a.matched = matched
	return a.list
}

const waitable = syntax.EmptyEndText | syntax.EmptyEndLine |
	syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary

// startFlags returns the assertions that hold by what precedes a position alone.
func startFlags(after uint8) syntax.EmptyOp {
	switch after {
	case afterStart:
		return syntax.EmptyBeginText | syntax.EmptyBeginLine
	case afterNewline:
		return syntax.EmptyBeginLine
	}
	return 0
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

// follow adds to the set being made what can be reached from pc without consuming a rune.
// Of the assertions, those in flags hold, those in wait are kept until the next
// rune is known, and the others fail.
func (a *automaton) follow(pc uint32, flags, wait syntax.EmptyOp) {
	a.stack = append(a.stack[:0], pc)
	for len(a.stack) > 0 {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.seen[pc/64]>>(pc%64)&1 != 0 {
			continue
		}
		a.seen[pc/64] |= 1 << (pc % 64)
		inst := &a.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			a.stack = append(a.stack, inst.Arg, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			a.stack = append(a.stack, inst.Out)
		case syntax.InstMatch:
			a.matched = true
		case syntax.InstFail:
		case syntax.InstEmptyWidth:
			switch missing := syntax.EmptyOp(inst.Arg) &^ flags; {
			case missing == 0:
				a.stack = append(a.stack, inst.Out)
			case missing&^wait == 0:
				a.waiting = true
				a.keep[pc/64] |= 1 << (pc % 64)
			}
		default:
			a.keep[pc/64] |= 1 << (pc % 64)
		}
	}
}

// drain appends the instructions kept since the last drain and starts a new set.
func (a *automaton) drain(list []uint32) []uint32 {
	for i, word := range a.keep {
		for ; word != 0; word &= word - 1 {
			list = append(list, uint32(i*64+bits.TrailingZeros64(word)))
		}
	}
	a.reset()
	return list
}

// reset starts a new set.
func (a *automaton) reset() {
	clear(a.keep)
	clear(a.seen)
	a.matched, a.waiting = false, false
}

// collect makes a state of the set followed so far. Its insts are borrowed.
func (a *automaton) collect(after uint8) *state {
	matched, waiting := a.matched, a.waiting
	a.list = a.drain(a.list[:0])
	switch {
	case matched:
		return a.accept
	case len(a.list) == 0 && !a.byLine:
		return a.dead
	}
	s := &state{insts: a.list, waiting: waiting}
	if waiting {
		s.after = after
	}
	return s
}

// intern returns the one state that equals s, which collect made.
func (a *automaton) intern(s *state) *state {
	if s == a.accept || s == a.dead {
		return s
	}
	if old := a.byKey[string(a.keyOf(s))]; old != nil {
		return old
	}
	if len(a.table)+a.stride > a.limit || a.insts+len(s.insts) > a.limit {
		a.forget()
	}
	s.insts = append([]uint32(nil), s.insts...)
	a.enter(s)
	a.byKey[string(a.keyOf(s))] = s
	return s
}

// keyOf returns what tells states apart. It is valid until the next call.
func (a *automaton) keyOf(s *state) []byte {
	a.key = append(a.key[:0], s.after)
	for _, pc := range s.insts {
		a.key = binary.LittleEndian.AppendUint32(a.key, pc)
	}
	return a.key
}
