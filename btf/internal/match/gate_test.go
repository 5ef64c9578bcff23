package match

import (
	"regexp/syntax"
	"strings"
	"testing"
)

// TestGate asks which bytes of a name a pattern fixes. A gate may let anything pass, and only
// costs time then; this is what it must keep out to be of use.
func TestGate(t *testing.T) {
	for _, c := range []struct{ expr, pass, stop string }{
		{`^tcp_`, "tcp_ tcp_x tcp_abcdefgh", "tcq_ udp_ tcp- ucp_ tcpx"},
		{`^(tcp|udp)_`, "tcp_ udp_x", "xxx_ tcp! tcpx"},
		{`^ab$`, "ab", "aa bb abc ac b"},
		{`^abcdefgh`, "abcdefgh abcdefghi", "abcdefgx xbcdefgh abcdxfgh"},
		{`^abcdefghij`, "abcdefghij abcdefghxx", "abcdefgx"}, // eight bytes and no more
		{`^[ab]c`, "ac bc", "dc ax"},
		{`^a.c`, "abc axc a\u00e9c a", "bbc"}, // a rune may be of several bytes
		{`^a?b`, "b ab", "\x00"},
		{`^(|x)$`, "x", ""},
		{`^[[:alnum:]]{2}_`, "ab_ zz_", "\x80b_ a\x80_"},
	} {
		re, err := syntax.Parse(c.expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		g := newGate(newAutomaton(newProgram(re.Simplify(), false)))
		for name := range strings.FieldsSeq(c.pass) {
			if !g.open(firstWord(name)) {
				t.Errorf("%s: the gate %x of %x keeps %q out", c.expr, g.want, g.mask, name)
			}
		}
		for name := range strings.FieldsSeq(c.stop) {
			if g.open(firstWord(name)) {
				t.Errorf("%s: the gate %x of %x lets %q pass", c.expr, g.want, g.mask, name)
			}
		}
	}
}

// firstWord returns the first eight bytes of a name and its NUL, the first lowest, with bytes
// behind the NUL that are not the name's.
func firstWord(name string) (word uint64) {
	text := name + "\x00\xff\xff\xff\xff\xff\xff\xff\xff"
	for i := range 8 {
		word |= uint64(text[i]) << (8 * i)
	}
	return word
}
