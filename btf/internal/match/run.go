package match

import (
	"math/bits"
	"unicode/utf8"

	"github.com/btfkit/btfkit/btf/internal/steps"
)

// A run is the execution of one plan over one text.
type run struct {
	plan  *plan
	text  string
	names int // about how many will be asked

	// A bit a byte of the text, once it was needed: whether the name that starts there
	// matches, or under methodFilter, whether it contains plan.literal.
	bits  *bitmap
	swept bool // bits says whether names match

	looked, ascii bool // whether the text is in ASCII, once that was looked at

	forward *automaton
	gate    gate
	spent   int // bytes that forward has read
}

func (r *run) close() {
	r.plan.forward.put(r.forward)
	putBitmap(r.bits)
}

// selectNames sets the bits of hits for names that match. Every offset is inside the text,
// and hits is long enough.
func (r *run) selectNames(offs []uint32, hits []uint64) {
	steps.Add(len(offs))
	method := r.plan.method
	switch {
	case r.swept:
		method = methodSweep
	case method >= methodLiteral && r.hasFewNames():
		method = methodForward
	case (method == methodLiteral || method == methodFilter) && !r.searchable():
		method = methodSweep
	}
	switch method {
	case methodAll:
		for len(offs) > 64 {
			hits[0] = ^uint64(0)
			offs, hits = offs[64:], hits[1:]
		}
		hits[0] |= 1<<len(offs) - 1
	case methodPrefix:
		selectPrefix(r.text, r.plan.prefix, offs, hits)
	case methodExact:
		selectPrefix(r.text, r.plan.prefix+"\x00", offs, hits)
	case methodLiteral:
		r.search()
		r.bits.selectBits(offs, hits)
	case methodFilter:
		r.search()
		r.selectFiltered(offs, hits)
	case methodForward:
		r.selectForward(offs, hits)
	case methodSweep:
		r.sweep()
		r.bits.selectBits(offs, hits)
	}
}

// searchable reports whether a search for the literal finds all its spellings in the text.
func (r *run) searchable() bool {
	if !r.looked {
		r.looked = true
		r.ascii = !r.plan.outsideASCII() || isASCII(r.text)
	}
	return r.ascii
}

// hasFewNames reports whether so few names are asked that a pass over the whole text costs more.
// Names of C are some 20 bytes long.
func (r *run) hasFewNames() bool { return r.names < len(r.text)/64 }

// budget is how many bytes the forward automaton may read before the run decides that a
// sweep is cheaper. That is so when names are not decided by their first bytes, and
// when names overlap so much that reading each would take time quadratic in the text.
func (r *run) budget() int { return len(r.text)/4 + 4096 }

// selectForward runs the automaton over each name, until the budget is spent.
func (r *run) selectForward(offs []uint32, hits []uint64) {
	for n := 0; n < len(offs); n += 64 {
		block := offs[n:min(n+64, len(offs))]
		done, hit := r.matchBlock(block)
		hits[n/64] |= hit
		if done < len(block) {
			r.sweep()
			r.bits.selectFrom(n+done, offs, hits)
			return
		}
	}
}

// selectFiltered does so for the names that contain the literal.
func (r *run) selectFiltered(offs []uint32, hits []uint64) {
	var found [64]uint32
	for n := 0; n < len(offs); n += 64 {
		block := offs[n:min(n+64, len(offs))]
		rest := r.bits.test(block)
		if rest == 0 {
			continue
		}
		some := found[:0]
		for w := rest; w != 0; w &= w - 1 {
			some = append(some, block[bits.TrailingZeros64(w)])
		}
		done, hit := r.matchBlock(some)
		for ; done > 0; done-- {
			hits[n/64] |= (hit & 1) << bits.TrailingZeros64(rest)
			hit >>= 1
			rest &= rest - 1
		}
		if rest != 0 {
			r.sweep()
			r.bits.selectFrom(n+bits.TrailingZeros64(rest), offs, hits)
			return
		}
	}
}

// matchBlock runs the forward automaton over up to 64 names. It returns how many it did,
// which is all unless it spent the budget, and a bit for each that matches.
func (r *run) matchBlock(offs []uint32) (done int, hit uint64) {
	if r.forward == nil {
		r.forward = r.plan.forward.get()
		r.gate = r.plan.forward.gate
	}
	text, gate, budget := r.text, r.gate, r.budget()
	for i, off := range offs {
		if int(off) <= len(text)-8 && !gate.open(word(text, int(off))) {
			continue
		}
		if r.spent > budget {
			return i, hit
		}
		if r.match(int(off)) {
			hit |= 1 << i
		}
	}
	return len(offs), hit
}

// match runs the forward automaton over the name at off.
func (r *run) match(off int) bool {
	a := r.forward
	table, class, last := a.table, &a.ascii, a.accept.ref
	at, p := a.start.ref, off
	for at > last {
		from := at
		at = table[int(from)+int(class[r.text[p]])]
		p++
		if at == 0 {
			c, width := utf8.DecodeRuneInString(r.text[p-1:])
			at = a.next(a.at(from), a.classOf(c)).ref
			table = a.table
			p += width - 1
		}
	}
	r.spent += p - off
	steps.Add(p - off)
	return at == last
}
