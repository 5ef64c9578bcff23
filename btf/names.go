package btf

import (
	"math/bits"
	"sync"
)

// derived is what a section works out at the first query that wants it.
type derived struct {
	pointerOnce sync.Once
	pointerSize int

	anonymousOnce sync.Once
	anonymous     []uint64 // bit i: own type i is an anonymous struct, union or enum
}

// idBuffers holds []ID for queries that need the ids only in passing.
var idBuffers = sync.Pool{New: func() any { return new([]ID) }}

// AppendIDsScanning appends to dst the ids of the own types with the name, ascending,
// by reading every record: at most len(name)+1 bytes of each type's name, whatever
// their lengths. It is what a backend without an index answers.
func (s *Section) AppendIDsScanning(dst []ID, name string) []ID {
	for i := range s.count {
		if off := s.NameOffset(int(i)); off != 0 && s.NameEquals(off, name) {
			dst = append(dst, s.first+ID(i))
		}
	}
	return dst
}

// appendAnonymous appends the ids of the own anonymous structs, unions and enums.
func (s *Section) appendAnonymous(dst []ID) []ID {
	for w, word := range s.anonymousTypes() {
		dst = appendBits(dst, s.first+ID(w*64), word)
	}
	return dst
}

// appendBits appends first+i for each bit i of word, ascending.
func appendBits(dst []ID, first ID, word uint64) []ID {
	for ; word != 0; word &= word - 1 {
		dst = append(dst, first+ID(bits.TrailingZeros64(word)))
	}
	return dst
}

// anonymousTypes returns a bitmap of the own anonymous structs, unions and enums, which
// takes a pass over the headers at the first call.
func (s *Section) anonymousTypes() []uint64 {
	s.anonymousOnce.Do(func() {
		set := make([]uint64, (s.count+63)/64)
		for i := range s.count {
			off := s.ids.at(i)
			if !infoKind(s.word(off + 4)).in(setAnonymous) {
				continue
			}
			if name := s.tail(s.word(off)); name == "" || name[0] == 0 {
				set[i/64] |= 1 << (i % 64)
			}
		}
		s.anonymous = set
	})
	return s.anonymous
}
