// Package nameindex finds the types of a section by name: a hash table for backends
// that spend memory on it. It holds no pointers, only slices of integers, which may live
// wherever the backend wants.
//
// # Layout
//
// The table is an array of 8-byte slots, probed linearly:
//
//	bits 63..32   offset of the name, as the section's records have it; 0 in a free slot
//	bits 31..b    fingerprint: the upper bits of the name's hash
//	bits b-1..1   index of the type in the section, or of the group in Groups
//	bit  0        1 if a group
//
// where b is sized from the number of types. A hit costs two dependent cache misses, the
// slot and the name; fingerprints keep misses at one. The number of slots is a multiple of
// the number of names, not a power of two: a probe starts at the upper half of the product
// of hash and number of slots.
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
	"github.com/btfkit/btfkit/btf/store"
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

// Build indexes the own types of s by name. Time and memory are linear in the number
// of types: about 30 ns and 14 bytes for each name of a kernel's. m is where the table
// goes; nil means the Go heap. If the names
// overlap so much that reading them all is out of proportion to the input (see
// store.Section.NameBudget), it builds no table, and Append scans the records.
func Build(s store.Section, m store.Memory) Index {
	if m == nil {
		m = store.Heap{}
	}
	b := builder{s: s, index: newIndex(s.Len(), countNamed(s), m), left: s.NameBudget()}
	for i := 0; i < s.Len(); i += batch {
		if !b.add(i) {
			return Index{scan: true}
		}
	}
	b.group(m)
	return b.index
}

// countNamed returns how many types have a name offset.
func countNamed(s store.Section) int {
	var offs [batch]uint32
	named := 0
	for i := 0; i < s.Len(); i += batch {
		for _, off := range offs[:s.NameOffsets(offs[:], i)] {
			if off != 0 {
				named++
			}
		}
	}
	return named
}

func newIndex(types, named int, m store.Memory) Index {
	return Index{
		slots: m.Words64(named + named/2 + named/4 + 1),
		// A group takes a word more than it has types, which are two at least.
		idBits: uint(bits.Len(uint(types+types/2))) + 1,
	}
}

// A builder fills an index.
type builder struct {
	s     store.Section
	index Index
	// left is how many more bytes of names may be read.
	left   int64
	shared []sharer
	offs   [batch]uint32
	hashes [batch]uint64
}

// A sharer is a type whose name a slot already holds.
type sharer struct{ slot, index uint32 }

// batch is how many types are read before they are put into the table, so that the
// processor waits for many slots at once.
const batch = 128

// add takes a batch of types, beginning with the first. It returns false if the names
// turn out to overlap too much.
func (b *builder) add(first int) bool {
	offs := b.offs[:b.s.NameOffsets(b.offs[:], first)]
	for k, off := range offs {
		if off == 0 {
			continue
		}
		name := b.s.NameBytes(off)
		if b.left -= int64(len(name)); b.left < 0 {
			return false
		}
		if name == "" {
			offs[k] = 0
		}
		b.hashes[k] = maphash.String(seed, name)
	}
	for k, off := range offs {
		if off != 0 {
			b.insert(off, uint32(first+k), b.hashes[k])
		}
	}
	return true
}

// insert puts type i, whose name is at off, into a free slot, or takes down the slot that
// has the name already.
func (b *builder) insert(off, i uint32, hash uint64) {
	slots, idBits := b.index.slots, b.index.idBits
	print := fingerprint(hash, idBits)
	for at := start(hash, len(slots)); ; {
		slot := slots[at]
		if slot == 0 {
			slots[at] = uint64(off)<<32 | uint64(print)<<idBits | uint64(i)<<1
			return
		}
		if uint32(slot)>>idBits == print && b.equal(uint32(slot>>32), off) {
			b.shared = append(b.shared, sharer{uint32(at), i})
			return
		}
		if at++; at == len(slots) {
			at = 0
		}
	}
}

// equal compares the strings at two offsets.
func (b *builder) equal(x, y uint32) bool {
	return x == y || b.s.NameEquals(x, b.s.NameBytes(y))
}

// start returns the slot where the search for a hash starts: the upper half of the
// product of the hash's lower half and the number of slots.
func start(hash uint64, slots int) int {
	return int(uint64(uint32(hash)) * uint64(slots) >> 32)
}

// fingerprint returns the bits of a hash that slots keep, of which start knows none.
func fingerprint(hash uint64, idBits uint) uint32 { return uint32(hash>>32) >> idBits }

// group moves the types of shared names out of their slots.
func (b *builder) group(m store.Memory) {
	x, shared := &b.index, b.shared
	slices.SortStableFunc(shared, func(a, b sharer) int { return cmp.Compare(a.slot, b.slot) })
	size := len(shared)
	for k, sh := range shared {
		if k == 0 || shared[k-1].slot != sh.slot {
			size += 2
		}
	}
	groups := m.Words32(size)[:0]
	mask := uint64(1)<<x.idBits - 1
	for len(shared) > 0 {
		slot := &x.slots[shared[0].slot]
		n := 1
		for n < len(shared) && shared[n].slot == shared[0].slot {
			n++
		}
		first := uint32(*slot&mask) >> 1
		*slot = *slot&^mask | uint64(len(groups))<<1 | 1
		groups = append(groups, uint32(n)+1, first)
		for _, sh := range shared[:n] {
			groups = append(groups, sh.index)
		}
		shared = shared[n:]
	}
	x.groups = groups
}

// Append appends to dst the ids of the own types of s that have the name, in ascending
// order. s must be the section that the index was built from. It allocates only to grow
// dst.
func (x *Index) Append(dst []btf.TypeID, s store.Section, name string) []btf.TypeID {
	if len(x.slots) == 0 {
		if x.scan {
			return s.AppendIDsScanning(dst, name)
		}
		return dst
	}
	hash := maphash.String(seed, name)
	slots, mask := x.slots, ^uint32(0)<<x.idBits
	print := fingerprint(hash, x.idBits) << x.idBits
	for at := start(hash, len(slots)); ; {
		slot := slots[at]
		if slot == 0 {
			return dst
		}
		if (uint32(slot)^print)&mask == 0 && s.NameEquals(uint32(slot>>32), name) {
			return x.appendSlot(dst, s.FirstID(), slot)
		}
		if at++; at == len(slots) {
			at = 0
		}
	}
}

// appendSlot appends what a slot holds.
func (x *Index) appendSlot(dst []btf.TypeID, first btf.TypeID, slot uint64) []btf.TypeID {
	i := uint32(slot) & (1<<x.idBits - 1) >> 1
	if slot&1 == 0 {
		return append(dst, first+btf.TypeID(i))
	}
	n := x.groups[i]
	for _, i := range x.groups[i+1 : i+1+n] {
		dst = append(dst, first+btf.TypeID(i))
	}
	return dst
}

// Bytes returns the memory that the index takes, in bytes.
func (x *Index) Bytes() int64 { return int64(len(x.slots))*8 + int64(len(x.groups))*4 }
