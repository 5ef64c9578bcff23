// Package mutate damages BTF. It knows where fields lie, and the same input gives the same damage.
//
// [Sweep] cuts a blob at every length, flips every bit, and sets every byte to 0xff. Then it sets
// every word (a u32 at a 4-aligned offset) to the boundary values of the field that lies there:
//
//   - a header field to the values of the others, and to the size of the blob;
//   - a name offset to both ends of the string section;
//   - a type id to the type's own, and to those around the last;
//   - an info word to every kind, to great vlens, and to vlens that are one off;
//   - any word to itself plus and minus one.
//
// Against decoders of this format a sweep finds more bugs than coverage-guided fuzzing does, and
// finds them faster. [Damage] is for such fuzzers: it applies a list of edits that the fuzzer's
// input describes.
//
// The package knows the format only as far as it must to find fields. It shares no code with the
// parser that it helps to test.
package mutate

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
)

// An Edit is one mutation. Edits are comparable.
type Edit struct {
	op     op
	field  field
	offset int
	value  uint32
}

type op uint8

const (
	truncate op = iota // cuts the blob off at offset
	flip               // inverts bit number value (0 the lowest) of the byte at offset
	setByte            // sets the byte at offset to the low 8 bits of value
	setWord            // sets the four bytes at offset to value, in the blob's byte order
)

// String describes the edit, such as "0x24 info := 0x84000001".
func (e Edit) String() string {
	switch e.op {
	case truncate:
		return fmt.Sprintf("truncated to %d bytes", e.offset)
	case flip:
		return fmt.Sprintf("%#x %v: bit %d flipped", e.offset, e.field, e.value)
	case setByte:
		return fmt.Sprintf("%#x %v: byte := %#02x", e.offset, e.field, e.value)
	}
	return fmt.Sprintf("%#x %v := %#x", e.offset, e.field, e.value)
}

// saved is what apply has overwritten.
type saved struct {
	offset int
	n      int
	old    [4]byte
}

// apply edits blob in place. It returns the bytes to read, which are shorter than blob after a
// truncation and have no capacity beyond their length, and what was there before. An edit that
// lies outside of blob changes nothing. apply does not allocate.
func (e Edit) apply(blob []byte) ([]byte, saved) {
	before := saved{offset: e.offset}
	switch {
	case e.offset < 0 || e.offset > len(blob):
		return blob[:len(blob):len(blob)], saved{}
	case e.op == truncate:
		return blob[:e.offset:e.offset], saved{}
	case e.op == setWord:
		before.n = 4
	default:
		before.n = 1
	}
	if len(blob)-e.offset < before.n {
		return blob[:len(blob):len(blob)], saved{}
	}
	at := blob[e.offset : e.offset+before.n]
	copy(before.old[:], at)
	switch e.op {
	case flip:
		at[0] ^= 1 << (e.value & 7)
	case setByte:
		at[0] = byte(e.value)
	case setWord:
		byteOrderOf(blob).PutUint32(at, e.value)
	}
	return blob[:len(blob):len(blob)], before
}

// restore undoes an edit in blob. Edits that overlap are undone in the reverse order.
func (s saved) restore(blob []byte) {
	copy(blob[s.offset:], s.old[:s.n])
}

// byteOrderOf is the blob's byte order; little-endian if the magic number is not there.
func byteOrderOf(blob []byte) binary.ByteOrder {
	if len(blob) >= 2 && blob[0] == 0xeb && blob[1] == 0x9f {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Options says what a sweep covers, and where edits aim. Nil means everything, for a blob that
// stands alone.
type Options struct {
	// BaseTypes is the number of types below a split blob, void not counted, and BaseStrings the
	// length in bytes of the strings below it. With them, edits hit the boundary between the blob
	// and its base.
	BaseTypes, BaseStrings uint32
	// Max bounds the number of edits of a sweep: if there are more, about Max of them are drawn
	// evenly. 0 means all.
	Max int
	// Seed selects which edits are drawn. Sweeps of one blob with equal options are equal.
	Seed uint64
}

// Sweep ranges over the edits of blob, in an order that depends on its bytes and the options alone,
// each with the bytes to read. It edits blob in place and undoes each edit when the loop's body is
// done, also when the body leaves the loop. So blob must be the caller's alone: a copy of what
// others read. Nothing is allocated for an edit.
func Sweep(blob []byte, o *Options) iter.Seq2[Edit, []byte] {
	return func(yield func(Edit, []byte) bool) {
		for e := range edits(blob, o) {
			view, before := e.apply(blob)
			more := yield(e, view)
			before.restore(blob)
			if !more {
				return
			}
		}
	}
}

// edits ranges over the edits of a sweep without applying them. It reads blob before the first.
func edits(blob []byte, o *Options) iter.Seq[Edit] {
	if o == nil {
		o = new(Options)
	}
	m := newMap(blob, o)
	return func(yield func(Edit) bool) {
		keep := uint64(1) << 63 // of 1<<63: the part of the edits to be drawn
		if o.Max > 0 {
			if n := m.count(); n > o.Max {
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
