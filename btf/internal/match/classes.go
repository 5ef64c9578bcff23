package match

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Classes that every program has. No rune of a name is in them.
const (
	classEnd  = 0 // the NUL that ends a name
	classHigh = 1 // a byte that is part of, or is itself, a rune outside ASCII
	numFixed  = 2
)

// classes partitions the runes: no instruction of the program tells apart two runes of
// one class. Automata have one transition a class, not one a rune.
type classes struct {
	ascii [256]uint8 // the class of a byte; classHigh from 0x80 on
	// A rune r is in class ids[i] for the largest i with starts[i] <= r.
	starts []rune
	ids    []int
	reps   []rune // one rune of each class; of the fixed classes, none (0)
}

// newClasses finds the classes by refinement: all runes are together at first, and each
// set that an instruction asks about parts those in it from those outside.
func newClasses(prog *syntax.Prog) *classes {
	sets := runeSets(prog)
	c := &classes{starts: []rune{0, 1, utf8.RuneSelf}}
	for _, set := range sets {
		for i := 0; i < len(set); i += 2 {
			c.starts = append(c.starts, set[i], set[i+1]+1)
		}
	}
	slices.Sort(c.starts)
	c.starts = slices.Compact(c.starts)
	c.ids = make([]int, len(c.starts))
	count := 1
	for _, set := range sets {
		moved := make(map[int]int)
		for i := 0; i < len(set); i += 2 {
			at, _ := slices.BinarySearch(c.starts, set[i])
			for ; at < len(c.starts) && c.starts[at] <= set[i+1]; at++ {
				to, ok := moved[c.ids[at]]
				if !ok {
					to = count
					count++
					moved[c.ids[at]] = to
				}
				c.ids[at] = to
			}
		}
	}
	c.renumber()
	return c
}

// renumber makes the ids dense. ASCII comes first, so its classes fit a byte: they are
// at most 127 and the fixed ones.
func (c *classes) renumber() {
	c.reps = make([]rune, numFixed)
	dense := make(map[int]int)
	for i, start := range c.starts {
		if start == 0 {
			c.ids[i] = classEnd // NUL, alone: 1 is always a start
			continue
		}
		id, ok := dense[c.ids[i]]
		if !ok {
			id = len(c.reps)
			dense[c.ids[i]] = id
			c.reps = append(c.reps, start)
		}
		c.ids[i] = id
	}
	for b := range c.ascii {
		c.ascii[b] = classHigh
		if b < utf8.RuneSelf {
			c.ascii[b] = uint8(c.classOf(rune(b)))
		}
	}
}

// classOf returns the class of a rune.
func (c *classes) classOf(r rune) int {
	i, found := slices.BinarySearch(c.starts, r)
	if !found {
		i--
	}
	return c.ids[i]
}

var (
	newlineSet = []rune{'\n', '\n'}
	wordSet    = []rune{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}
)

// runeSets returns the sets that the program asks about, each once, as pairs of first
// and last rune. A set and its complement part the runes alike; either will do.
func runeSets(prog *syntax.Prog) [][]rune {
	var sets [][]rune
	seen := make(map[string]bool)
	add := func(set []rune) {
		var key []byte // not string(set), which turns surrogates into U+FFFD
		for _, r := range set {
			key = binary.LittleEndian.AppendUint32(key, uint32(r))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			sets = append(sets, set)
		}
	}
	for i := range prog.Inst {
		inst := &prog.Inst[i]
		switch inst.Op {
		case syntax.InstRune1:
			add([]rune{inst.Rune[0], inst.Rune[0]})
		case syntax.InstRune:
			if len(inst.Rune) != 1 {
				add(inst.Rune)
				continue
			}
			r := inst.Rune[0]
			set := []rune{r, r}
			if syntax.Flags(inst.Arg)&syntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					set = append(set, f, f)
				}
			}
			add(set)
		case syntax.InstRuneAnyNotNL:
			add(newlineSet)
		case syntax.InstEmptyWidth:
			switch syntax.EmptyOp(inst.Arg) {
			case syntax.EmptyBeginLine, syntax.EmptyEndLine:
				add(newlineSet)
			case syntax.EmptyWordBoundary, syntax.EmptyNoWordBoundary:
				add(wordSet)
			}
		}
	}
	return sets
}
