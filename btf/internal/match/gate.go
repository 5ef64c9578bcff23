package match

import (
	"slices"
	"unicode/utf8"
)

// A gate is what the first eight bytes of every matching name have in common: the bits of
// mask are those of want. Few names pass the gate of a typical pattern that is anchored
// at the start, and asking costs one comparison, which a processor predicts well.
type gate struct{ mask, want uint64 }

// open reports whether a name may match that begins with the bytes of a word, the first
// of them lowest. Bytes after the name's end do not matter.
func (g gate) open(word uint64) bool { return word&g.mask == g.want }

const (
	gateStates = 16   // that newGate follows at once; more means a gate that lets most pass
	gateInsts  = 4096 // of the largest program that it follows at all
)

// newGate finds the gate of a forward automaton: it follows all ways from the start, a byte
// at a time, as long as they cannot die and are few.
func newGate(a *automaton) (g gate) {
	at := []*state{a.start}
	for i := 0; i < 8 && len(at) <= gateStates && len(a.Inst) <= gateInsts; i++ {
		always, ever := byte(0xff), byte(0) // bits that are set in all ways, or in some
		var to []*state
		ended := false
		for _, s := range at {
			if s == a.accept || a.matchesBeyondASCII(s) {
				return g // anything may follow, or later bytes have no fixed place
			}
			for b := range byte(utf8.RuneSelf) {
				next := a.next(s, int(a.ascii[b]))
				if next == a.dead {
					continue
				}
				always, ever = always&b, ever|b
				ended = ended || b == 0
				if !slices.Contains(to, next) {
					to = append(to, next)
				}
			}
		}
		fixed := always | ^ever
		g.mask |= uint64(fixed) << (8 * i)
		g.want |= uint64(always&fixed) << (8 * i)
		if ended {
			return g // a name may end here, and the bytes after it are not its own
		}
		at = to
	}
	return g
}

// matchesBeyondASCII reports whether a rune outside ASCII leads from a state to a match.
func (a *automaton) matchesBeyondASCII(s *state) bool {
	for i, start := range a.starts {
		if start >= utf8.RuneSelf && a.next(s, a.ids[i]) != a.dead {
			return true
		}
	}
	return false
}
