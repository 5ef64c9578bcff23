package btf

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// TestSums adds up what only sections of gigabytes would: offsets of strings, ids and sizes
// that just fit, or just do not.
func TestSums(t *testing.T) {
	for size, ok := range map[int]bool{2: true, 3: true, 4: false} {
		s := &Section{base: new(Section), strStart: math.MaxUint32 - 3,
			strs: strings.Repeat("\x00", size)}
		if err := s.checkStrings(); (err == nil) != ok || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes of strings: %v", size, err)
		}
	}
	record := "\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00" // FWD
	for n, ok := range map[int]bool{1: true, 2: true, 3: false} {
		s := &Section{base: new(Section), first: math.MaxUint32 - 2, trailers: &builtinTrailers,
			types: strings.Repeat(record, n)}
		if err := s.walk(nil); (err == nil) != ok || err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%d types: %v", n, err)
		}
	}
	for _, c := range []struct {
		a, b, want uint64
		ok         bool
	}{
		{math.MaxInt64, 1, math.MaxInt64, true}, {math.MaxInt64 / 7, 7, math.MaxInt64 / 7 * 7, true},
		{1 << 62, 2, 0, false}, {math.MaxInt64/2 + 1, 2, 0, false}, {1 << 62, 0, 0, true},
	} {
		if got, ok := multiply(c.a, c.b); got != c.want || ok != c.ok {
			t.Errorf("%d × %d = %d, %v", c.a, c.b, got, ok)
		}
	}
}

// TestRetain must not revive what its last user has released.
func TestRetain(t *testing.T) {
	s := new(Section)
	for refs, want := range map[int32]bool{-1: false, 0: false, 1: true, 2: true} {
		s.refs.Store(refs)
		if got := s.retain(); got != want {
			t.Errorf("%d references: retain() = %v", refs, got)
		}
	}
}
