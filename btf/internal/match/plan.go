package match

import (
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"
)

// A method is a way to answer for many names. The first three need no automaton.
type method uint8

const (
	methodAll     method = iota // every name matches
	methodPrefix                // names that start with plan.prefix
	methodExact                 // the name plan.prefix
	methodLiteral               // names with plan.literal in them
	methodFilter                // those, as far as the automaton agrees
	methodForward               // the automaton over each name, which it leaves early
	methodSweep                 // the reversed automaton over the whole text
)

// A plan is what is known about one expression, and the automata for it.
type plan struct {
	method method
	// What every match begins with, at the start of the name.
	prefix string
	// What every match contains. Where it must end the name, a NUL is part of it. It is in lower
	// case where folds has a bit that tells this case from the other, instead of a zero.
	literal, folds string

	forward, reverse machine
}

// A machine is a program, compiled when first needed, and the automata on it that no scan
// uses at the moment: what they learned about the names serves the next query.
type machine struct {
	tree     *syntax.Regexp
	reversed bool
	once     sync.Once
	prog     *program
	gate     gate // if not reversed
	pool     sync.Pool
}

func (m *machine) get() *automaton {
	m.once.Do(func() {
		m.prog = newProgram(m.tree, m.reversed)
		if !m.reversed {
			a := newAutomaton(m.prog)
			m.gate = newGate(a)
			m.pool.Put(a)
		}
	})
	if a, ok := m.pool.Get().(*automaton); ok {
		return a
	}
	return newAutomaton(m.prog)
}

func (m *machine) put(a *automaton) {
	if a != nil {
		m.pool.Put(a)
	}
}

// maxLiteral bounds the comparisons at one place of the text. Longer literals are left
// to the automaton, which is linear in the text however the text repeats itself.
const maxLiteral = 128

// rareByte is the least rarity of a byte that is searched for alone: one in a hundred.
const rareByte = 22

// newPlan makes the plan for a simplified syntax tree.
func newPlan(tree *syntax.Regexp) *plan {
	items := trim(flatten(nil, tree))
	p := &plan{method: methodSweep}
	concat := &syntax.Regexp{Op: syntax.OpConcat, Sub: items}
	p.forward.tree = concat
	p.reverse.tree, p.reverse.reversed = reversed(concat), true

	if len(items) == 0 {
		p.method = methodAll
		return p
	}
	if items[0].Op == syntax.OpBeginText {
		p.planAnchored(items[1:])
		return p
	}
	lit, folds, n := literalOf(items, true)
	switch {
	case lit == "" || len(lit) > maxLiteral:
		p.pickFilter(items)
	case len(lit) == 1 && rarity(lit[0]) < rareByte:
		// So many places that to mark them takes longer than a sweep.
	case n == len(items):
		p.method, p.literal, p.folds = methodLiteral, lit, folds
	case n == len(items)-1 && items[n].Op == syntax.OpEndText:
		p.method, p.literal, p.folds = methodLiteral, lit+"\x00", folds+"\x00"
	default:
		p.pickFilter(items)
	}
	return p
}

// planAnchored chooses the method for what follows \A.
func (p *plan) planAnchored(items []*syntax.Regexp) {
	lit, _, n := literalOf(items, false)
	rest := items[n:]
	p.method = methodForward
	if len(lit) > maxLiteral {
		return
	}
	p.prefix = lit
	switch {
	case len(rest) == 0 && lit == "":
		p.method = methodAll
	case len(rest) == 0:
		p.method = methodPrefix
	case len(rest) == 1 && rest[0].Op == syntax.OpEndText:
		p.method = methodExact
	case lit == "":
		p.pickFilter(items)
	}
}

// pickFilter chooses methodFilter if some literal that every match contains looks rare.
func (p *plan) pickFilter(items []*syntax.Regexp) {
	best := uint32(1 << 30)
	for i := range items {
		lit, folds, n := literalOf(items[i:], true)
		if lit == "" || len(lit) > maxLiteral {
			continue
		}
		if i+n < len(items) && items[i+n].Op == syntax.OpEndText {
			lit, folds = lit+"\x00", folds+"\x00"
		}
		if cost := literalCost(lit); len(lit) >= 3 && cost < best {
			best, p.method, p.literal, p.folds = cost, methodFilter, lit, folds
		}
	}
}

// flatten appends the factors of a tree's outermost concatenation. Groups do not matter
// to a yes or no.
func flatten(items []*syntax.Regexp, re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			items = flatten(items, sub)
		}
		return items
	case syntax.OpEmptyMatch:
		return items
	}
	return append(items, re)
}

