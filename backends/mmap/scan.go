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
// places, or seems to be in so many that it was compared too often, or could be in the strings
// of a base.
func scan(dst []btf.TypeID, s store.Section, name string) (ids []btf.TypeID, ok bool) {
	strs, start := s.Strings()
	if start != 0 {
		return dst, false
	}
	if strings.IndexByte(name, 0) >= 0 {
		return dst, true
	}
	var buf [8]uint32
	places, ok := findPlaces(buf[:0], strs, name)
	if !ok || len(places) == 0 {
		return dst, ok
	}
	first, others := places[0], places[1:]
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

// findPlaces appends to places where in strs name is followed by NUL. Producers store each string
// once, but a name may also be the end of another. ok is false if there are more than there is
// room for. It searches for the name's rarest byte, as many bytes at once as strings.IndexByte
// manages, and compares no more bytes than strs has: in hostile input, a NUL may be as far away
// from each byte as the name is long.
func findPlaces(places []uint32, strs, name string) (found []uint32, ok bool) {
	k, left := rarest(name), len(strs)
	for from := k; from < len(strs); from++ {
		n := strings.IndexByte(strs[from:], name[k])
		if n < 0 {
			break
		}
		from += n
		at, end := from-k, from-k+len(name)
		if end >= len(strs) || strs[end] != 0 {
			continue
		}
		if left -= len(name); left < 0 {
			return nil, false
		}
		if strs[at:end] != name {
			continue
		}
		if len(places) == cap(places) {
			return nil, false
		}
		places = append(places, uint32(at))
	}
	return places, true
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
