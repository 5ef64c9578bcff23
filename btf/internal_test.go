package btf

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestMultiply multiplies up to where sizes just fit, or just do not.
func TestMultiply(t *testing.T) {
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
	s := new(section)
	for refs, want := range map[int32]bool{-1: false, 0: false, 1: true, 2: true} {
		s.refs.Store(refs)
		if got := s.retain(); got != want {
			t.Errorf("%d references: retain() = %v", refs, got)
		}
	}
}

// TestSpread holds spread against moving the bits one by one.
func TestSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		types := rng.IntN(300) + 1
		named := make([]uint64, (types+63)/64)
		want := make([]uint64, len(named))
		q := &query{found: make([]uint64, len(named)), hits: make([]uint64, len(named))}
		dense, k := rng.IntN(4), 0
		for i := range types {
			if rng.IntN(3) == 0 {
				continue
			}
			named[i/64] |= 1 << (i % 64)
			if rng.IntN(4) <= dense {
				q.hits[k/64] |= 1 << (k % 64)
				want[i/64] |= 1 << (i % 64)
			}
			k++
		}
		q.spread(named)
		for w := range want {
			if q.found[w] != want[w] {
				t.Fatalf("word %d: %#x, want %#x (named %#x)", w, q.found[w], want[w], named[w])
			}
		}
	}
}
