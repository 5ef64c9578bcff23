package match

import "strings"

// search marks the places of the text from which on a name contains the literal.
func (r *run) search() {
	if r.bits != nil {
		return
	}
	r.bits = getBitmap(len(r.text))
	text, lit := r.text, r.plan.literal
	rare := rarest(lit)
	marked := 0 // all before it is done
	for p := rare; p < len(text); p++ {
		o := strings.IndexByte(text[p:], lit[rare])
		if o < 0 {
			return
		}
		p += o
		at := p - rare
		if !strings.HasPrefix(text[at:], lit) {
			continue
		}
		// Every suffix of this string that starts no later contains it too.
		start := marked + strings.LastIndexByte(text[marked:at], 0) + 1
		r.bits.setRange(start, at+1)
		marked = at + 1
	}
}

// byRarity has the bytes of kernel names, most frequent first; those that are not in it
// are rarer still. Any order is correct: it only decides what to look for first.
const byRarity = "_etrasi\x00conplfdmubgkvhxywq462zj3SD81T5Z0CFBPIUAMERH9L7ONXGQW"

// rarest returns the index of the rarest byte of a literal. A vectorised search for that
// byte passes over most of the text at the speed of memory.
func rarest(lit string) int {
	best, rarity := 0, -1
	for i := range len(lit) {
		n := strings.IndexByte(byRarity, lit[i])
		if n < 0 {
			n = len(byRarity)
		}
		if n > rarity {
			best, rarity = i, n
		}
	}
	return best
}

// literalCost is an estimate of how many names a literal lets through, to compare.
func literalCost(lit string) uint32 {
	n := strings.IndexByte(byRarity, lit[rarest(lit)])
	if n < 0 {
		n = len(byRarity)
	}
	return uint32(1<<20) / uint32(n+1) / uint32(len(lit))
}
