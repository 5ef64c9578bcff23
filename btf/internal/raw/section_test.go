package raw

import (
	"math"
	"strings"
	"testing"
)

// TestSums adds up what only sections of gigabytes would: offsets of strings, ids and sizes
// that just fit, or just do not.
func TestSums(t *testing.T) {
	for size, ok := range map[int]bool{2: true, 3: true, 4: false} {
		s := &Section{Base: new(Section), StrStart: math.MaxUint32 - 3,
			Strs: strings.Repeat("\x00", size)}
		if err := s.checkStrings(); (err == nil) != ok || err != nil && err.(*Fault).Class != ErrCorrupt {
			t.Errorf("%d bytes of strings: %v", size, err)
		}
	}
	record := "\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00" // FWD
	for n, ok := range map[int]bool{1: true, 2: true, 3: false} {
		s := &Section{Base: new(Section), First: math.MaxUint32 - 2, Trailers: &Builtin,
			Types: strings.Repeat(record, n)}
		err := s.walk(Heap{})
		if (err == nil) != ok || err != nil && err.(*Fault).Class != ErrUnsupported {
			t.Errorf("%d types: %v", n, err)
		}
	}
}