// trim drops the factors at either end that cannot change the answer. A match may start
// and end anywhere, so what may be empty there may as well be absent; and next to \A or \z
// the same goes for (?s).* together with the anchor.
func trim(items []*syntax.Regexp) []*syntax.Regexp {
	for n := len(items); n > 0; n = len(items) {
		first, last := items[0], items[n-1]
		switch {
		case matchesEmpty(first):
			items = items[1:]
		case matchesEmpty(last):
			items = items[:n-1]
		case n == 1 && (first.Op == syntax.OpBeginText || first.Op == syntax.OpEndText):
			return nil
		case n > 1 && first.Op == syntax.OpBeginText && matchesAnything(items[1]):
			items = items[2:]
		case n > 1 && last.Op == syntax.OpEndText && matchesAnything(items[n-2]):
			items = items[:n-2]
		default:
			return items
		}
	}
	return nil
}

// matchesAnything reports whether re is (?s).*, which consumes any name to its end.
func matchesAnything(re *syntax.Regexp) bool {
	return re.Op == syntax.OpStar && re.Sub[0].Op == syntax.OpAnyChar
}

// matchesEmpty reports whether re matches the empty string wherever it stands. It may say no
// where yes is true.
func matchesEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpStar, syntax.OpQuest:
		return true
	case syntax.OpCapture, syntax.OpPlus:
		return matchesEmpty(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if !matchesEmpty(sub) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if matchesEmpty(sub) {
				return true
			}
		}
	}
	return false
}

// caseBit is what tells an upper from a lower letter in ASCII.
const caseBit = 'a' - 'A'

// literalOf returns the literal that the first n items spell, and where it folds case, as plan has
// them; it does so only if fold says that it may. It stops when that is longer than maxLiteral, as
// nobody uses it then.
func literalOf(items []*syntax.Regexp, fold bool) (lit, folds string, n int) {
	var text, bits strings.Builder
	for n < len(items) && isPlain(items[n]) && text.Len() <= maxLiteral {
		if items[n].Flags&syntax.FoldCase != 0 && !fold {
			break
		}
		for _, r := range items[n].Rune {
			if items[n].Flags&syntax.FoldCase != 0 && isLetter(r) {
				text.WriteByte(byte(r) | caseBit)
				bits.WriteByte(caseBit)
				continue
			}
			text.WriteRune(r)
			for range utf8.RuneLen(r) {
				bits.WriteByte(0)
			}
		}
		n++
	}
	return text.String(), bits.String(), n
}

// isPlain reports whether re is matched by one sequence of bytes and no other, but for the case
// of letters of ASCII. Not so are the runes that invalid UTF-8 stands for, those that no text
// decodes to, those with other letters for another case, and NUL, which ends a name. See
// outsideASCII for two letters that have one case more.
func isPlain(re *syntax.Regexp) bool {
	if re.Op != syntax.OpLiteral {
		return false
	}
	for _, r := range re.Rune {
		if r == 0 || r == utf8.RuneError || !utf8.ValidRune(r) ||
			r >= utf8.RuneSelf && re.Flags&syntax.FoldCase != 0 {
			return false
		}
	}
	return true
}

func isLetter(r rune) bool { return 'a' <= r|caseBit && r|caseBit <= 'z' }

// outsideASCII reports whether the literal may also be spelled with runes that are not in ASCII:
// the Kelvin sign is a k, and the long s is an s. Then it is not searched in text that has such.
func (p *plan) outsideASCII() bool {
	for i := range len(p.folds) {
		if c := p.literal[i]; p.folds[i] != 0 && (c == 'k' || c == 's') {
			return true
		}
	}
	return false
}

// reversed returns the tree that matches what re matches, read from the end.
func reversed(re *syntax.Regexp) *syntax.Regexp {
	rev := *re
	switch re.Op {
	case syntax.OpBeginText:
		rev.Op = syntax.OpEndText
	case syntax.OpEndText:
		rev.Op = syntax.OpBeginText
	case syntax.OpBeginLine:
		rev.Op = syntax.OpEndLine
	case syntax.OpEndLine:
		rev.Op = syntax.OpBeginLine
	case syntax.OpLiteral:
		rev.Rune = make([]rune, len(re.Rune))
		for i, r := range re.Rune {
			rev.Rune[len(rev.Rune)-1-i] = r
		}
	}
	rev.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		if re.Op == syntax.OpConcat {
			i = len(re.Sub) - 1 - i
		}
		rev.Sub[i] = reversed(sub)
	}
	return &rev
}
