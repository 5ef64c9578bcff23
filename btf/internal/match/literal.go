package match

import (
	"math/bits"
	"strings"

	"github.com/btfkit/btfkit/btf/internal/steps"
)

// word returns the eight bytes of text from i on, the first of them lowest.
func word(text string, i int) uint64 {
	b := text[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// selectPrefix sets the bits of hits for names that start with the prefix, which is not
// empty. It looks at eight bytes at once, where the text has as many.
func selectPrefix(text, prefix string, offs []uint32, hits []uint64) {
	head := prefix[:min(8, len(prefix))]
	want := word(head+"\x00\x00\x00\x00\x00\x00\x00\x00", 0)
	mask := ^uint64(0) >> (64 - 8*len(head))
	for n := 0; n < len(offs); n += 64 {
		var hit uint64
		for i, off := range offs[n:min(n+64, len(offs))] {
			if int(off) <= len(text)-8 && word(text, int(off))&mask != want {
				continue
			}
			if strings.HasPrefix(text[off:], prefix) {
				hit |= 1 << i
			}
		}
		hits[n/64] |= hit
	}
}

// search marks the places of the text from which on a name contains the literal.
func (r *run) search() {
	if r.bits != nil {
		return
	}
	steps.Add(len(r.text))
	r.bits = getBitmap(len(r.text))
	text, lit := r.text, r.plan.literal
	i, j := rarest(lit)
	marked := 0 // all before it is done
	at := 0
	for at+len(lit) <= len(text) {
		skip, places := findPair(text[at+i:], text[at+j:], lit[i], lit[j])
		at += skip
		if places == 0 {
			break
		}
		for ; places != 0; places &= places - 1 {
			marked = r.mark(marked, at+bits.TrailingZeros32(places))
		}
		at += pairBlock
	}
	for ; at+len(lit) <= len(text); at++ {
		marked = r.mark(marked, at)
	}
}

// pairBlock is how many places findPair looks at in a step.
const pairBlock = 32

// findPair returns the first block of places at which a has the byte ca where b has cb,
// as the number of bytes before it and a bit for each such place. If there is none,
// places is zero, and skip is where what is too short for a block begins.
//
// Eight places at once: the bytes of a word that differ from ca or cb are not zero.
func findPair(a, b string, ca, cb byte) (skip int, places uint32) {
	wa, wb := ones*uint64(ca), ones*uint64(cb)
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	for len(a) >= pairBlock && len(b) >= pairBlock {
		d0 := word(a, 0) ^ wa | word(b, 0) ^ wb
		d1 := word(a, 8) ^ wa | word(b, 8) ^ wb
		d2 := word(a, 16) ^ wa | word(b, 16) ^ wb
		d3 := word(a, 24) ^ wa | word(b, 24) ^ wb
		zero := (d0-ones)&^d0 | (d1-ones)&^d1 | (d2-ones)&^d2 | (d3-ones)&^d3
		if zero&tops != 0 {
			return n - len(a), zeros(d0) | zeros(d1)<<8 | zeros(d2)<<16 | zeros(d3)<<24
		}
		a, b = a[pairBlock:], b[pairBlock:]
	}
	return n - len(a), 0
}

// zeros returns a bit for each zero byte of a word, and perhaps for bytes above one.
func zeros(w uint64) uint32 {
	// The product moves the top bit of byte k to bit 56+k.
	return uint32((w - ones) &^ w & tops >> 7 * 0x0102040810204080 >> 56)
}

// mark marks, if the literal is at a place, that place and those before it in its string:
// every suffix that starts there contains the literal too. Before marked all is done.
func (r *run) mark(marked, at int) int {
	if !strings.HasPrefix(r.text[at:], r.plan.literal) {
		return marked
	}
	steps.Add(at - marked)
	start := marked + strings.LastIndexByte(r.text[marked:at], 0) + 1
	r.bits.setRange(start, at+1)
	return at + 1
}

// byRarity has the bytes of kernel names, most frequent first; those that are not in it
// are rarer still. Any order is correct: it only decides what to look for first.
const byRarity = "_etrasi\x00conplfdmubgkvhxywq462zj3SD81T5Z0CFBPIUAMERH9L7ONXGQW"

func rarity(b byte) int {
	if n := strings.IndexByte(byRarity, b); n >= 0 {
		return n
	}
	return len(byRarity)
}

// rarest returns the indexes of a literal's two rarest bytes; of its only one, twice.
func rarest(lit string) (i, j int) {
	for k := range len(lit) {
		switch n := rarity(lit[k]); {
		case n > rarity(lit[i]):
			i, j = k, i
		case k > 0 && (i == j || n > rarity(lit[j])):
			j = k
		}
	}
	return i, j
}

// literalCost is an estimate of how many names a literal lets through, to compare.
func literalCost(lit string) uint32 {
	i, j := rarest(lit)
	return uint32(1<<24) / uint32(rarity(lit[i])+1) / uint32(rarity(lit[j])+1) / uint32(len(lit))
}
