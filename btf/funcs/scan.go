package funcs

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// scan is In for all functions of a Spec by their prototype: most kernels have as many functions as
// other types, and few of them are selected, so it makes no Type of the others.
func (f *Finder) scan(spec *btf.Spec, yield func(Match) bool) {
	chain := btf.Internal.Section(spec).Chain
	if first, _ := spec.IDs(); first > 0 { // an Own
		chain = chain[len(chain)-1:]
	}
	for _, sec := range chain {
		if !f.scanSection(spec, f.memo(sec), yield) {
			return
		}
	}
}

// scanSection does so for the section of a memo, and reports whether to go on.
func (f *Finder) scanSection(spec *btf.Spec, m *memo, yield func(Match) bool) bool {
	if m.scanned {
		return f.yieldSelected(spec, m, yield)
	}
	sec, b, selected := m.sec, raw.Block{}, []uint32(nil)
	for i, n := uint32(0), 0; !btf.Internal.Closed(spec); i += uint32(n) {
		if n = sec.IDs.Block(i, &b); n == 0 {
			m.scanned, m.selected = true, selected
			return true
		}
		first := b.First
		for k, d := range b.Deltas[:n] {
			off := first + uint32(d)<<2
			if raw.Kind(sec.KindByte(off)&0x7f) != raw.Func {
				continue
			}
			id := sec.Word(off + 8)
			v := m.known(id)
			if v&isProto == 0 {
				v, _ = f.newProto(m, id)
			}
			if v&f.want != f.want {
				continue
			}
			selected = append(selected, i+uint32(k))
			if !f.yieldFunc(spec, m, i+uint32(k), yield) {
				return false
			}
		}
	}
	return false
}

// yieldSelected yields what scanSection did.
func (f *Finder) yieldSelected(spec *btf.Spec, m *memo, yield func(Match) bool) bool {
	for _, i := range m.selected {
		if btf.Internal.Closed(spec) || !f.yieldFunc(spec, m, i, yield) {
			return false
		}
	}
	return !btf.Internal.Closed(spec)
}

// yieldFunc yields own function i, and reports whether to go on.
func (f *Finder) yieldFunc(spec *btf.Spec, m *memo, i uint32, yield func(Match) bool) bool {
	fn := btf.Internal.TypeAt(m.sec, i)
	param, _ := f.check(fn)
	return yield(Match{fn, param}) && !btf.Internal.Closed(spec)
}
