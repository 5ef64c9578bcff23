package mmap

import (
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// An index finds the types of one section by name, in 4.3 bytes for each named type: 310 kB for a
// kernel, where the tables of package nameindex take 1 or 2 MB. It is immutable and safe for
// concurrent use.
//
// A hash of the name tells a bucket of 16 types or so, which fills a cache line. Each is a word:
// the type's index, and above it, as many bits of the hash as fit. Types of equal names lie in one
// bucket, ascending, as do in hostile input long names that begin alike.
type index struct {
	starts   []uint32 // of each bucket in types, and the end of the last
	types    []uint32
	typeMask uint32 // the bits of a word that are the type's index
}

const (
	bucketLen = 16
	// hashedLen is how much of a name is hashed: nearly all names whole, but no more than so much
	// of each of those in hostile input that are long and overlap.
	hashedLen = 48
)

var seed = maphash.MakeSeed()

// hash returns two independent words for the start of a name.
func hash(name string) (bucket, print uint32) {
	h := maphash.String(seed, name[:min(len(name), hashedLen)])
	return uint32(h), uint32(h >> 32)
}

// newIndex reads all names, and sorts the types by bucket, counting.
func newIndex(s store.Section) *index {
	named := hashNames(s)
	buckets := len(named)/bucketLen + 1
	x := &index{starts: make([]uint32, buckets+1), types: make([]uint32, len(named)),
		typeMask: 1<<bits.Len(uint(s.Len())) - 1}
	for i := range named {
		n := &named[i]
		n.bucket = x.bucket(n.bucket)
		x.starts[n.bucket]++
	}
	for b := range buckets {
		x.starts[b+1] += x.starts[b]
	}
	// Now each has where its bucket ends. From the last type on, that moves to where it starts.
	for _, n := range slices.Backward(named) {
		x.starts[n.bucket]--
		x.types[x.starts[n.bucket]] = n.print&^x.typeMask | n.typ
	}
	return x
}

// A hashed is a named type.
type hashed struct{ bucket, print, typ uint32 }

func hashNames(s store.Section) []hashed {
	count := 0
	var offs [256]uint32
	for i := 0; i < s.Len(); i += len(offs) {
		for _, off := range offs[:s.NameOffsets(offs[:], i)] {
			if off != 0 {
				count++
			}
		}
	}
	named := make([]hashed, 0, count)
	for i := 0; i < s.Len(); i += len(offs) {
		for k, off := range offs[:s.NameOffsets(offs[:], i)] {
			if off != 0 {
				bucket, print := hash(s.NamePrefix(off, hashedLen))
				named = append(named, hashed{bucket, print, uint32(i + k)})
			}
		}
	}
	return named
}

// bucket maps a hash to one of the buckets.
func (x *index) bucket(hash uint32) uint32 {
	return uint32(uint64(hash) * uint64(len(x.starts)-1) >> 32)
}

func (x *index) size() int64 { return int64(len(x.starts)+len(x.types)) * 4 }

// appendIDs appends the ids of the own types with the name, which is not empty, in time linear in
// types and strings: a bucket may hold all types, see store.Section.NameTest.
func (x *index) appendIDs(dst []btf.TypeID, s store.Section, name string) []btf.TypeID {
	h, print := hash(name)
	b := x.bucket(h)
	bucket, mask := x.types[x.starts[b]:x.starts[b+1]], ^x.typeMask
	for k, word := range bucket {
		if (word^print)&mask == 0 {
			return x.appendEqual(dst, s, name, print, bucket[k:])
		}
	}
	return dst
}

// appendEqual is appendIDs for the part of a bucket that begins with a type of the print.
func (x *index) appendEqual(dst []btf.TypeID, s store.Section, name string, print uint32,
	bucket []uint32) []btf.TypeID {
	test := s.NameTest(name)
	same := uint32(0) // where the name is: producers store each string once
	for _, word := range bucket {
		if (word^print)&^x.typeMask != 0 {
			continue
		}
		i := int(word & x.typeMask)
		if off := s.NameOffset(i); off == same || test.Matches(i) {
			same = off
			dst = append(dst, s.FirstID()+btf.TypeID(i))
		}
	}
	return dst
}
