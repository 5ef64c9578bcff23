package raw

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// randomChain returns a section of few different short strings on top of such a base.
func randomChain(rng *rand.Rand) *Section {
	strs := func(first string) string {
		b := []byte(first)
		for range rng.IntN(40) {
			b = append(b, "aab\x00"[rng.IntN(4)])
		}
		return string(append(b, 0))
	}
	base := &Section{Strs: strs("\x00")}
	base.Chain = []*Section{base}
	s := &Section{Strs: strs(""), Base: base, StrStart: base.StrEnd()}
	s.Chain = []*Section{base, s}
	return s
}

// TestNameTest holds it against comparing each name, whether it compares, looks up places, or
// changes over.
func TestNameTest(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	hits := 0
	for range 2000 {
		s := randomChain(rng)
		name := "aabaaabab"[rng.IntN(9):]
		name = name[:1+rng.IntN(len(name))]
		if rng.IntN(8) == 0 {
			name += "\x00"
		}
		for _, left := range []int64{-1, 0, 5, 1000} {
			test := s.NameTest(name)
			test.left = left
			for range 100 {
				off := rng.Uint32N(s.StrEnd() + 3)
				want := off != 0 && s.NameEquals(off, name)
				if test.Matches(off) != want {
					t.Fatalf("%q in %q+%q at %d, budget %d: want %v",
						name, s.Base.Strs, s.Strs, off, left, want)
				}
				if want {
					hits++
				}
			}
		}
	}
	if hits == 0 {
		t.Error("no name was found")
	}
}

// TestNameTestBudget compares no more than the strings and the headers have bytes, and then goes
// through the strings.
func TestNameTestBudget(t *testing.T) {
	name := strings.Repeat("a", 100)
	s := &Section{Strs: "\x00" + name + "\x00", Count: 5}
	s.Chain = []*Section{s}
	test := s.NameTest(name)
	for i, places := range []bool{false, true, true} {
		if !test.Matches(1) || (test.places != nil) != places {
			t.Errorf("comparison %d: places looked up: %v, want %v", i+1, test.places != nil, places)
		}
	}
}

func TestStoring(t *testing.T) {
	s := randomChain(rand.New(rand.NewPCG(7, 8)))
	for off, want := range map[uint32]*Section{0: s.Base, s.StrStart - 1: s.Base, s.StrStart: s} {
		if s.Storing(off) != want {
			t.Errorf("offset %d of base %d: wrong section", off, s.StrStart)
		}
	}
}

func TestQuote(t *testing.T) {
	for name, want := range map[string]string{
		"": `""`, "a\"b": `"a\"b"`, strings.Repeat("x", 100): `"` + strings.Repeat("x", 100) + `"`,
		strings.Repeat("x", 101): `"` + strings.Repeat("x", 100) + `..."`,
	} {
		if got := Quote(name); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
