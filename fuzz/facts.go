package fuzz

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/naive"
)

func ref(t btf.Type, ok bool) naive.Ref { return naive.Ref{ID: uint32(t.ID()), OK: ok} }

// factsOf asks every accessor of t but those of elements and chains.
func factsOf(t btf.Type) naive.Facts {
	f := naive.Facts{ID: uint32(t.ID()), Offset: t.Offset(), Kind: uint8(t.Kind()),
		Flag: t.KindFlag(), Vlen: t.Vlen(), Name: t.Name(), HasName: t.HasName(),
		Anonymous: t.IsAnonymous(), Opaque: t.IsOpaque(), Attribute: t.IsAttribute(),
		Signed: t.IsSigned(), FwdKind: uint8(t.FwdKind())}
	f.Size, f.SizeOK = t.Size()
	id, ok := t.TargetID()
	f.TargetID = naive.Ref{ID: uint32(id), OK: ok}
	f.Target = ref(t.Target())
	f.Elem, f.Index, f.Return = ref(t.Elem()), ref(t.IndexType()), ref(t.Return())
	f.ArrayLen, f.ArrayOK = t.ArrayLen()
	i, ok := t.Int()
	f.Encoding, f.IntOffset, f.IntBits, f.IntOK = uint8(i.Encoding), i.Offset, i.Bits, ok
	l, ok := t.Linkage()
	f.Linkage, f.LinkageOK = uint32(l), ok
	f.Component, f.ComponentOK = t.ComponentIndex()
	return f
}

// elemsOf ranges over the elements of t with all four iterators, and asks for each element
// by its index, too; an error says that the two disagree.
func elemsOf(dst []naive.Elem, t btf.Type) ([]naive.Elem, error) {
	for i, m := range t.Members() {
		if again, ok := t.Member(i); !ok || again != m {
			return dst, fmt.Errorf("Member(%d) is not what Members has", i)
		}
		e := naive.Elem{Name: m.Name(), TargetID: uint32(m.TargetID()), Target: ref(m.Target()),
			Offset: m.BitOffset(), Width: m.BitfieldSize()}
		e.BitsOff, e.BitsSize, e.BitsOK = m.Bits()
		dst = append(dst, e)
	}
	for i, v := range t.Enumerators() {
		if again, ok := t.Enumerator(i); !ok || again != v {
			return dst, fmt.Errorf("Enumerator(%d) is not what Enumerators has", i)
		}
		dst = append(dst, naive.Elem{Name: v.Name(), Value: v.Uint64(), Signed: v.IsSigned()})
		if v.Int64() != int64(v.Uint64()) {
			return dst, fmt.Errorf("enumerator %d: Int64 %d, Uint64 %d", i, v.Int64(), v.Uint64())
		}
	}
	for i, p := range t.Params() {
		if again, ok := t.Param(i); !ok || again != p {
			return dst, fmt.Errorf("Param(%d) is not what Params has", i)
		}
		dst = append(dst, naive.Elem{Name: p.Name(), TargetID: uint32(p.TargetID()),
			Target: ref(p.Target()), Variadic: p.IsVariadic()})
	}
	for i, v := range t.VarSecinfos() {
		if again, ok := t.VarSecinfo(i); !ok || again != v {
			return dst, fmt.Errorf("VarSecinfo(%d) is not what VarSecinfos has", i)
		}
		dst = append(dst, naive.Elem{TargetID: uint32(v.TargetID()), Target: ref(v.Target()),
			Offset: v.Offset(), Width: v.Size()})
	}
	return dst, nil
}

// beyond reports whether some accessor finds an element -1 or n, which do not exist.
func beyond(t btf.Type, n int) bool {
	for _, i := range []int{-1, n} {
		_, member := t.Member(i)
		_, enumerator := t.Enumerator(i)
		_, param := t.Param(i)
		_, variable := t.VarSecinfo(i)
		if member || enumerator || param || variable {
			return true
		}
	}
	return false
}
