package btf

import "math"

// widths works out what Bits and Sizeof say of many members, in time linear in the input for all
// together: it remembers what is behind long chains of types, which members may share. Short
// chains, which are all that compilers make, it follows. The zero value is ready to use.
type widths struct{ known map[Type]behind }

// longChain is from where on a chain is remembered. The kernel gives up at 32.
const longChain = 32

// behind is what lies behind a type.
type behind struct {
	end   Type   // behind modifiers and TYPEDEFs
	links int    // how many of them there are
	size  uint64 // as Sizeof says it, 0 where there is none
}

// Of returns how wide a member is in bits, or a type if m is the zero Member, and how many bits
// behind the member's offset a bitfield of the older form starts.
func (w *widths) Of(m Member, t Type) (shift, size uint64, bitfield bool) {
	if off, width, ok := w.bits(m); ok {
		return uint64(off - m.BitOffset()), uint64(width), true
	}
	var bytes uint64
	if hasShortChain(t) {
		bytes, _ = t.Sizeof()
	} else {
		bytes = w.behind(t).size
	}
	return 0, min(bytes, math.MaxUint64/8) * 8, false
}

// bits is m.Bits().
func (w *widths) bits(m Member) (offset, size uint32, ok bool) {
	t := m.Target()
	if m.bitfields || hasShortChain(t) {
		return m.Bits()
	}
	b := w.behind(t)
	if b.links >= maxLinks {
		return 0, 0, false // as if it were void
	}
	return m.bitsOf(b.end)
}

// hasShortChain reports whether Sizeof and Underlying are soon done with t.
func hasShortChain(t Type) bool {
	for range longChain {
		if !t.wraps() && t.Kind() != KindArray {
			return true
		}
		t = t.Target()
	}
	return false
}

// wraps reports whether a value of t is one of its target.
func (t Type) wraps() bool {
	k := t.Kind()
	return k.IsModifier() || k == KindTypedef || k == KindVar
}

func (w *widths) behind(t Type) behind {
	var way []Type
	b, known := w.known[t]
	for ; !known; b, known = w.known[t] {
		if !t.wraps() && t.Kind() != KindArray {
			b = behind{end: t}
			b.size, _ = t.ownSize(1, t.isSized())
			break
		}
		if w.known == nil {
			w.known = make(map[Type]behind)
		}
		w.known[t] = behind{} // stays where the chain is a circle
		way = append(way, t)
		t = t.Target()
	}
	for i := len(way) - 1; i >= 0; i-- {
		t := way[i]
		switch k := t.Kind(); {
		case k == KindArray:
			length, _ := t.ArrayLen()
			b.end = t
			b.size, _ = multiply(b.size, uint64(length))
		case k == KindVar:
			b.end = t
		default:
			b.links++
		}
		w.known[t] = b
	}
	return b
}
