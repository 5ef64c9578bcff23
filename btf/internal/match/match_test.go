package match

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hardPatterns has at least one pattern for every construct of regexp/syntax whose
// translation, reversal or shortcut could go wrong.
var hardPatterns = []string{
	// Trivial, and nothing at all.
	``, `.*`, `^`, `$`, `^$`, `\A\z`, `^.*$`, `(?s).*`, `(?s)^.*$`, `.+`, `^.+$`, `(?:)`, `()`,
	`|`, `a|`, `|a`, `^(|a)$`, `^(a||b)c$`, `(|a)+b`, `[^\x00-\x{10FFFF}]`, `a[^\x00-\x{10FFFF}]`,
	// NUL is in no name.
	`\x00`, `a\x00`, `\x00?a`, `[\x00a]b`, `[\x00-\x1f]`, `^\x00*$`, `a\x00|b`, `(?:\x00|tcp)_`,
	// Literals and anchors.
	`sk_buff`, `^tcp_`, `_send$`, `^tcp_sendmsg$`, `^^tcp`, `tcp$$`, `a^b`, `a$b`, `$^`, `^$|a`,
	`(^a)`, `(^a|^b)`, `(a$|b$)`, `^a|b$`, `(^)*a`, `(a|^)b`, `a(b|$)`, `($)*a`, `($a)?b`,
	`^__x64_sys_.*`, `.*_send.*`, `^.*_send`, `a*sk_buff`, `sk_buff(x|y)?`,
	`^(tcp|udp)_.*_(send|recv)`,
	`^[[:alnum:]]+_drop_reason$`, `_drop_reason$`, `^[a-z]{3}_[a-z]{3}$`, `\Atcp.*\z`,
	`(?s)\A.*msg\z`,
	`e`, `_`, `ee`, `aaa`, `abab`,
	// Flags.
	`(?i)SKB`, `(?i)k`, `(?i)s`, `^(?i:sk)$`, `(?i)ſ`, `(?i)K`, `(?i)[k-s]`, `(?i)[^k]`,
	`(?-i)K`, `(?i)ǅ`,
	`(?m)^b`, `(?m)a$`, `(?m)^$`, `(?m)a$\nb`, `(?m)a$.^b`, `(?sm)a$.^b`, `(?s)a.b`, `a.b`,
	`(?U)a+b*`,
	`(?U)a+?`, `(?m)$^`, `(?m)(^|a)+b`, `(?m:^)a`, `\n`, `[^a]`, `^[^a]*$`, `(?m)\Aa\z`,
	// Word boundaries.
	`\b`, `\B`, `\bsk`, `sk\b`, `\Bsk`, `sk\B`, `\bsk\b`, `\B_\B`, `^\b`, `^\B`, `\b$`, `\B$`,
	`^\B$`,
	`\b\B`, `(\b|a)*b`, `a\b.`, `.\b.`, `\bé`, `é\b`, `\Bé\B`, `(?:\b)+a`, `-\b`, `\b-`,
	`(?i)\bK\b`,
	// Classes.
	`[[:^word:]]`, `[[:word:]]`, `^[[:^ascii:]]+$`, `\pL`, `^\pL+$`, `\PL`, `\p{Greek}`,
	`[^\pL]`, `\W`,
	`\d\D`, `^\w+$`, `\s`, `[^\n]`, `[\x{80}-\x{10FFFF}]`, `\x{FFFD}`, `[^\x{FFFD}]`, `^\x{FFFD}$`,
	`\x{D800}`, `[\x{D800}-\x{DFFF}]`, `\x7f`, `[a-cx-z]`, `é`, `é$`, `^é`, `^é$`, `aé`, `日本`,
	`日.`, `^.日`,
	`\xff`, `^.$`, `^..$`, `^.{3}$`,
	// Repeats.
	`a{0}`, `a{0}b`, `a{2}`, `^a{2,3}$`, `a{3,}`, `(a{2}){2}`, `^(ab?){2,3}$`, `(a|b|){3}c`,
	`(?:a{0,3}b){2}`,
	`(a*)*b`, `(a*)+`, `(a+)+$`, `(x+x+)+y`, `.{0,200}x`, `(?:a|b|c){1,50}z`, `a??b`, `a+?b`,
	`a*?$`,
	`_.{5}e`, `.*a.{6}`, `^.*a.{6}$`, `(a|b)*a(a|b){5}$`, `(a|ab)(c|bcd)(d*)`, `^(?:a?){10}a{10}$`,
}

