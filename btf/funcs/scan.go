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
	sec := m.sec
	var b raw.Block
	for i, n := uint32(0), 0; !btf.Internal.Closed(spec); i += uint32(n) {
		if n = sec.IDs.Block(i, &b); n == 0 {
			return true
		}
		for k := range n {
			off := b.At(k)
			if raw.Kind(sec.KindByte(off)&0x7f) != raw.Func {
				continue
			}
			v, param := f.proto(m, sec.Word(off+8))
			if v&f.want != f.want {
				continue
			}
			fn := btf.Internal.TypeAt(sec, i+uint32(k))
			if !yield(Match{fn, param}) || btf.Internal.Closed(spec) {
				return false
			}
		}
	}
	return false
}
