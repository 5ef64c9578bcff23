package match

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
)

// traps are names of 960 kB, asked for from 80,000 places in their middle: 38 GB to read
// for whoever reads them one by one.
func traps() map[string]string {
	rng := rand.New(rand.NewPCG(6, 6))
	const size = 960_000
	ab := make([]byte, size)
	for i := range ab {
		ab[i] = "ab"[rng.IntN(2)]
	}
	return map[string]string{
		"a":          strings.Repeat("a", size),
		"random":     string(ab),
		"words":      strings.Repeat("sk_buf_", size/7),
		"lines":      strings.Repeat("a\nb", size/3),
		"not ASCII":  strings.Repeat("é", size/2),
		"not UTF-8":  strings.Repeat("a\xe6\x97", size/3),
		"two halves": strings.Repeat("ab", size/4) + "\x00" + strings.Repeat("ab", size/4),
	}
}

// TestOverlappingNames asks with every kind of plan. A scan that is linear in the text takes
// some milliseconds, one that is quadratic minutes; the deadline tells these apart.
func TestOverlappingNames(t *testing.T) {
	exprs := []string{
		`sk_buff`, `a`, `b$`, `^a+b$`, `^(?s).*b$`, `(?i)k`, `^a{64}`, `^a{300}b`, `a{100}b`,
		`[^a]$`, `é$`, `^.*x$`,
		`^.*sk_buff`, `(a|b)*a(a|b){12}b$`, `^[ab]{12}a`, `\x{fffd}$`, `a\b.*x`, `(?m)^b+$`, `.*`,
		`^a*$`, `a+?c`,
	}
	for name, text := range traps() {
		text += "\x00"
		offs := make([]uint32, 80_000)
		for i := range offs {
			offs[i] = uint32(i * (len(text) / len(offs)))
		}
		for _, expr := range exprs {
			re := regexp.MustCompile(expr)
			compiled, err := Compile(expr)
			if err != nil {
				t.Fatal(err)
			}
			adopted, err := FromRegexp(re)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range []*Matcher{compiled, adopted} {
				hits := make([]uint64, len(offs)/64)
				start := time.Now()
				if err := m.Select(text, offs, hits); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(start); d > time.Minute {
					t.Errorf("%s: %q took %v", name, expr, d)
				}
				// The last suffixes are short enough to ask package regexp.
				for i := len(offs) - 3; i < len(offs); i++ {
					want := re.MatchString(nameAt(text, offs[i]))
					if got := hits[i/64]>>(i%64)&1 != 0; got != want {
						t.Errorf("%s: %q at %d = %v, want %v", name, expr, offs[i], got, want)
					}
				}
			}
		}
	}
}
