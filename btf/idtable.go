package btf

import "slices"

// An idTable maps the index of a record to its offset in the type section.
//
// Offsets ascend by 30 bytes or so a record, so they are stored in blocks of 16:
// a u32 with the offset of the block's first record and 16 u16 deltas, 36 bytes in
// one row of words. That is 285 kB for the 126,610 types of a kernel, where a plain
// table takes 506 kB, and the two loads of a lookup share a cache line. If any
// block spans 64 kB or more (a struct with thousands of members), the whole table
// is wide instead: one u32 a record.
type idTable struct {
	words []uint32
	wide  bool
}

const (
	blockLen   = 16
	blockWords = 1 + blockLen/2
)

// at returns the offset of record i, which must exist.
func (t *idTable) at(i uint32) uint32 {
	if t.wide {
		return t.words[i]
	}
	b := i / blockLen * blockWords
	return t.words[b] + t.words[b+1+i/2%(blockLen/2)]>>(i%2*16)&0xffff
}

// A tableBuilder collects ascending offsets into an idTable.
type tableBuilder struct {
	idTable
	count   uint32
	pending [blockLen]uint32 // the offsets of the last, incomplete block
	n       int              // how many there are
}

// newTableBuilder makes room for a type section of the given length. The guess is
// that a record takes 28 bytes; growing covers the rest.
func newTableBuilder(typesLen int) *tableBuilder {
	blocks := typesLen/28/blockLen + 1
	return &tableBuilder{idTable: idTable{words: make([]uint32, 0, blocks*blockWords)}}
}

// add appends offsets. It does not keep offs.
func (b *tableBuilder) add(offs []uint32) {
	b.count += uint32(len(offs))
	if b.n > 0 {
		k := copy(b.pending[b.n:], offs)
		b.n, offs = b.n+k, offs[k:]
		if b.n < blockLen {
			return
		}
		b.addBlock(&b.pending)
		b.n = 0
	}
	for len(offs) >= blockLen {
		b.addBlock((*[blockLen]uint32)(offs))
		offs = offs[blockLen:]
	}
	b.n = copy(b.pending[:], offs)
}

func (b *tableBuilder) addBlock(o *[blockLen]uint32) {
	first := o[0]
	if !b.wide && o[blockLen-1]-first > 0xffff {
		b.widen()
	}
	if b.wide {
		b.words = append(b.words, o[:]...)
		return
	}
	b.words = append(b.words, first,
		o[0]-first|(o[1]-first)<<16, o[2]-first|(o[3]-first)<<16,
		o[4]-first|(o[5]-first)<<16, o[6]-first|(o[7]-first)<<16,
		o[8]-first|(o[9]-first)<<16, o[10]-first|(o[11]-first)<<16,
		o[12]-first|(o[13]-first)<<16, o[14]-first|(o[15]-first)<<16)
}

// widen turns the complete blocks so far into a wide table.
func (b *tableBuilder) widen() {
	n := uint32(len(b.words) / blockWords * blockLen)
	wide := make([]uint32, n, n*2+blockLen)
	for i := range n {
		wide[i] = b.at(i)
	}
	b.words, b.wide = wide, true
}

// finish returns the table in memory of its exact size from alloc, or from the Go
// heap if that is nil.
func (b *tableBuilder) finish(alloc func(words int) []uint32) idTable {
	if last := b.pending[:b.n]; b.n > 0 {
		for i := b.n; i < blockLen; i++ {
			b.pending[i] = last[b.n-1]
		}
		b.addBlock(&b.pending)
	}
	if alloc == nil {
		return idTable{words: slices.Clone(b.words), wide: b.wide}
	}
	words := alloc(len(b.words))
	copy(words, b.words)
	return idTable{words: words, wide: b.wide}
}
