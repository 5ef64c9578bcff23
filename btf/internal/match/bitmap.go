package match

import (
	"sync"
)

// A bitmap has a bit for every byte of a text.
type bitmap struct{ words []uint64 }

var bitmaps sync.Pool

func getBitmap(n int) *bitmap {
	b, ok := bitmaps.Get().(*bitmap)
	if !ok {
		b = new(bitmap)
	}
	words := n/64 + 2 // a block of 64 bits that starts inside may be or-ed at any place
	if cap(b.words) < words {
		b.words = make([]uint64, words)
	}
	b.words = b.words[:words]
	clear(b.words)
	return b
}

func putBitmap(b *bitmap) {
	if b != nil {
		bitmaps.Put(b)
	}
}

func (b *bitmap) set(i int) { b.words[i/64] |= 1 << (i % 64) }

// or64 ors word into the 64 bits from i on.
func (b *bitmap) or64(i int, word uint64) {
	b.words[i/64] |= word << (i % 64)
	b.words[i/64+1] |= word >> (63 - i%64) >> 1
}

// setRange sets the bits from i up to j.
func (b *bitmap) setRange(i, j int) {
	for ; i < j && i%64 != 0; i++ {
		b.set(i)
	}
	for ; i+64 <= j; i += 64 {
		b.words[i/64] = ^uint64(0)
	}
	for ; i < j; i++ {
		b.set(i)
	}
}

// test returns a bit for each of up to 64 offsets whose bit is set.
func (b *bitmap) test(offs []uint32) (hit uint64) {
	words := b.words
	for _, off := range offs {
		hit = hit>>1 | words[off/64]>>(off%64)<<63
	}
	return hit >> (-len(offs) & 63)
}

// selectBits sets bit i of hits for every i such that bit offs[i] is set.
func (b *bitmap) selectBits(offs []uint32, hits []uint64) {
	for n := 0; n < len(offs); n += 64 {
		hits[n/64] |= b.test(offs[n:min(n+64, len(offs))])
	}
}

// selectFrom does so for the offsets from first on.
func (b *bitmap) selectFrom(first int, offs []uint32, hits []uint64) {
	for ; first < len(offs) && first%64 != 0; first++ {
		hits[first/64] |= b.test(offs[first:first+1]) << (first % 64)
	}
	b.selectBits(offs[first:], hits[first/64:])
}
