package raw

import (
	"slices"
	"sync"
)

// An IDTable maps the index of a record to its offset in the type section.
//
// Records take a multiple of four bytes, 32 or so on average, so offsets are stored in
// blocks of 16: a word with the offset of the block's first record, and a byte for each
// record, which counts from there in words. In a kernel, 2 to 3 % of the blocks hold structs
// that are too long for that. Their word is odd and says, times four, where their 16 offsets begin
// in full, from where their bytes count, too.
// That is 174 kB for the 126,610 types of a kernel, where a plain table takes 506 kB and saves
// 7 instructions of a lookup.
//
// Its fields are for those who search it inline, as At does.
type IDTable struct {
	Blocks []uint32
	Deltas []byte
	Full   []uint32
}

// BlockLen is how many offsets a block has.
const BlockLen = 16

// A Memory hands out zeroed memory for tables.
type Memory interface {
	Words8(n int) []uint8
	Words32(n int) []uint32
}

// Heap is the Go heap as a Memory.
type Heap struct{}

// Words8 returns n bytes of the heap.
func (Heap) Words8(n int) []uint8 { return make([]uint8, n) }

// Words32 returns n words of the heap.
func (Heap) Words32(n int) []uint32 { return make([]uint32, n) }

// At returns the offset of record i, which must exist.
func (t *IDTable) At(i uint32) uint32 {
	off := t.Blocks[i/BlockLen] + uint32(t.Deltas[i])<<2
	if off&1 != 0 {
		return t.Full[off>>2]
	}
	return off
}

// A Block is where some records start that follow one another: 16, or fewer.
type Block struct {
	First  uint32          // offset of the first
	Deltas [BlockLen]uint8 // what to add for each, in words
}

// At returns the offset of record k of the block.
func (b *Block) At(k int) uint32 { return b.First + uint32(b.Deltas[k])<<2 }

// Block makes b the block of record i and those behind it up to a multiple of BlockLen or the last,
// and returns how many it has: none if record i does not exist, and one where offsets are in full.
func (t *IDTable) Block(i uint32, b *Block) int {
	if uint(i) >= uint(len(t.Deltas)) {
		return 0
	}
	if b.First = t.Blocks[i/BlockLen]; b.First&1 != 0 {
		b.First, b.Deltas[0] = t.At(i), 0
		return 1
	}
	d := t.Deltas[i:min(int(i|(BlockLen-1))+1, len(t.Deltas))]
	if len(d) == BlockLen {
		b.Deltas = [BlockLen]uint8(d) // saves a call of memmove
		return BlockLen
	}
	return copy(b.Deltas[:], d)
}

// A tableBuilder collects ascending offsets into an IDTable.
type tableBuilder struct {
	IDTable
	count   uint32
	pending [BlockLen]uint32 // the offsets of the last, incomplete block
	n       int              // how many there are
}

// newTableBuilder makes room for a type section of the given length. The guess is
// that a record takes 28 bytes; growing covers the rest. finish and release give the builder
// back, for those who open one section after the other.
func newTableBuilder(typesLen int) *tableBuilder {
	b := builders.Get().(*tableBuilder)
	blocks := typesLen/28/BlockLen + 1
	*b = tableBuilder{IDTable: IDTable{Blocks: slices.Grow(b.Blocks[:0], blocks),
		Deltas: slices.Grow(b.Deltas[:0], blocks*BlockLen), Full: b.Full[:0]}}
	return b
}

var builders = sync.Pool{New: func() any { return new(tableBuilder) }}

// add appends offsets. It does not keep offs.
func (b *tableBuilder) add(offs []uint32) {
	b.count += uint32(len(offs))
	if b.n > 0 {
		k := copy(b.pending[b.n:], offs)
		b.n, offs = b.n+k, offs[k:]
		if b.n < BlockLen {
			return
		}
		b.addBlock(&b.pending)
		b.n = 0
	}
	for len(offs) >= BlockLen {
		b.addBlock((*[BlockLen]uint32)(offs))
		offs = offs[BlockLen:]
	}
	b.n = copy(b.pending[:], offs)
}

func (b *tableBuilder) addBlock(o *[BlockLen]uint32) {
	n := len(b.Deltas)
	if cap(b.Deltas)-n < BlockLen {
		b.Deltas = slices.Grow(b.Deltas, n/2+BlockLen)
	}
	b.Deltas = b.Deltas[:n+BlockLen]
	first, deltas := o[0], (*[BlockLen]byte)(b.Deltas[n:])
	if o[BlockLen-1]-first > 0xff*4 {
		b.Blocks = append(b.Blocks, uint32(len(b.Full))<<2|1)
		b.Full = append(b.Full, o[:]...)
		for k := range deltas {
			deltas[k] = byte(k)
		}
		return
	}
	b.Blocks = append(b.Blocks, first)
	for k, off := range o {
		deltas[k] = byte((off - first) >> 2)
	}
}

// finish returns the table in memory of its exact size. The builder must not be used after it.
func (b *tableBuilder) finish(m Memory) IDTable {
	if last := b.pending[:b.n]; b.n > 0 {
		for i := b.n; i < BlockLen; i++ {
			b.pending[i] = last[b.n-1]
		}
		b.addBlock(&b.pending)
	}
	t := IDTable{Deltas: m.Words8(int(b.count))}
	copy(t.Deltas, b.Deltas)
	words := m.Words32(len(b.Blocks) + len(b.Full))
	n := copy(words, b.Blocks)
	copy(words[n:], b.Full)
	t.Blocks, t.Full = words[:n:n], words[n:]
	b.release()
	return t
}

// release gives the builder back without a table. The builder must not be used after it.
func (b *tableBuilder) release() { builders.Put(b) }
