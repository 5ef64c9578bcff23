package match

import (
	"strings"
	"unicode/utf8"
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

	forward *automaton
	spent   int // bytes that forward has read
}

func (r *run) close() {
	r.plan.forward.put(r.forward)
	putBitmap(r.bits)
}

// selectNames sets the bits of hits for names that match. Every offset is inside the text,
// and hits is long enough.
func (r *run) selectNames(offs []uint32, hits []uint64) {
	method := r.plan.method
	if method >= methodLiteral && (r.swept || method != methodForward && r.few()) {
		method = methodForward
	}
	switch method {
	case methodAll:
		for i := range offs {
			hits[i/64] |= 1 << (i % 64)
		}
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

// few reports whether so few names are asked that a pass over the whole text costs more.
// Names of C are some 20 bytes long.
func (r *run) few() bool { return r.names*64 < len(r.text) }

// budget is how many bytes the forward automaton may read before the run decides that a
// sweep is cheaper. That is so when names are not decided by their first bytes, and
// when names overlap so much that reading each would take time quadratic in the text.
func (r *run) budget() int { return len(r.text)/4 + 4096 }

func selectPrefix(text, prefix string, offs []uint32, hits []uint64) {
	for i, off := range offs {
		if strings.HasPrefix(text[off:], prefix) {
			hits[i/64] |= 1 << (i % 64)
		}
	}
}

// selectForward runs the automaton over each name, until the budget is spent.
func (r *run) selectForward(offs []uint32, hits []uint64) {
	budget := r.budget()
	for i, off := range offs {
		if r.swept {
			r.bits.selectFrom(i, offs, hits)
			return
		}
		if r.match(int(off)) {
			hits[i/64] |= 1 << (i % 64)
		}
		if r.spent > budget {
			r.sweep()
		}
	}
}

// selectFiltered does so for the names that contain the literal.
func (r *run) selectFiltered(offs []uint32, hits []uint64) {
	budget := r.budget()
	for i, off := range offs {
		if !r.bits.has(off) {
			continue
		}
		if r.match(int(off)) {
			hits[i/64] |= 1 << (i % 64)
		}
		if r.spent > budget {
			r.sweep()
			r.bits.selectFrom(i+1, offs, hits)
			return
		}
	}
}

// match runs the forward automaton over the name at off.
func (r *run) match(off int) bool {
	if r.forward == nil {
		r.forward = r.plan.forward.get()
	}
	a := r.forward
	s, p := a.start.ref, off
	table, class, last := a.table, &a.ascii, a.accept.ref
	for s > last {
		to := table[int(s)+int(class[r.text[p]])]
		if to == 0 {
			var width int
			to, width = a.stepRune(s, r.text[p:])
			table = a.table
			p += width - 1
		}
		s = to
		p++
	}
	r.spent += p - off
	return s == last
}

// stepRune returns the state after the first rune of the text, or after the end of the name,
// and the rune's width.
func (a *automaton) stepRune(s ref, text string) (to ref, width int) {
	c, width := utf8.DecodeRuneInString(text)
	return a.next(a.at(s), a.of(c)).ref, width
}