var hardNames = []string{
	"", "a", "b", "c", "k", "s", "x", "_", "-", "K", "S", "sk", "SK", "sK", "aa", "aaa", "aaaa",
	"ab", "ba",
	"abab", "ac", "bc", "aab", "abcd", "xx", "xxy", "xxxxy", "xyx", "tcp", "tcp_",
	"tcp_sendmsg", "udp_x_send",
	"tcp_recv", "tcp__recv", "skb", "SkB_x", "sk_buff", "sk_buffer", "__sk_buff", "sk_buf",
	"ssk_buff_", "abc_def",
	"abc_de", "abcd_def", "__x64_sys_open", "x__x64_sys_", "skb_drop_reason", "skb_drop_reasons",
	"_drop_reason", "s-b_drop_reason", "a-b", "-a-", "a b", " ", "a.b", "a\nb", "\n", "a\n",
	"\nb", "\n\n",
	"a\n\nb", "x\na", "ſ", "K", "ſkb", "sKb", "aK", "é", "aé", "éa", "aéb", "é-", "É", "日",
	"日本", "日本語", "a日",
	"Ω", "ω", "ǆ", "ǅ", "Ǆ", "\ufffd", "a\ufffd", "\xff", "\x80", "a\xff", "\xffa", "\xe6\x97",
	"\xe6\x97a", "\x97\xa5",
	"a\x97\xa5", "\xc3", "\xa9", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98\x80",
	"\x9f\x98\x80", "\x01", "\x7f",
	"\x1f", "\r", "\t", "aaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa", "abababababa", "aaaaaaaaaab",
	"cabcabz",
	strings.Repeat("ab", 40), strings.Repeat("x", 100) + "y", strings.Repeat("é", 40) + "a",
	strings.Repeat("a\xff", 30), strings.Repeat("sk_buf", 20) + "f", "_the_quick_brown_fox_reason",
}

// pack lays names out as a text and returns where each starts.
func pack(names []string) (text string, offs []uint32) {
	var b strings.Builder
	for _, name := range names {
		offs = append(offs, uint32(b.Len()))
		b.WriteString(name)
		b.WriteByte(0)
	}
	return b.String(), offs
}

// anyOffsets returns the offsets of n suffixes of strings, out of order.
func anyOffsets(text string, n int) []uint32 {
	offs := make([]uint32, n)
	for i, p := range rand.New(rand.NewPCG(1, 2)).Perm(len(text))[:n] {
		offs[i] = uint32(p)
	}
	return offs
}

// ways are the methods that can answer any pattern, so that every method meets every
// pattern, whatever newPlan would choose.
var ways = []struct {
	name string
	ask  func(*run, []uint32, []uint64)
}{
	{"chosen", (*run).selectNames},
	{"forward", func(r *run, offs []uint32, hits []uint64) {
		r.spent = math.MinInt
		r.selectForward(offs, hits)
	}},
	{"sweep", func(r *run, offs []uint32, hits []uint64) {
		r.sweep()
		r.bits.selectBits(offs, hits)
	}},
	{"one lane", func(r *run, offs []uint32, hits []uint64) {
		r.bits = getBitmap(len(r.text))
		a := r.plan.reverse.get()
		r.sweepPart(a, a.start, 0, len(r.text))
		r.bits.selectBits(offs, hits)
	}},
	{"forward, then sweep", func(r *run, offs []uint32, hits []uint64) {
		r.spent = r.budget() - 9
		r.selectForward(offs, hits)
	}},
	{"forgetful forward", func(r *run, offs []uint32, hits []uint64) {
		r.spent = math.MinInt
		r.forward = newAutomaton(r.plan.forward.get().program)
		r.forward.limit = r.forward.size + 3*(r.forward.stride+stateSize)
		r.selectForward(offs, hits)
	}},
	{"forgetful sweep", func(r *run, offs []uint32, hits []uint64) {
		a := newAutomaton(r.plan.reverse.get().program)
		a.limit = a.size + 3*(a.stride+stateSize)
		r.bits = getBitmap(len(r.text))
		r.sweepLanes(a)
		r.bits.selectBits(offs, hits)
	}},
}

