package mmap

import (
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// scan answers a query without preparing anything: it looks for the name in the strings,
// then for its place in the record headers. That is three times as fast as preparing a
// finder, so it serves who has but one question. ok is false if the name is in too many
// places, or could be in the strings of a base.
func scan(dst []btf.TypeID, s store.Section, name string) (ids []btf.TypeID, ok bool) {
	strs, start := s.Strings()
	if start != 0 {
		return dst, false
	}
	if strings.IndexByte(name, 0) >= 0 {
		return dst, true
	}
	// Producers store each string once, but a name may also be the end of another.
	var places [8]uint32
	n := 0
	for at := range occurrences(strs, name) {
		if n == len(places) {
			return dst, false
		}
		places[n] = uint32(at)
		n++
	}
	if n == 0 {
		return dst, true
	}
	first, others := places[0], places[1:n]
	var offs [256]uint32
	for i := 0; i < s.Len(); i += len(offs) {
		for k, off := range offs[:s.NameOffsets(offs[:], i)] {
			if off == first || len(others) > 0 && slices.Contains(others, off) {
				dst = append(dst, s.FirstID()+btf.TypeID(i+k))
			}
		}
	}
	return dst, true
}

// occurrences ranges over the places in strs at which name is followed by NUL. It searches
// for the name's rarest byte, as many bytes at once as strings.IndexByte manages.
func occurrences(strs, name string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		k := rarest(name)
		for from := k; from < len(strs); from++ {
			n := strings.IndexByte(strs[from:], name[k])
			if n < 0 {
				return
			}
			from += n
			at, end := from-k, from-k+len(name)
			if end < len(strs) && strs[end] == 0 && strs[at:end] == name && !yield(at) {
				return
			}
		}
	}
}

// frequent has the bytes that names of kernels have most, in that order. Which byte is
// searched for makes no difference but in speed.
const frequent = "_etrasiconplfdmubgkvhxyw"

// rarest returns the index of the byte of name to search for.
func rarest(name string) int {
	best, rank := 0, -1
	for i := range len(name) {
		r := strings.IndexByte(frequent, name[i])
		if r < 0 {
			return i
		}
		if r > rank {
			best, rank = i, r
		}
	}
	return best
}
