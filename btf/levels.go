package btf

import "github.com/btfkit/btfkit/btf/internal/raw"

// A level is where TypeByID looks for an id: the own types of one section, or void.
type level struct {
	below *level       // nil below the last
	sec   *raw.Section // nil for void
	first TypeID
	n     TypeID // how many types
	// A copy of the section's raw.IDTable.
	blocks, full []uint32
	deltas       []byte
	// covered is there on the level where the search begins.
	covered *idRange
}

// An idRange is the ids of first and up, below end.
type idRange struct{ first, end TypeID }

// voidLevel has one type, the zero Type.
var voidLevel = &level{n: 1, blocks: []uint32{0}, deltas: []byte{0}}

// newLevel returns the level of a section that was opened on top of base, nil if it has none.
func newLevel(sec *raw.Section, base *section) *level {
	below := voidLevel
	if base != nil {
		below = base.level
	}
	return &level{below: below, sec: sec, first: TypeID(sec.First), n: TypeID(sec.Count),
		blocks: sec.IDs.Blocks, full: sec.IDs.Full, deltas: sec.IDs.Deltas}
}

// covering returns a copy of l that covers the ids from first on: none below it if that is its own.
func (l level) covering(first TypeID) level {
	l.covered = &idRange{first, l.first + l.n}
	if first == l.first {
		l.below = nil
	}
	return l
}

// TypeByID returns the type with the id; void for 0. It returns an error that is ErrClosed, or
// ErrNotFound, which says what ids there are. It does not allocate unless it fails.
//
// The compiler inlines it, just so: its cost is 80, which is the most (see TestInlined), and a call
// of another function would be 57 of that. So raw.IDTable.At is here once more, and all that there
// may be to find is a level: void, too, and after Close there is none.
func (s *Spec) TypeByID(id TypeID) (Type, error) {
	for l := s.levels; l != nil; l = l.below {
		if i := id - l.first; i < l.n {
			off := l.blocks[i/raw.BlockLen] + uint32(l.deltas[i])<<2
			if off&1 != 0 {
				off = l.full[off>>2]
			}
			return Type{l.sec, off, id}, nil
		}
	}
	return Type{}, &idError{id, s.levels.covered}
}
