package btf

import (
	"iter"
	"math/bits"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// All ranges over all types by ascending id. It includes void unless s is the Own of a
// split Spec. It is empty after Close and does not allocate.
func (s *Spec) All() iter.Seq2[TypeID, Type] {
	return func(yield func(TypeID, Type) bool) {
		c, closed := cursor{left: s.chain}, &s.live.closed
		for n := c.first(s); n > 0; n = c.next(s) {
			for k, d := range c.block.Deltas[:n] {
				if closed.Load() {
					return
				}
				id := c.id + TypeID(k)
				if !yield(id, Type{c.sec, c.block.First + uint32(d)<<2, id}) {
					return
				}
			}
		}
	}
}

// TypesByKind ranges over the types of the given kinds. It is empty after Close and does not
// allocate while it ranges.
func (s *Spec) TypesByKind(kinds ...Kind) iter.Seq[Type] {
	set := maskOf(kinds)
	return func(yield func(Type) bool) {
		p := picker{cursor: cursor{left: s.chain}}
		for picked := p.first(s, set); picked != 0; picked = p.next(s) {
			for ; picked != 0; picked &= picked - 1 {
				k := bits.TrailingZeros32(picked) % raw.BlockLen
				if s.live.closed.Load() {
					return
				}
				if !yield(Type{p.sec, p.block.At(k), p.id + TypeID(k)}) {
					return
				}
			}
		}
	}
}

// A cursor goes through the types of a Spec in blocks. It is what ranges do not inline into their
// callers together with the body of the loop, and is called once a block.
type cursor struct {
	left  []*section // the first one from own type i on
	i     uint32
	sec   *raw.Section // of the block; nil for void
	id    TypeID       // of the block's first type
	block raw.Block
}

// first moves to the first block, which is void alone if that is covered, and returns how many
// types it has.
func (c *cursor) first(s *Spec) int {
	if s.min == 0 {
		return 1
	}
	return c.next(s)
}

// next moves to the next block. It returns 0 behind the last type, and if s is closed.
func (c *cursor) next(s *Spec) int {
	for ; !s.live.closed.Load() && len(c.left) > 0; c.left, c.i = c.left[1:], 0 {
		c.sec = c.left[0].raw
		c.id = TypeID(c.sec.First + c.i)
		if n := c.sec.IDs.Block(c.i, &c.block); n > 0 {
			c.i += uint32(n)
			return n
		}
	}
	return 0
}

// A picker is a cursor that only stops at blocks with types of some kinds.
type picker struct {
	cursor
	wanted [raw.MaxKinds]uint8 // 1 for each of the kinds
}

// first moves to the first block that has such types, and returns a bit for each.
func (p *picker) first(s *Spec, set kindMask) uint32 {
	for k := range p.wanted {
		if set.has(Kind(k)) {
			p.wanted[k] = 1
		}
	}
	if s.min == 0 && p.wanted[KindVoid] != 0 {
		return 1
	}
	return p.next(s)
}

// next moves to the next block that has such types, and returns a bit for each; 0 if there is none.
func (p *picker) next(s *Spec) uint32 {
	for n := p.cursor.next(s); n > 0; n = p.cursor.next(s) {
		if picked := p.sec.OfKinds(&p.wanted, &p.block, n); picked != 0 {
			return picked
		}
	}
	return 0
}
