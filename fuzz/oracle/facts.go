package oracle

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

func ref(t btf.Type) uint32 { return uint32(t.ID()) }

// factsOf asks every accessor of t, except for those of elements and chains.
func factsOf(t btf.Type) naive.Facts {
	f := naive.Facts{ID: uint32(t.ID()), Offset: store.RecordOf(t).Offset, Kind: uint8(t.Kind()),
		Flag: t.KindFlag(), Vlen: t.Vlen(), Name: t.Name(), HasName: t.Kind().HasName(),
		Anonymous: t.IsAnonymous(), Opaque: t.IsOpaque(), Attribute: t.IsAttribute(),
		Signed: t.IsSigned(), FwdKind: uint8(t.FwdKind())}
	f.Size, f.SizeOK = t.Size()
	f.TargetID, f.Target = uint32(t.TargetID()), ref(t.Target())
	f.Index, f.Return = ref(t.IndexType()), ref(t.Return())
	f.ArrayLen, f.ArrayOK = t.ArrayLen()
	i, ok := t.Int()
	f.Encoding, f.IntOffset, f.IntBits, f.IntOK = uint8(i.Encoding), i.Offset, i.Bits, ok
	l, ok := t.Linkage()
	f.Linkage, f.LinkageOK = uint32(l), ok
	f.Component, f.ComponentOK = t.ComponentIndex()
	return f
}

// named is what members, enumerators and parameters have in common with types.
type named interface {
	Name() string
	AppendName([]byte) []byte
	NameIs(string) bool
}

// checkName compares the three ways to ask for a name, which it puts into buf.
func checkName[N named](n N, buf *[]byte) error {
	name := n.Name()
	got := n.AppendName((*buf)[:0])
	*buf = got
	if string(got) != name || !n.NameIs(name) || n.NameIs(name+"x") {
		return fmt.Errorf("AppendName %q or NameIs disagree with the name %q", got, name)
	}
	return nil
}

// ask puts the elements of t into a.elems, from all four iterators. It also asks for each element
// by its index; an error says that the two disagree.
func (a *answers) ask(t btf.Type) error {
	a.elems = a.elems[:0]
	for i, m := range t.Members() {
		if again, ok := t.Member(i); !ok || again != m {
			return fmt.Errorf("Member(%d) is not what Members has", i)
		}
		if err := checkName(m, &a.name); err != nil {
			return err
		}
		e := naive.Elem{Name: m.Name(), TargetID: uint32(m.TargetID()), Target: ref(m.Target()),
			Offset: m.BitOffset(), Width: m.BitfieldSize()}
		e.BitsOff, e.BitsSize, e.BitsOK = m.Bits()
		a.elems = append(a.elems, e)
	}
	for i, v := range t.Enumerators() {
		if again, ok := t.Enumerator(i); !ok || again != v {
			return fmt.Errorf("Enumerator(%d) is not what Enumerators has", i)
		}
		if err := checkName(v, &a.name); err != nil {
			return err
		}
		a.elems = append(a.elems, naive.Elem{Name: v.Name(), Value: v.Uint64(), Signed: t.IsSigned()})
		if v.Int64() != int64(v.Uint64()) {
			return fmt.Errorf("enumerator %d: Int64 %d, Uint64 %d", i, v.Int64(), v.Uint64())
		}
	}
	for i, p := range t.Params() {
		if again, ok := t.Param(i); !ok || again != p {
			return fmt.Errorf("Param(%d) is not what Params has", i)
		}
		if err := checkName(p, &a.name); err != nil {
			return err
		}
		a.elems = append(a.elems, naive.Elem{Name: p.Name(), TargetID: uint32(p.TargetID()),
			Target: ref(p.Target()), Variadic: p.IsVariadic()})
	}
	for i, v := range t.VarSecinfos() {
		if again, ok := t.VarSecinfo(i); !ok || again != v {
			return fmt.Errorf("VarSecinfo(%d) is not what VarSecinfos has", i)
		}
		a.elems = append(a.elems, naive.Elem{TargetID: uint32(v.TargetID()), Target: ref(v.Target()),
			Offset: v.Offset(), Width: v.Size()})
	}
	return nil
}

// findsOutside reports whether some accessor finds an element -1 or n, which do not exist.
func findsOutside(t btf.Type, n int) bool {
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

// countFirst counts what the iterators of elements yield to a loop that ends at once.
func countFirst(t btf.Type) (n int) {
	for range t.Members() {
		n++
		break
	}
	for range t.Enumerators() {
		n++
		break
	}
	for range t.Params() {
		n++
		break
	}
	for range t.VarSecinfos() {
		n++
		break
	}
	return n
}

// checkNothing asks void, and elements of no type: all answers must be empty.
func checkNothing(spec *btf.Spec) error {
	s := store.SectionOf(spec)
	if t := s.TypeAt(s.Len()); !t.IsVoid() || t.String() != "void" {
		return fmt.Errorf("type %v behind the last", t)
	}
	var void btf.Type
	for _, n := range []named{void, btf.Member{}, btf.Enumerator{}, btf.Param{}} {
		if n.Name() != "" || n.AppendName(nil) != nil || !n.NameIs("") || n.NameIs("x") {
			return fmt.Errorf("the zero %T has the name %q", n, n.Name())
		}
	}
	if (btf.Member{}).Target() != void || (btf.Param{}).Target() != void ||
		(btf.VarSecinfo{}).Target() != void || void.Target() != void || void.Return() != void ||
		store.RecordOf(void) != (store.Record{}) || void.NameOffset() != 0 || countFirst(void) != 0 ||
		(btf.Enumerator{}).Uint64() != 0 {
		return errors.New("void, or an element of it, refers to something or has bytes")
	}
	return nil
}
