package cdump

import (
	"math"

	"github.com/btfkit/btfkit/btf"
)

// Layout. BTF has offsets and sizes, but neither alignment nor whether a struct is packed, so
// that these are guessed as libbpf does. Numbers have its widths, and wrap as its do.

// align returns the alignment of t in bytes: 1 for a struct that must be packed, 0 for what has
// none.
func (p *printer) align(t btf.Type) int8 {
	for p.spendLimit(1) {
		switch k := t.Kind(); {
		case k == btf.KindPtr:
			return int8(p.long)
		case k == btf.KindInt, k == btf.KindFloat, k == btf.KindEnum, k == btf.KindEnum64:
			size, _ := t.Size()
			return int8(min(size, uint32(p.long)))
		case isComposite(k):
			n := p.noteOf(t.ID())
			if n.align == 0 {
				n.align = p.structAlign(t) + 1
			}
			return n.align - 1
		case k == btf.KindTypedef, k == btf.KindArray, k.IsModifier():
			t = p.target(t)
		default:
			return 0
		}
	}
	return 1
}

// structAlign is align for a struct or union: that of the strictest member, if all are
// where their alignment wants them.
func (p *printer) structAlign(t btf.Type) int8 {
	if !p.enter(t) {
		return 1
	}
	defer p.leave()
	most := int8(1)
	for _, m := range t.Members() {
		align := p.align(p.memberType(t, m))
		if align <= 0 || p.err != nil {
			return 0
		}
		if isMisplaced(m, align) {
			return 1
		}
		most = max(most, align)
	}
	if size, _ := t.Size(); size%uint32(most) != 0 {
		return 1
	}
	return most
}

// isMisplaced reports whether a member that is no bitfield is where its alignment forbids it.
func isMisplaced(m btf.Member, align int8) bool {
	return align > 0 && m.BitfieldSize() == 0 && m.BitOffset()%(8*uint32(align)) != 0
}

// isPacked reports whether a struct must be marked as packed: a compiler would not
// put its members where they are, or make it larger. Unions are never.
func (p *printer) isPacked(t btf.Type) bool {
	if t.Kind() != btf.KindStruct {
		return false
	}
	most := int8(1)
	for _, m := range t.Members() {
		align := p.align(p.memberType(t, m))
		if p.err != nil {
			return false
		}
		if isMisplaced(m, align) {
			return true
		}
		most = max(most, align)
	}
	size, _ := t.Size()
	return size%uint32(most) != 0
}

// maxSizeLinks is how many links size follows, as libbpf: MAX_RESOLVE_DEPTH.
const maxSizeLinks = 32

// size returns the size of t in bytes, -1 if it has none.
func (p *printer) size(t btf.Type) int64 {
	count := uint32(1)
	for range maxSizeLinks {
		size, ok := t.Size()
		switch k := t.Kind(); {
		case k == btf.KindPtr:
			return arraySize(count, uint32(p.long))
		case ok:
			return arraySize(count, size)
		case k == btf.KindArray:
			n, _ := t.ArrayLen()
			if uint64(count)*uint64(n) > math.MaxUint32 {
				return -1
			}
			count *= n
		case k != btf.KindTypedef && k != btf.KindVar && k != btf.KindDeclTag && !k.IsModifier():
			return -1
		}
		t = p.target(t)
	}
	return -1
}

func arraySize(n, size uint32) int64 {
	if all := uint64(n) * uint64(size); all <= math.MaxUint32 {
		return int64(all)
	}
	return -1
}

// pad writes unnamed bitfields that fill the gap between two offsets, in bits, so that what
// follows, with an alignment in bytes, is put at next. In a row of bitfields, which compilers
// pack, each bit is filled.
//
// Gaps that come of alignment alone need nothing. For others, the widest of long, int, short and
// char is taken that has a boundary in the gap: ": 0" goes up to it, where the compiler would not,
// and the rest is filled from there.
func (p *printer) pad(from, next, align int32, inBitfields bool, level int) {
	if from >= next {
		return
	}
	fill, boundary := p.filler(0), int32(0)
	for i := range len(fillers) {
		fill = p.filler(i)
		if boundary = roundUp(from, fill.bits); boundary <= next {
			break
		}
	}
	if boundary > from && boundary <= next {
		switch {
		case inBitfields:
			p.unnamed(fill.name, boundary-from, level)
		case boundary == next && roundUp(from, align*8) != boundary,
			boundary != next && next-boundary <= boundary-from:
			p.unnamed(fill.name, 0, level)
		}
		from = boundary
	}
	for from != next && p.err == nil {
		bits := min(next-from, fill.bits)
		if bits != fill.bits {
			fill.name = p.fillerFor(bits)
		}
		p.unnamed(fill.name, bits, level)
		from += bits
	}
}

// A filler is a type that fills gaps.
type filler struct {
	name string
	bits int32
}

var fillers = [...]filler{{"long", 0}, {"int", 32}, {"short", 16}, {"char", 8}}

// filler returns the i-th of the fillers, the widest first.
func (p *printer) filler(i int) filler {
	f := fillers[i]
	if i == 0 {
		f.bits = p.long * 8
	}
	return f
}

// fillerFor returns the name of the narrowest filler that has so many bits.
func (p *printer) fillerFor(bits int32) string {
	i := len(fillers) - 1
	for i > 0 && p.filler(i).bits < bits {
		i--
	}
	return p.filler(i).name
}

// unnamed writes an unnamed bitfield.
func (p *printer) unnamed(typ string, bits int32, level int) {
	p.newline(level)
	p.write(typ)
	p.write(": ")
	p.signed(int64(bits))
	p.write(";")
}

// roundUp returns the next multiple of unit; n itself for units that are none.
func roundUp(n, unit int32) int32 {
	if unit == 0 {
		return n
	}
	return (n + unit - 1) / unit * unit
}
