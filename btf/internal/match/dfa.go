package match

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
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
	numAfter
)

// A state is a set of instructions that are ready for the next rune, and so stands for all
// texts that lead to it. A match may start anywhere, so what is ready before the first
// rune of a match is ready in every state: it is not among insts, and only after, which
// it may depend on, tells of it. States are immutable and outlive the table's rows.
type state struct {
	insts   []uint32 // ascending
	waiting bool     // some of insts are assertions that the next rune decides
	after   uint8    // afterOther if nothing depends on it
	ref     ref      // valid while gen is the automaton's
	gen     uint32
}

// A beginning is what is ready where a match may start.
type beginning struct {
	insts   []uint32
	has     []uint64 // a bit for each instruction that follow came by
	waiting bool
	matched bool
}

// A move is what becomes of a beginning at a rune.
type move struct {
	insts   []uint32
	waiting bool
	matched bool
}

// An automaton determinises a program as far as the names need it. It is not safe for
// concurrent use. When its size exceeds a limit, it forgets all states and goes on, so that
// memory is bounded and time linear in the text whatever the pattern.
type automaton struct {
	*program
	table  []ref // a row of stride transitions a state; row 0 is all zero
	states []*state
	byKey  map[string]*state
	moves  [numAfter][]*move // by class; nil if not needed yet
	size   int               // of all these, about, in words of four bytes
	limit  int               // of size
	gen    uint32

	start, dead, accept *state
	begin               [numAfter]beginning

	set // scratch
	key []byte
}

// maxSize is the usual limit of an automaton: eight megabytes.
const maxSize = 2 << 20

// stateSize is what a state takes beside its row, its instructions and its key.
const stateSize = 32

func newAutomaton(p *program) *automaton {
	a := &automaton{
		program: p,
		limit:   max(maxSize, 16*p.stride), // room for some states, whatever the pattern
		dead:    &state{},
		accept:  &state{},
		start:   &state{after: afterStart},
	}
	a.seen = make([]uint32, len(p.Inst))
	for after := range a.begin {
		b := &a.begin[after]
		a.reset()
		a.follow(p, uint32(p.Start), flagsAfter(uint8(after)), waitable, nil)
		b.insts, b.waiting, b.matched = slices.Clone(a.ready), a.waiting, a.matched
		b.has = make([]uint64, (len(p.Inst)+63)/64)
		for pc, stamp := range a.seen {
			if stamp == a.stamp {
				b.has[pc/64] |= 1 << (pc % 64)
			}
		}
	}
	if a.begin[afterStart].matched {
		a.start = a.accept
	} else if len(a.begin[afterStart].insts) == 0 && !p.byLine {
		a.start = a.dead
	}
	a.dropStates()
	return a
}

// dropStates drops all states but the three that are always there.
func (a *automaton) dropStates() {
	a.gen++
	a.table = append(a.table[:0], make([]ref, a.stride)...)
	a.states = append(a.states[:0], nil)
	a.byKey = make(map[string]*state)
	a.size = 0
	for after := range a.moves {
		a.moves[after] = make([]*move, a.stride)
	}
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
	a.size += a.stride + 2*len(s.insts) + stateSize
	if a.reversed && a.matchesAtEnd(s) {
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
		switch {
		case a.reversed:
			return a.start
		case a.matchesAtEnd(s):
			return a.accept
		}
		return a.dead
	}
	if s == a.dead || s == a.accept {
		return s
	}
	after := afterRune(a.reps[class])
	first := a.moveOf(s.after, class)
	if first.matched || !a.step(s.insts, s.waiting, s.after, class) {
		return a.accept
	}
	for _, pc := range first.insts {
		a.add(pc)
	}
	a.waiting = a.waiting || first.waiting
	return a.intern(after)
}

// matchesAtEnd reports whether the expression matches if the name ends in state s.
func (a *automaton) matchesAtEnd(s *state) bool {
	if s == a.dead || s == a.accept {
		return s == a.accept
	}
	return a.moveOf(s.after, classEnd).matched || !a.step(s.insts, s.waiting, s.after, classEnd)
}

// moveOf returns what becomes of the beginning at a rune of the class, and remembers it:
// of a long list of words it is by far the largest part of every state.
func (a *automaton) moveOf(after uint8, class int) *move {
	if m := a.moves[after][class]; m != nil {
		return m
	}
	b := &a.begin[after]
	m := &move{matched: !a.step(b.insts, b.waiting, after, class)}
	m.insts, m.waiting = slices.Clone(a.ready), a.waiting
	a.moves[after][class] = m
	a.size += len(m.insts) + stateSize
	return m
}

// step makes the scratch set of what a rune of the class leads to from some instructions,
// but for what the beginning has. It returns false if the expression has matched.
func (a *automaton) step(insts []uint32, waiting bool, after uint8, class int) bool {
	if waiting {
		a.reset()
		flags := flagsBetween(after, a.reps[class], class == classEnd)
		for _, pc := range insts {
			a.follow(a.program, pc, flags, 0, nil)
		}
		if a.matched {
			return false
		}
		a.consuming = append(a.consuming[:0], a.ready...)
		insts = a.consuming
	}
	a.reset()
	if class == classEnd {
		return true
	}
	r := a.reps[class]
	after = afterRune(r)
	flags := flagsAfter(after)
	for _, pc := range insts {
		if inst := &a.Inst[pc]; inst.MatchRune(r) {
			a.follow(a.program, inst.Out, flags, waitable, a.begin[after].has)
		}
	}
	return !a.matched && !a.begin[after].matched
}

// intern returns the one state of the scratch set.
func (a *automaton) intern(after uint8) *state {
	b := &a.begin[after]
	if len(a.ready) == 0 && len(b.insts) == 0 && !a.byLine {
		return a.dead
	}
	if !a.waiting && !b.waiting && !a.byLine {
		after = afterOther
	}
	slices.Sort(a.ready)
	found := state{insts: a.ready, waiting: a.waiting, after: after}
	if old := a.byKey[string(a.keyOf(&found))]; old != nil {
		return old
	}
	s := &state{insts: slices.Clone(a.ready), waiting: a.waiting, after: after}
	if a.size+a.stride+2*len(s.insts) > a.limit {
		a.dropStates()
	}
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
