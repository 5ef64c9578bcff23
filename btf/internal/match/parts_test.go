package match

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

// TestFindPair looks for two bytes at once in texts that end in or between its blocks.
func TestFindPair(t *testing.T) {
	n := newNeedle("xy", "\x00\x00")
	gateX, gateY := n.gateOf(0).times(ones), n.gateOf(1).times(ones)
	for _, c := range []struct {
		a, b   string
		skip   int
		places uint32
	}{
		{"", "", 0, 0},
		{"x", "y", 0, 0}, // too short for a block
		{strings.Repeat("x", 31), strings.Repeat("y", 31), 0, 0},
		{strings.Repeat("x", 32), strings.Repeat("y", 32), 0, math.MaxUint32},
		{strings.Repeat("x", 32), strings.Repeat("y", 31), 0, 0},
		{strings.Repeat("x", 31), strings.Repeat("y", 32), 0, 0},
		{strings.Repeat("x", 32), strings.Repeat("-", 40), 32, 0},
		{strings.Repeat("-", 63) + "x", strings.Repeat("-", 63) + "y", 32, 1 << 31},
		{strings.Repeat("x", 64), strings.Repeat("-", 32) + "y" + strings.Repeat("-", 31), 32, 1},
		{strings.Repeat("-", 70), strings.Repeat("y", 99), 64, 0},
	} {
		if skip, places := findPair(c.a, c.b, gateX, gateY); skip != c.skip || places != c.places {
			t.Errorf("%q and %q: %d, %b; want %d, %b", c.a, c.b, skip, places, c.skip, c.places)
		}
	}
}

// TestLastPlace finds a literal that ends where the text does, wherever that is in a block.
func TestLastPlace(t *testing.T) {
	re := regexp.MustCompile("_send$")
	m, err := FromRegexp(re)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		text, offs := pack([]string{"_send_", strings.Repeat("a", n), "tcp_send"})
		check(t, m, re, text, offs)
	}
}

// TestCut cuts texts between strings.
func TestCut(t *testing.T) {
	r := &run{text: "ab\x00\x00cd\x00"}
	for p, want := range []int{3, 3, 3, 4, 7, 7, 7, 7} {
		if got := r.nextStart(p); got != want {
			t.Errorf("the first string after %d starts at %d, want %d", p, got, want)
		}
	}
}

// TestStamps empties a set without a look at all that it may hold, but for one in four billion
// times.
func TestStamps(t *testing.T) {
	s := set{seen: []uint32{0, 7, math.MaxUint32}, stamp: 6}
	s.reset()
	if s.stamp != 7 || s.seen[1] != 7 {
		t.Errorf("stamp %d, seen %d", s.stamp, s.seen)
	}
	s.stamp = math.MaxUint32
	s.reset()
	for pc := range uint32(3) {
		s.add(pc)
	}
	if len(s.ready) != 3 {
		t.Errorf("of 3 instructions %d are new, stamp %d", len(s.ready), s.stamp)
	}
}

// TestFindPairApart does not mistake "re" for "bu", though r and b differ in bits of e and u.
func TestFindPairApart(t *testing.T) {
	n := newNeedle("bu", "\x00\x00")
	text := strings.Repeat("reseve", 20)
	skip, places := findPair(text, text[1:], n.gateI, n.gateJ)
	if places != 0 || skip < 64 {
		t.Errorf("%b behind %d bytes", places, skip)
	}
}

// TestIsASCII puts another byte at each place.
func TestIsASCII(t *testing.T) {
	for n := range 70 {
		text := []byte(strings.Repeat("\x7f", n))
		if !isASCII(string(text)) {
			t.Errorf("%d bytes are not ASCII", n)
		}
		for i := range text {
			text[i] = 0x80
			if isASCII(string(text)) {
				t.Errorf("%d bytes are ASCII, with another at %d", n, i)
			}
			text[i] = 0
		}
	}
}

// TestOutsideASCII finds the literals that are also spelled with the Kelvin sign or the long s.
func TestOutsideASCII(t *testing.T) {
	for expr, want := range map[string]bool{"tcp": false, "(?i)tcp": false, "(?i)rcu_k": true,
		"(?i)S": true, "(?-i)SK(?i)b": false, "(?i)tcp(?-i)_sk": false} {
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlan(tree.Simplify())
		if got := p.outsideASCII(); got != want && p.literal != "" {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
	for _, expr := range []string{"(?i)SQB", "(?i)QKB"} {
		re := regexp.MustCompile(expr)
		m, err := FromRegexp(re)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"ſqb", "qKb", "sqb", "qKb_", "a_SQB", "qkb", "QKB"} {
			text, offs := pack(append(strings.Fields(strings.Repeat("tcp ", 200)), s))
			check(t, m, re, text, offs)
		}
	}
}
