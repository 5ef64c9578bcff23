package match

import (
	"strings"
	"unicode/utf8"

	"github.com/btfkit/btfkit/btf/internal/steps"
)

// sweep runs the reversed automaton over the whole text, from its end. As a suffix of a
// string is what the automaton has read when it gets there, one pass answers for every
// offset, into the middle of strings too, however they overlap.
func (r *run) sweep() {
	if r.swept {
		return
	}
	steps.Add(len(r.text))
	putBitmap(r.bits)
	r.bits, r.swept = getBitmap(len(r.text)), true
	a := r.plan.reverse.get()
	r.sweepLanes(a)
	r.plan.reverse.put(a)
}

const (
	lanes     = 4
	blockSize = 64 // of a block: what a lane reads at a time, in bytes
)

// sweepLanes sweeps the text as that many parts at once: a step waits for the one before
// it, and the lanes' steps do not wait for each other.
func (r *run) sweepLanes(a *automaton) {
	var low, high [lanes]int
	var at [lanes]*state
	for k := range lanes {
		if k > 0 {
			high[k-1] = low[k]
		}
		high[k] = len(r.text)
		if k+1 < lanes {
			low[k+1] = r.nextStart((k + 1) * (len(r.text) / lanes))
		}
		at[k] = a.start
	}
	var refs [lanes]ref
	var seen [blockSize][lanes]ref
	for gen := a.gen; ; {
		for k := range lanes {
			if high[k]-low[k] < blockSize {
				r.sweepRest(a, &at, &low, &high)
				return
			}
			refs[k] = at[k].ref
		}
		var hits [lanes]uint64
		sweepBlock(a, r.text, &high, &refs, &hits, &seen)
		for k := range lanes {
			if refs[k] != 0 {
				at[k] = a.at(refs[k])
				high[k] -= blockSize
				r.bits.or64(high[k], hits[k])
				continue
			}
			at[k], high[k] = r.sweepPart(a, at[k], high[k]-blockSize, high[k])
			if a.gen != gen {
				r.sweepRest(a, &at, &low, &high)
				return
			}
		}
	}
}

// nextStart returns the first start of a string after p, or the end of the text.
func (r *run) nextStart(p int) int {
	if o := strings.IndexByte(r.text[p:], 0); o >= 0 {
		return p + o + 1
	}
	return len(r.text)
}

// sweepBlock reads the blockSize bytes of the text before each lane's place, from the last to the
// first, and sets in hits the bit of each byte at which a matching name starts. It does not
// branch on what it reads: a missing transition leads to row 0, which never leads out,
// and the caller sees the zero ref at the end.
func sweepBlock(a *automaton, text string, high *[lanes]int, refs *[lanes]ref, hits *[lanes]uint64,
	seen *[blockSize][lanes]ref) {
	t0 := text[high[0]-blockSize:][:blockSize]
	t1 := text[high[1]-blockSize:][:blockSize]
	t2 := text[high[2]-blockSize:][:blockSize]
	t3 := text[high[3]-blockSize:][:blockSize]
	table, class := a.table, &a.ascii
	s0, s1, s2, s3 := refs[0], refs[1], refs[2], refs[3]
	some := ref(0)
	for i := blockSize - 1; i >= 0; i-- {
		s0 = table[s0&^here+ref(class[t0[i]])]
		s1 = table[s1&^here+ref(class[t1[i]])]
		s2 = table[s2&^here+ref(class[t2[i]])]
		s3 = table[s3&^here+ref(class[t3[i]])]
		seen[i] = [lanes]ref{s0, s1, s2, s3}
		some |= s0 | s1 | s2 | s3
	}
	*refs = [lanes]ref{s0, s1, s2, s3}
	if some&here == 0 {
		return
	}
	var h0, h1, h2, h3 uint64
	for i := range blockSize {
		s := &seen[i]
		h0 = h0>>1 | uint64(s[0]&here)<<32
		h1 = h1>>1 | uint64(s[1]&here)<<32
		h2 = h2>>1 | uint64(s[2]&here)<<32
		h3 = h3>>1 | uint64(s[3]&here)<<32
	}
	*hits = [lanes]uint64{h0, h1, h2, h3}
}

// sweepRest finishes the lanes one after the other.
func (r *run) sweepRest(a *automaton, at *[lanes]*state, low, high *[lanes]int) {
	for k := range lanes {
		r.sweepPart(a, at[k], low[k], high[k])
	}
}

// sweepPart reads the text from high down to low, and on to the start of a rune that
// begins before low. It returns the state and the place that it reached.
func (r *run) sweepPart(a *automaton, s *state, low, high int) (*state, int) {
	at, table, p := a.refOf(s), a.table, high-1
	for p >= low {
		to, width := table[at&^here+ref(a.ascii[r.text[p]])], 1
		if to == 0 {
			var s *state
			s, width = r.sweepRune(a, a.at(at), p)
			to = a.refOf(s)
			table = a.table
		}
		p -= width
		if to&here != 0 {
			r.bits.set(p + 1)
		}
		at = to
	}
	return a.at(at), p + 1
}

// sweepRune reads the rune that ends at p and returns its width. Names that start inside the
// rune see bytes that are no UTF-8 there, each of which reads as U+FFFD.
func (r *run) sweepRune(a *automaton, s *state, p int) (*state, int) {
	c, width := utf8.DecodeLastRuneInString(r.text[:p+1])
	inner := s
	for i := range width - 1 {
		inner = a.next(inner, a.classOf(utf8.RuneError))
		if inner.ref&here != 0 {
			r.bits.set(p - i)
		}
	}
	return a.next(s, a.classOf(c)), width
}
