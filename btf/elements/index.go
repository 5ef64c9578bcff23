package elements

import (
	"hash/maphash"
	"iter"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// An Index finds elements by name, however often. It is immutable, safe for concurrent use, and
// holds some 30 bytes an element. After its Specs are closed it finds nothing.
type Index struct {
	enumerators, members table
}

// NewIndex reads all types of src, tens of milliseconds for a kernel. Time and memory are linear
// in the elements.
func NewIndex(src Source) *Index {
	return &Index{newTable(src.TypesByKind(btf.KindEnum, btf.KindEnum64)),
		newTable(src.TypesByKind(btf.KindStruct, btf.KindUnion))}
}

// Enumerators ranges over the enumerators with the name, as EnumeratorsByName does. It does
// not allocate.
func (x *Index) Enumerators(name string) iter.Seq2[btf.Type, btf.Enumerator] {
	return func(yield func(btf.Type, btf.Enumerator) bool) {
		c := comparer{name: name}
		for at := x.enumerators.find(name); at != 0; at = x.enumerators.refs[at-1].next {
			t, i := x.enumerators.at(at)
			if e, ok := t.Enumerator(i); ok && c.matches(element(t, i)) && !yield(t, e) {
				return
			}
		}
	}
}

// Members ranges over the members with the name, as MembersByName does. It does not allocate.
func (x *Index) Members(name string) iter.Seq2[btf.Type, btf.Member] {
	return func(yield func(btf.Type, btf.Member) bool) {
		c := comparer{name: name}
		for at := x.members.find(name); at != 0; at = x.members.refs[at-1].next {
			t, i := x.members.at(at)
			if m, ok := t.Member(i); ok && c.matches(element(t, i)) && !yield(t, m) {
				return
			}
		}
	}
}

// A table is a hash table of elements. A slot has 32 bits of the hash, and 1 + the index of the
// first element with that hash, to which the others are chained in ascending order. Almost always
// those are the elements of one name; whoever walks the chain compares names.
type table struct {
	types []btf.Type
	refs  []ref
	slots []uint64 // a power of two of them, at most half of them taken
	seed  maphash.Seed
}

// A ref is an element: where its type is, its index there, and 1 + the next one's, 0 for none.
type ref struct{ typ, index, next uint32 }

// hashed is how much of a name counts for its hash: overlapping names, hashed whole, would take
// time quadratic in the input.
const hashed = 64

func newTable(types iter.Seq[btf.Type]) (x table) {
	x.seed = maphash.MakeSeed()
	for t := range types {
		before := len(x.refs)
		for i := range selected(t, hasName) {
			x.refs = append(x.refs, ref{uint32(len(x.types)), uint32(i), 0})
		}
		if len(x.refs) > before {
			x.types = append(x.types, t)
		}
	}
	size := 1
	for size < 2*len(x.refs) {
		size *= 2
	}
	x.slots = make([]uint64, size)
	for i := len(x.refs) - 1; i >= 0; i-- {
		x.put(i)
	}
	return x
}

func hasName(sec *raw.Section, off uint32) bool { return !sec.NameIs(off, "") }

// put puts an element before those that are there.
func (x *table) put(i int) {
	r := x.refs[i]
	sec, off := element(x.types[r.typ], int(r.index))
	slot, high := x.slot(sec.NamePrefix(off, hashed))
	x.refs[i].next = uint32(*slot)
	*slot = high<<32 | uint64(i+1)
}

// element returns where the name of a type's element starts.
func element(t btf.Type, i int) (sec *raw.Section, nameOffset uint32) {
	sec, off := btf.Internal.Record(t)
	return sec, sec.Word(off + raw.HeaderSize + uint32(i)*4*raw.ElementWords(raw.Kind(t.Kind())))
}

// slot returns the slot for a name, which is 0 if it is free, and what its upper half has to be.
func (x *table) slot(name string) (slot *uint64, high uint64) {
	h := maphash.String(x.seed, name[:min(len(name), hashed)])
	mask := uint64(len(x.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		slot := &x.slots[at]
		if *slot == 0 || *slot>>32 == h>>32 {
			return slot, h >> 32
		}
	}
}

// find returns 1 + the first element that may have the name, 0 if there is none.
func (x *table) find(name string) uint32 {
	if name == "" {
		return 0
	}
	slot, _ := x.slot(name)
	return uint32(*slot)
}

// at returns an element's type and index.
func (x *table) at(at uint32) (btf.Type, int) {
	r := &x.refs[at-1]
	return x.types[r.typ], int(r.index)
}