// check asks m for all names in every way and compares with package regexp.
func check(t *testing.T, m *Matcher, re *regexp.Regexp, text string, offs []uint32) {
	t.Helper()
	want := make([]uint64, (len(offs)+63)/64)
	for i, off := range offs {
		if re.MatchString(nameAt(text, off)) {
			want[i/64] |= 1 << (i % 64)
		}
	}
	compare := func(way string, hits []uint64) {
		for i, off := range offs {
			if (hits[i/64]^want[i/64])>>(i%64)&1 != 0 {
				t.Fatalf("%s: %q on %q at %d = %v, regexp says otherwise", way, re,
					nameAt(text, off), off, hits[i/64]>>(i%64)&1 != 0)
			}
		}
	}
	hits := make([]uint64, len(want))
	if err := m.Select(text, offs, hits); err != nil {
		t.Fatalf("%q: %v", re, err)
	}
	compare("Select", hits)
	if m.posix != nil {
		return // not every reading is re's
	}
	for _, way := range ways {
		clear(hits)
		r := &run{plan: m.plan, text: text, names: len(offs)}
		way.ask(r, offs, hits)
		r.close()
		compare(way.name, hits)
	}
}

func TestSelect(t *testing.T) {
	packed, starts := pack(hardNames)
	for _, expr := range hardPatterns {
		m, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(expr)
		check(t, m, re, packed, starts)
		check(t, m, re, packed, anyOffsets(packed, len(packed)/3))
	}
}

// TestFromRegexp compiles each pattern both ways where both exist: a Matcher must find
// out which it got.
func TestFromRegexp(t *testing.T) {
	packed, starts := pack(hardNames)
	for _, expr := range hardPatterns {
		for _, compile := range []func(string) (*regexp.Regexp, error){
			regexp.Compile, regexp.CompilePOSIX,
		} {
			re, err := compile(expr)
			if err != nil {
				continue
			}
			m, err := FromRegexp(re)
			if err != nil {
				t.Fatalf("%q: %v", expr, err)
			}
			for range 2 {
				check(t, m, re, packed, starts)
			}
			check(t, m, re, packed, anyOffsets(packed, len(packed)/3))
		}
	}
}

