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
// that are too long for that. Their word is odd and says where their 16 offsets are in full.
// That is 174 kB for the 126,610 types of a kernel, where a plain table takes 506 kB and
// answers no faster: it is four times as far from the processor.
type IDTable struct {
	blocks []uint32
	deltas []byte
	full   []uint32 // 16 offsets for each block whose word is odd
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

// Near returns the offset of record i if it exists and its block is not one of those in full,
// which takes few instructions. Then At has it.
func (t *IDTable) Near(i uint32) (off uint32, ok bool) {
	if uint(i) < uint(len(t.deltas)) {
		if off = t.blocks[i/BlockLen]; off&1 == 0 {
			return off + uint32(t.deltas[i])<<2, true
		}
	}
	return
}

// At returns the offset of record i, which must exist.
func (t *IDTable) At(i uint32) uint32 {
	first := t.blocks[i/BlockLen]
	if first&1 != 0 {
		return t.full[first>>1+i%BlockLen]
	}
	return first + uint32(t.deltas[i])<<2
}

// Block fills offs with the offsets of record i, which must be a multiple of BlockLen, and of
// the records behind it, and returns how many it filled: fewer than BlockLen only at the
// last record, none if record i does not exist.
func (t *IDTable) Block(i uint32, offs *[BlockLen]uint32) int {
	if uint(i) >= uint(len(t.deltas)) {
		return 0
	}
	first, deltas := t.blocks[i/BlockLen], t.deltas[i:]
	if first&1 != 0 {
		copy(offs[:], t.full[first>>1:])
		return min(len(deltas), BlockLen)
	}
	if len(deltas) < BlockLen {
		for k, d := range deltas {
			offs[k&(BlockLen-1)] = first + uint32(d)<<2
		}
		return len(deltas)
	}
	for k, d := range (*[BlockLen]byte)(deltas) {
		offs[k] = first + uint32(d)<<2
	}
	return BlockLen
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
	*b = tableBuilder{IDTable: IDTable{blocks: slices.Grow(b.blocks[:0], blocks),
		deltas: slices.Grow(b.deltas[:0], blocks*BlockLen), full: b.full[:0]}}
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
	n := len(b.deltas)
	if cap(b.deltas)-n < BlockLen {
		b.deltas = slices.Grow(b.deltas, n/2+BlockLen)
	}
	b.deltas = b.deltas[:n+BlockLen]
	first, deltas := o[0], (*[BlockLen]byte)(b.deltas[n:])
	if o[BlockLen-1]-first > 0xff*4 {
		b.blocks = append(b.blocks, uint32(len(b.full))<<1|1)
		b.full = append(b.full, o[:]...)
		return
	}
	b.blocks = append(b.blocks, first)
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
	t := IDTable{deltas: m.Words8(int(b.count))}
	copy(t.deltas, b.deltas)
	words := m.Words32(len(b.blocks) + len(b.full))
	n := copy(words, b.blocks)
	copy(words[n:], b.full)
	t.blocks, t.full = words[:n:n], words[n:]
	b.release()
	return t
}

// release gives the builder back without a table. The builder must not be used after it.
func (b *tableBuilder) release() { builders.Put(b) }
