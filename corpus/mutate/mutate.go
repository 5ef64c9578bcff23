// Package mutate damages BTF, deterministically and knowing its fields.
//
// [Sweep] goes through every truncation, every bit flip, every byte set to 0xff, and every word
// (u32 at a 4-aligned offset) set to the boundary values of the field that lies there: header
// fields to each other, name offsets to the ends of the string section, type ids to the type's own
// and to those around the last, an info word to every kind, to great vlens and to vlens one off,
// anything to itself plus and minus one. Against decoders of this format that finds more, and
// faster, than coverage-guided fuzzing does.
//
// The package knows the format only as far as finding fields takes, and shares no code with the
// parser that it is meant to test.
package mutate

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
)

// Op is what an [Edit] does.
type Op uint8

const (
	// Truncate cuts the blob off at Offset.
	Truncate Op = iota
	// Flip inverts bit number Value (0 the lowest) of the byte at Offset.
	Flip
	// Byte sets the byte at Offset to the low 8 bits of Value.
	Byte
	// Word sets the four bytes at Offset to Value, in the blob's byte order.
	Word
)

// An Edit is one mutation. It is small, comparable, and enough to repeat the mutation.
type Edit struct {
	Op     Op
	Field  Field
	Offset int
	Value  uint32
}

// String describes the edit, such as "0x24 info := 0x84000001".
func (e Edit) String() string {
	switch e.Op {
	case Truncate:
		return fmt.Sprintf("truncated to %d bytes", e.Offset)
	case Flip:
		return fmt.Sprintf("%#x %v: bit %d flipped", e.Offset, e.Field, e.Value)
	case Byte:
		return fmt.Sprintf("%#x %v: byte := %#02x", e.Offset, e.Field, e.Value)
	}
	return fmt.Sprintf("%#x %v := %#x", e.Offset, e.Field, e.Value)
}

// Undo restores what [Edit.Apply] overwrote.
type Undo struct {
	offset int
	n      int
	old    [4]byte
}

// Apply edits blob in place. It returns the bytes to read, which are shorter than blob after a
// truncation and have no capacity beyond their length, and how to undo the edit. An edit that
// lies outside of blob changes nothing. Apply does not allocate.
func (e Edit) Apply(blob []byte) ([]byte, Undo) {
	u := Undo{offset: e.Offset}
	switch {
	case e.Offset < 0 || e.Offset > len(blob):
		return blob[:len(blob):len(blob)], Undo{}
	case e.Op == Truncate:
		return blob[:e.Offset:e.Offset], Undo{}
	case e.Op == Word:
		u.n = 4
	default:
		u.n = 1
	}
	if len(blob)-e.Offset < u.n {
		return blob[:len(blob):len(blob)], Undo{}
	}
	at := blob[e.Offset : e.Offset+u.n]
	copy(u.old[:], at)
	switch e.Op {
	case Flip:
		at[0] ^= 1 << (e.Value & 7)
	case Byte:
		at[0] = byte(e.Value)
	case Word:
		order(blob).PutUint32(at, e.Value)
	}
	return blob[:len(blob):len(blob)], u
}

// Undo undoes the edit in blob. Edits that overlap are undone in the reverse order.
func (u Undo) Undo(blob []byte) {
	copy(blob[u.offset:], u.old[:u.n])
}

// order is the blob's byte order; little-endian if the magic number is not there.
func order(blob []byte) binary.ByteOrder {
	if len(blob) >= 2 && blob[0] == 0xeb && blob[1] == 0x9f {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Options says what a sweep covers. Nil means everything, for a blob that stands alone.
type Options struct {
	// BaseTypes is the id of the blob's first own type, less 1, and BaseStrings the length of
	// the strings below it, in bytes: both 0 unless the blob is split. With them the sweep hits
	// the boundary between a split blob and its base.
	BaseTypes, BaseStrings uint32
	// Max bounds the number of edits: if there are more, about Max of them are drawn evenly.
	// 0 means all.
	Max int
	// Seed selects which edits are drawn. Sweeps with equal options are equal.
	Seed uint64
}

// Edits ranges over the edits of a sweep without applying them, in an order that depends on the
// bytes of blob and the options alone. It reads blob before the first edit is yielded.
func Edits(blob []byte, o *Options) iter.Seq[Edit] {
	if o == nil {
		o = new(Options)
	}
	m := newMap(blob, o)
	return func(yield func(Edit) bool) {
		keep := uint64(1) << 63 // of 1<<63: the part of the edits to be drawn
		if o.Max > 0 {
			if n := Count(blob, o); n > o.Max {
				keep = uint64(float64(o.Max) / float64(n) * (1 << 63))
			}
		}
		draw := rand.New(rand.NewPCG(o.Seed, 0x627466)) // any constant: the seed is one word
		m.edits(func(e Edit) bool {
			if keep < 1<<63 && draw.Uint64()>>1 >= keep {
				return true
			}
			return yield(e)
		})
	}
}

// Count returns how many edits the full sweep of blob has, whatever o.Max says. It takes about as
// long as going through them unapplied: some tens of nanoseconds each.
func Count(blob []byte, o *Options) int {
	if o == nil {
		o = new(Options)
	}
	n := 0
	newMap(blob, o).edits(func(Edit) bool {
		n++
		return true
	})
	return n
}

// Sweep ranges over the edits of [Edits], each with the bytes to read. It edits blob in place and
// undoes each edit when the loop's body is done, also when the body leaves the loop; blob must
// therefore be the caller's alone, a copy of what others read. Nothing is allocated per edit.
func Sweep(blob []byte, o *Options) iter.Seq2[Edit, []byte] {
	return func(yield func(Edit, []byte) bool) {
		for e := range Edits(blob, o) {
			view, undo := e.Apply(blob)
			more := yield(e, view)
			undo.Undo(blob)
			if !more {
				return
			}
		}
	}
}
