package raw

import (
	"slices"
	"sync"
)

// An IDTable maps the index of a record to its offset in the type section.
//
// Records take a multiple of four bytes, 32 or so on average, so offsets are stored in
// blocks of 16: a word with the offset of the block's first record, and 16 bytes that
// count from there in words, 20 bytes in one row. In a kernel, 2 to 3 % of the blocks hold
// structs that are too long for that. Their first word is odd and says where their 16
// offsets are in full, in words behind all blocks. That is 172 kB for the 126,610 types of
// a kernel, where a plain table takes 506 kB, and the two loads of a lookup share a cache
// line.
type IDTable struct {
	words []uint32 // all blocks
	full  []uint32 // 16 offsets for each block whose first word is odd
}

// BlockLen is how many offsets a block has.
const (
	BlockLen   = 16
	blockWords = 1 + BlockLen/4
)

// At returns the offset of record i, which must exist.
func (t *IDTable) At(i uint32) uint32 {
	b := i / BlockLen * blockWords
	first := t.words[b]
	if first&1 != 0 {
		return t.full[first>>1+i%BlockLen]
	}
	return first + t.words[b+1+i/4%(BlockLen/4)]>>(i%4*8)&0xff*4
}

// Block returns the offsets of record i, which must be a multiple of BlockLen and exist, and
// of the records behind it. Behind the last record, it repeats that one's.
func (t *IDTable) Block(i uint32, offs *[BlockLen]uint32) {
	b := t.words[i/BlockLen*blockWords:][:blockWords]
	first := b[0]
	if first&1 != 0 {
		copy(offs[:], t.full[first>>1:])
		return
	}
	for k, w := range b[1:blockWords] {
		o := offs[k*4:][:4]
		o[0], o[1] = first+w&0xff*4, first+w>>8&0xff*4
		o[2], o[3] = first+w>>16&0xff*4, first+w>>24*4
	}
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
	*b = tableBuilder{IDTable: IDTable{
		words: slices.Grow(b.words[:0], blocks*blockWords), full: b.full[:0]}}
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
	n := len(b.words)
	if cap(b.words)-n < blockWords {
		b.words = slices.Grow(b.words, n/2+blockWords)
	}
	b.words = b.words[:n+blockWords]
	w := (*[blockWords]uint32)(b.words[n:])
	first := o[0]
	if o[BlockLen-1]-first > 0xff*4 {
		*w = [blockWords]uint32{uint32(len(b.full))<<1 | 1}
		b.full = append(b.full, o[:]...)
		return
	}
	w[0] = first
	for k := range BlockLen / 4 {
		w[1+k] = (o[k*4]-first)>>2 | (o[k*4+1]-first)>>2<<8 |
			(o[k*4+2]-first)>>2<<16 | (o[k*4+3]-first)>>2<<24
	}
}

// finish returns the table in memory of its exact size from alloc, or from the Go
// heap if that is nil. The builder must not be used after it.
func (b *tableBuilder) finish(alloc func(words int) []uint32) IDTable {
	if last := b.pending[:b.n]; b.n > 0 {
		for i := b.n; i < BlockLen; i++ {
			b.pending[i] = last[b.n-1]
		}
		b.addBlock(&b.pending)
	}
	if alloc == nil {
		alloc = func(words int) []uint32 { return make([]uint32, words) }
	}
	words := alloc(len(b.words) + len(b.full))
	n := copy(words, b.words)
	copy(words[n:], b.full)
	b.release()
	return IDTable{words: words[:n:n], full: words[n:]}
}

// release gives the builder back without a table. The builder must not be used after it.
func (b *tableBuilder) release() { builders.Put(b) }
