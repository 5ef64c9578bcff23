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
	text, lit := r.text, newNeedle(r.plan.literal, r.plan.folds)
	marked := 0 // all before it is done
	at := 0
	for at+lit.len() <= len(text) {
		skip, places := findPair(text[at+lit.i:], text[at+lit.j:], lit.gateI, lit.gateJ)
		at += skip
		if places == 0 {
			break
		}
		for ; places != 0; places &= places - 1 {
			if p := at + bits.TrailingZeros32(places); lit.isAt(text, p) {
				marked = r.mark(marked, p)
			}
		}
		at += pairBlock
	}
	for ; at+lit.len() <= len(text); at++ {
		if lit.isAt(text, at) {
			marked = r.mark(marked, at)
		}
	}
}

// mark marks a place of the literal and those before it in its string: every suffix that starts
// there contains the literal too. Before marked all is done.
func (r *run) mark(marked, at int) int {
	steps.Add(at - marked)
	start := marked + strings.LastIndexByte(r.text[marked:at], 0) + 1
	r.bits.setRange(start, at+1)
	return at + 1
}

// A needle is a literal as it is searched for: plan.literal and plan.folds.
type needle struct {
	lit, folds   string
	i, j         int  // its two rarest bytes, to be looked for together
	gateI, gateJ gate // eight times each
	start        gate // of up to eight bytes
}

func newNeedle(lit, folds string) (n needle) {
	n = needle{lit: lit, folds: folds}
	n.i, n.j = rarest(lit)
	n.gateI, n.gateJ = n.gateOf(n.i).times(ones), n.gateOf(n.j).times(ones)
	for k := range min(8, len(lit)) {
		g := n.gateOf(k).times(1 << (8 * k))
		n.start.mask |= g.mask
		n.start.want |= g.want
	}
	return n
}

// gateOf returns the gate of one byte.
func (n *needle) gateOf(k int) gate {
	mask := ^n.folds[k]
	return gate{uint64(mask), uint64(n.lit[k] & mask)}
}

func (g gate) times(n uint64) gate { return gate{g.mask * n, g.want * n} }

// differ returns a word whose bytes are zero where the gate is open to those of w.
func (g gate) differ(w uint64) uint64 { return w&g.mask ^ g.want }

func (n *needle) len() int { return len(n.lit) }

// isAt reports whether the literal is at a place of the text. If the text is shorter, the NUL at
// its end differs.
func (n *needle) isAt(text string, p int) bool {
	text = text[p:]
	from := 0
	if len(text) >= 8 {
		if !n.start.open(word(text, 0)) {
			return false
		}
		from = min(8, len(n.lit))
	}
	for k := from; k < len(n.lit); k++ {
		if (text[k]^n.lit[k])&^n.folds[k] != 0 {
			return false
		}
	}
	return true
}

// pairBlock is how many places findPair looks at in a step.
const pairBlock = 32

// findPair returns the first block of places at which ga is open to a byte of a where gb is
// to one of b, as the number of bytes before it and a bit for each such place. If there is none,
// places is zero, and skip is where what is too short for a block begins.
//
// Eight places at once: the bytes of a word that differ from what is wanted are not zero.
func findPair(a, b string, ga, gb gate) (skip int, places uint32) {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	if ga.mask&gb.mask == 1<<64-1 {
		return findExact(a, b, ga.want, gb.want)
	}
	for len(a) >= pairBlock && len(b) >= pairBlock {
		d0 := ga.differ(word(a, 0)) | gb.differ(word(b, 0))
		d1 := ga.differ(word(a, 8)) | gb.differ(word(b, 8))
		d2 := ga.differ(word(a, 16)) | gb.differ(word(b, 16))
		d3 := ga.differ(word(a, 24)) | gb.differ(word(b, 24))
		zero := (d0-ones)&^d0 | (d1-ones)&^d1 | (d2-ones)&^d2 | (d3-ones)&^d3
		if zero&tops != 0 {
			return n - len(a), zeroBytes(d0) | zeroBytes(d1)<<8 | zeroBytes(d2)<<16 | zeroBytes(d3)<<24
		}
		a, b = a[pairBlock:], b[pairBlock:]
	}
	return n - len(a), 0
}

// findExact is findPair for gates that let one byte through each, and saves it the masks. a and b
// have the same length.
func findExact(a, b string, wa, wb uint64) (skip int, places uint32) {
	n := len(a)
	for len(a) >= pairBlock && len(b) >= pairBlock {
		d0 := word(a, 0) ^ wa | (word(b, 0) ^ wb)
		d1 := word(a, 8) ^ wa | (word(b, 8) ^ wb)
		d2 := word(a, 16) ^ wa | (word(b, 16) ^ wb)
		d3 := word(a, 24) ^ wa | (word(b, 24) ^ wb)
		zero := (d0-ones)&^d0 | (d1-ones)&^d1 | (d2-ones)&^d2 | (d3-ones)&^d3
		if zero&tops != 0 {
			return n - len(a), zeroBytes(d0) | zeroBytes(d1)<<8 | zeroBytes(d2)<<16 | zeroBytes(d3)<<24
		}
		a, b = a[pairBlock:], b[pairBlock:]
	}
	return n - len(a), 0
}

// zeroBytes returns a bit for each zero byte of a word, and perhaps for bytes above one.
func zeroBytes(w uint64) uint32 {
	// The product moves the top bit of byte k to bit 56+k.
	return uint32((w - ones) &^ w & tops >> 7 * 0x0102040810204080 >> 56)
}

// isASCII reports whether no byte of the text has its top bit set.
func isASCII(text string) bool {
	var some uint64
	for ; len(text) >= 32; text = text[32:] {
		some |= word(text, 0) | word(text, 8) | word(text, 16) | word(text, 24)
	}
	for i := range len(text) {
		some |= uint64(text[i])
	}
	return some&tops == 0
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