func TestGlob(t *testing.T) {
	tests := []struct{ glob, match, not string }{
		{"tcp_*", "tcp_ tcp_x", "tcp xtcp_"},
		{"*_send", "_send a_send", "_sends"},
		{"*sk*", "sk ask asks", "s ks"},
		{"a?c", "abc a?c aéc", "ac abbc"},
		{"[a-c]x", "ax bx cx", "dx -x x"},
		{"[!a-c]x", "dx", "ax x"},
		{"[^a]x", "dx", "ax x"},
		{"[]a]", "] a", "b"},
		{"[-a]", "- a", "b"},
		{"[a-]", "- a", "b"},
		{`[\]\-x]`, "] - x", `\ a`},
		{`a\*b`, "a*b", "ab axb"},
		{"a.b+$^(|){2}", "a.b+$^(|){2}", "axb"},
		{"**a**", "a ba ab", "b"},
		{"é?", "éé éa", "é"},
		{"[\x00a]", "a", "b"}, // NUL is in no name
		{"[\x00-\x00a]", "a", "b"},
	}
	for _, test := range tests {
		m, err := Glob(test.glob)
		if err != nil {
			t.Errorf("%q: %v", test.glob, err)
			continue
		}
		text, offs := pack(append(strings.Fields(test.match), strings.Fields(test.not)...))
		check(t, m, regexp.MustCompile(m.String()), text, offs)
		for _, name := range strings.Fields(test.match) {
			if !m.MatchString(name) {
				t.Errorf("%q does not match %q", test.glob, name)
			}
		}
		for _, name := range strings.Fields(test.not) {
			if m.MatchString(name) {
				t.Errorf("%q matches %q", test.glob, name)
			}
		}
	}
	for _, glob := range []string{"[", "[a", "[]", "[!]", `a\`, `[\`, "[a-", `[a-\`, "[z-a]",
		"\xff"} {
		if m, err := Glob(glob); err == nil {
			t.Errorf("%q means %q, want an error", glob, m)
		}
	}
}

func TestPrefix(t *testing.T) {
	for _, test := range []struct {
		expr, prefix string
		complete     bool
	}{
		{"", "", true},
		{".*", "", true},
		{"^tcp_", "tcp_", true},
		{"^__x64_sys_.*", "__x64_sys_", true},
		{"^(tcp)_(a|b)?", "tcp_", true},
		{"^tcp_$", "tcp_", false},
		{"^tcp_.*msg", "tcp_", false},
		{`(?s)\Atcp_.*\z`, "tcp_", true},
		{"^(?i)tcp", "", false},
		{"tcp", "", false},
		{"^(tcp|udp)_", "", false},
		{"(?m)^tcp_", "", false},
	} {
		m, err := Compile(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		prefix, complete := m.Prefix()
		if prefix != test.prefix || complete != test.complete {
			t.Errorf("%q: Prefix() = %q, %v, want %q, %v", test.expr, prefix, complete,
				test.prefix, test.complete)
		}
	}
}

// TestReadings wants of an expression that means one thing in both syntaxes no second reading,
// and of one that newlines tell apart a prefix as soon as a name has told.
func TestReadings(t *testing.T) {
	for _, c := range []struct {
		expr        string
		both        bool // readings are kept
		newlineOnly bool // tells them apart
	}{
		{`tcp_[a-z]+`, false, false},
		{`a**`, false, false},   // is POSIX and nothing else
		{`\Atcp`, false, false}, // is Perl's
		{`^tcp_`, true, true},
		{`a.b`, false, false},
		{`[^a]`, true, true},
		{`^a+?b`, true, false},
	} {
		re, err := regexp.Compile(c.expr)
		if err != nil {
			re = regexp.MustCompilePOSIX(c.expr)
		}
		m, err := FromRegexp(re)
		if err != nil {
			t.Fatal(err)
		}
		if (m.posix != nil) != c.both || m.newlineOnly != c.newlineOnly {
			t.Errorf("%s: both readings %v, told apart by newlines %v, want %v, %v", c.expr,
				m.posix != nil, m.newlineOnly, c.both, c.newlineOnly)
		}
	}

	text, offs := "x\ntcp_y\x00", []uint32{0}
	for _, c := range []struct {
		re       *regexp.Regexp
		prefix   string
		complete bool
	}{
		{regexp.MustCompile("^tcp_"), "tcp_", true},
		{regexp.MustCompilePOSIX("^tcp_"), "", false},
	} {
		m, err := FromRegexp(c.re)
		if err != nil {
			t.Fatal(err)
		}
		if prefix, complete := m.Prefix(); prefix != "" || complete {
			t.Errorf("before a name has told, Prefix() = %q, %v", prefix, complete)
		}
		if err := m.Select(text, offs, make([]uint64, 1)); err != nil {
			t.Fatal(err)
		}
		if prefix, complete := m.Prefix(); prefix != c.prefix || complete != c.complete {
			t.Errorf("Prefix() = %q, %v, want %q, %v", prefix, complete, c.prefix, c.complete)
		}
	}
}

// TestNewlineFirst matches names of which the very first byte of the text tells the readings apart.
func TestNewlineFirst(t *testing.T) {
	text, offs := pack([]string{"\nb", "b"})
	for _, re := range []*regexp.Regexp{regexp.MustCompile("^b"), regexp.MustCompilePOSIX("^b")} {
		m, err := FromRegexp(re)
		if err != nil {
			t.Fatal(err)
		}
		check(t, m, re, text, offs)
	}
}

// TestEffort looks at how names are asked: one by one while that is cheaper than a pass
// over the text, and not longer.
func TestEffort(t *testing.T) {
	names := make([]string, 200)
	for i := range names {
		names[i] = fmt.Sprintf("abc%d_abc", i)
	}
	text, all := pack(names)
	const each, searched, swept = "one by one", "searched", "swept"
	for _, c := range []struct {
		expr  string
		names int
		spent int // of the budget, before
		want  string
	}{
		{"abc1", len(names), 0, searched}, // a literal
		{"abc1", 1, 0, each},
		{"abc[0-9]*1_", len(names), 0, searched}, // a filter
		{"abc[0-9]*1_", 1, 0, each},
		{"abc[0-9]*1_", len(names), math.MaxInt, swept},
		{"^[a-z]+1", len(names), 0, each}, // anchored
		{"^[a-z]+1", 1, math.MaxInt, swept},
		{"[ab]c1", len(names), 0, swept},
		{"[ab]c1", 1, 0, each},
	} {
		m, err := Compile(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		r := &run{plan: m.plan, text: text, names: c.names, spent: c.spent}
		hits := make([]uint64, (c.names+63)/64)
		r.selectNames(all[:c.names], hits)
		got := each
		switch {
		case r.swept:
			got = swept
		case r.bits != nil:
			got = searched
		}
		if got != c.want {
			t.Errorf("%s of %d names, %d spent: %s, want %s", c.expr, c.names, c.spent, got, c.want)
		}
		for i := range c.names {
			if hit := hits[i/64]>>(i%64)&1 != 0; hit != m.MatchString(names[i]) {
				t.Errorf("%s on %q: %v", c.expr, names[i], hit)
			}
		}
		r.close()
	}
}

// TestBudgetEnds stops the look at single names at each of them in turn: those that
// are left must be answered all the same.
func TestBudgetEnds(t *testing.T) {
	text, offs := pack([]string{"abc1", "x", "abcd", "abc2", "abc", "y", "abc3x", "abcx4", "abc5"})
	for _, expr := range []string{"abc[0-9]", "^[a-z]+[0-9]"} {
		m, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		for left := range len(text) + 2 {
			r := &run{plan: m.plan, text: text, names: len(offs)}
			r.spent = r.budget() - left
			hits := make([]uint64, 1)
			r.selectNames(offs, hits)
			for i, off := range offs {
				if got := hits[0]>>i&1 != 0; got != m.MatchString(nameAt(text, off)) {
					t.Errorf("%s on %q, %d bytes left: %v", expr, nameAt(text, off), left, got)
				}
			}
			r.close()
		}
	}
}

func TestConcurrent(t *testing.T) {
	packed, starts := pack(hardNames)
	want := make([]uint64, (len(starts)+63)/64)
	for _, expr := range []string{`(?i)SKB`, `^[a-z]+_`, `a+?b`, `_.{5}e`, `[[:^word:]]a`,
		`sk_b?`} {
		re := regexp.MustCompile(expr)
		m, err := FromRegexp(re)
		if err != nil {
			t.Fatal(err)
		}
		clear(want)
		for i, name := range hardNames {
			if re.MatchString(name) {
				want[i/64] |= 1 << (i % 64)
			}
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					hits := make([]uint64, len(want))
					if err := m.Select(packed, starts, hits); err != nil {
						t.Error(err)
					} else if !slices.Equal(hits, want) {
						t.Errorf("%q: %x, want %x", expr, hits, want)
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestScan asks in blocks, as a backend that walks records does.
func TestScan(t *testing.T) {
	packed, starts := pack(hardNames)
	for _, expr := range []string{`sk_buff`, `^tcp_`, `(?i)k`, `^.*a.b$`, `[^a]x`, `a+?b`} {
		re := regexp.MustCompile(expr)
		m, err := FromRegexp(re)
		if err != nil {
			t.Fatal(err)
		}
		for _, names := range []int{0, len(starts)} {
			s, err := m.NewScan(packed, names)
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(starts); at += 7 {
				block := starts[at:min(at+7, len(starts))]
				hits := []uint64{1 << 63}
				if err := s.Select(block, hits); err != nil {
					t.Fatal(err)
				}
				want := uint64(1 << 63)
				for i, off := range block {
					if re.MatchString(nameAt(packed, off)) {
						want |= 1 << i
					}
				}
				if hits[0] != want {
					t.Errorf("%q, names %d to %d: %b, want %b", expr, at, at+6, hits[0], want)
				}
			}
			s.Close()
		}
	}
}

func TestBadArguments(t *testing.T) {
	m, err := Compile("a")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		text string
		offs []uint32
		hits int
	}{
		{"a", []uint32{0}, 1},
		{"a\x00", []uint32{2}, 1},
		{"a\x00", []uint32{0, 0, 0, 0, 0xffffffff}, 1},
		{"", []uint32{0}, 1},
		{"a\x00", []uint32{0}, 0},
	} {
		if err := m.Select(test.text, test.offs, make([]uint64, test.hits)); err == nil {
			t.Errorf("Select(%q, %v, %d words): no error", test.text, test.offs, test.hits)
		}
	}
	if err := m.Select("", nil, nil); err != nil {
		t.Error(err)
	}
}

// TestAllocations holds a warm query to the one Scan that it allocates.
func TestAllocations(t *testing.T) {
	packed, starts := pack(kernelNames(2000))
	hits := make([]uint64, (len(starts)+63)/64)
	for _, expr := range append(queries, hurtful...) {
		m, err := Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		ask := func() {
			if err := m.Select(packed, starts, hits); err != nil {
				t.Fatal(err)
			}
		}
		// The pools may lose what they hold at any time, but not every time.
		best := math.Inf(1)
		for range 20 {
			best = min(best, testing.AllocsPerRun(1, ask))
		}
		if best > 2 {
			t.Errorf("%q: %v allocations a query, want at most 2", expr, best)
		}
	}
}

func ExampleMatcher_Select() {
	m, err := Compile(`^tcp_.*msg$`)
	if err != nil {
		fmt.Println(err)
		return
	}
	text := "tcp_sendmsg\x00tcp_close\x00"
	offs := []uint32{0, 4, 12}
	hits := make([]uint64, 1)
	if err := m.Select(text, offs, hits); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%03b\n", hits[0])
	// Output: 001
}
