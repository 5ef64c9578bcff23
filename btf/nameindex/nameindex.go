// Package nameindex finds the types of a section by name: a hash table for backends
// that spend memory on it. It holds no pointers, only two slices of integers, which
// may live wherever the backend wants.
//
// # Layout
//
// The table is a power of two of 8-byte slots, probed linearly:
//
//	bits 63..32   offset of the name in the section's strings; 0 in a free slot
//	bits 31..b    fingerprint: the upper bits of the name's hash
//	bits b-1..1   index of the type in the section, or of the group in Groups
//	bit  0        1 if a group
//
// where b is sized from the number of types. A hit costs two dependent cache misses,
// the slot and the name; fingerprints keep misses at one.
//
// The few names that several types share (247 of 70,819 in a kernel) have their types
// in a group: the count, then the indexes, ascending. So equal names cost O(1) each,
// however many there are.
//
// Hashes are seeded per process (hash/maphash): input cannot be made to collide.
package nameindex

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/btfkit/btfkit/btf"
)

// An Index maps names to the types of one section. It is immutable and safe for
// concurrent use. The zero Index finds nothing.
type Index struct {
	slots  []uint64
	groups []uint32
	// idBits is how many low bits of a slot hold the index and the group bit.
	idBits uint
	// scan says that there is no table since the names overlap.
	scan bool
}

var seed = maphash.MakeSeed()

// Options says how to build.
type Options struct {
	// Sparse doubles the table, from about half full to a quarter, for fewer probes.
	Sparse bool
	// Alloc returns zeroed memory for the slots; nil means the Go heap.
	Alloc func(words int) []uint64
}

// Build indexes the own types of s by name. Time and memory are linear in the number
// of types: about 30 ns and 8 to 16 bytes for each of a kernel's. If the names overlap
// so much that reading them all is out of proportion to the input (see
// btf.Section.NamesOverlap), it builds no table, and Append scans the records.
func Build(s *btf.Section, o Options) Index {
	named, total := 0, uint64(0)
	for i := range s.Len() {
		if s.NameOffset(i) != 0 {
			named++
		}
	}
	x := newIndex(s.Len(), named, o)
	strs, start := s.Strings()
	limit := 4 * (uint64(start) + uint64(len(strs)))
	var shared []sharer
	for i := range s.Len() {
		off := s.NameOffset(i)
		if off == 0 {
			continue
		}
		name := s.NameBytes(off)
		if total += uint64(len(name)); total > limit {
			return Index{scan: true}
		}
		if len(name) == 0 {
			continue
		}
		if at, taken := x.insert(s, name, off, uint32(i)); taken {
			shared = append(shared, sharer{at, uint32(i)})
		}
	}
	x.group(shared)
	return x
}

func newIndex(types, named int, o Options) Index {
	slots := 1 << bits.Len(uint(named+named/2))
	if o.Sparse {
		slots *= 2
	}
	x := Index{idBits: uint(bits.Len(uint(types+types/2))) + 1}
	if o.Alloc != nil {
		x.slots = o.Alloc(slots)
	} else {
		x.slots = make([]uint64, slots)
	}
	return x
}

// A sharer is a type whose name a slot already holds.
type sharer struct{ slot, index uint32 }

// probe returns the slot where a name's search starts, and its fingerprint.
func (x *Index) probe(name string) (at, print uint32) {
	h := maphash.String(seed, name)
	return uint32(h) & uint32(len(x.slots)-1), uint32(h>>32) >> x.idBits
}

// insert puts type i into a free slot, or reports the slot that has the name already.
func (x *Index) insert(s *btf.Section, name string, off, i uint32) (at uint32, taken bool) {
	at, print := x.probe(name)
	for ; ; at = (at + 1) & uint32(len(x.slots)-1) {
		slot := x.slots[at]
		if slot == 0 {
			x.slots[at] = uint64(off)<<32 | uint64(print)<<x.idBits | uint64(i)<<1
			return at, false
		}
		if uint32(slot)>>x.idBits == print && s.NameEquals(uint32(slot>>32), name) {
			return at, true
		}
	}
}

// group moves the types of shared names out of their slots.
func (x *Index) group(shared []sharer) {
	slices.SortStableFunc(shared, func(a, b sharer) int { return cmp.Compare(a.slot, b.slot) })
	x.groups = make([]uint32, 0, len(shared)*3)
	for len(shared) > 0 {
		slot := &x.slots[shared[0].slot]
		n := 1
		for n < len(shared) && shared[n].slot == shared[0].slot {
			n++
		}
		mask := uint64(1)<<x.idBits - 1
		first := uint32(*slot&mask) >> 1
		*slot = *slot&^mask | uint64(len(x.groups))<<1 | 1
		x.groups = append(x.groups, uint32(n)+1, first)
		for _, sh := range shared[:n] {
			x.groups = append(x.groups, sh.index)
		}
		shared = shared[n:]
	}
	x.groups = slices.Clip(x.groups)
}

// Append appends to dst the ids of the own types of s, which must be the section that
// the index was built from, with the name; ascending. It allocates only to grow dst.
func (x *Index) Append(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	if len(x.slots) == 0 {
		if x.scan {
			return s.AppendIDsScanning(dst, name)
		}
		return dst
	}
	mask := uint32(1)<<x.idBits - 1
	at, print := x.probe(name)
	for ; ; at = (at + 1) & uint32(len(x.slots)-1) {
		slot := x.slots[at]
		if slot == 0 {
			return dst
		}
		if uint32(slot)>>x.idBits != print || !s.NameEquals(uint32(slot>>32), name) {
			continue
		}
		i := (uint32(slot) & mask) >> 1
		if slot&1 == 0 {
			return append(dst, s.FirstID()+btf.ID(i))
		}
		n := x.groups[i]
		for _, i := range x.groups[i+1 : i+1+n] {
			dst = append(dst, s.FirstID()+btf.ID(i))
		}
		return dst
	}
}

// Bytes returns the memory that the index takes, in bytes.
func (x *Index) Bytes() int64 { return int64(len(x.slots))*8 + int64(len(x.groups))*4 }
