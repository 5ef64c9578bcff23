package match

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzMatch compares with package regexp, on the names that the NULs in text part, and on
// all their suffixes. The text is repeated until every lane of a sweep has work.
func FuzzMatch(f *testing.F) {
	for i, expr := range hardPatterns {
		names := hardNames[i*7%len(hardNames):]
		f.Add(expr, strings.Join(names[:min(len(names), 12)], "\x00"))
	}
	f.Fuzz(func(t *testing.T, expr, names string) {
		if len(expr) > 80 || len(names) > 200 {
			t.Skip("stdlib takes too long on all suffixes")
		}
		re, err := regexp.Compile(expr)
		m, ownErr := Compile(expr)
		if (err == nil) != (ownErr == nil) {
			t.Fatalf("%q: %v, regexp says %v", expr, ownErr, err)
		}
		text := names + "\x00"
		text = strings.Repeat(text, 1+600/len(text))
		offs := anyOffsets(text, len(text))
		if err == nil {
			check(t, m, re, text, offs)
			checkRegexp(t, re, text, offs)
		}
		if re, err := regexp.CompilePOSIX(expr); err == nil {
			checkRegexp(t, re, text, offs)
		}
	})
}

func checkRegexp(t *testing.T, re *regexp.Regexp, text string, offs []uint32) {
	m, err := FromRegexp(re)
	if err != nil {
		t.Fatalf("%q: %v", re, err)
	}
	check(t, m, re, text, offs)
}

// FuzzGlob holds translated globs against a matcher of a few lines.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"tcp_*", "tcp_x"}, {"*a?c*", "xabcx"}, {`\*[!]a-c-]`, "*d"}, {"[^a-]", "é"},
		{"[a", "a"}, {`[\]-a]`, "^"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 30 || len(name) > 40 || strings.Count(pattern, "*") > 4 {
			t.Skip("the naive matcher is exponential")
		}
		m, err := Glob(pattern)
		if err != nil {
			return
		}
		if got, want := m.MatchString(name), naiveGlob([]rune(pattern), []rune(name)); got != want {
			t.Errorf("%q, which is %q, on %q = %v, want %v", pattern, m, name, got, want)
		}
	})
}

func naiveGlob(p, name []rune) bool {
	if len(p) == 0 {
		return len(name) == 0
	}
	if p[0] == '*' {
		return naiveGlob(p[1:], name) || len(name) > 0 && naiveGlob(p, name[1:])
	}
	if len(name) == 0 {
		return false
	}
	switch p[0] {
	case '?':
		return naiveGlob(p[1:], name[1:])
	case '[':
		end, in := naiveSet(p[1:], name[0])
		return in && naiveGlob(p[1+end:], name[1:])
	case '\\':
		p = p[1:]
	}
	return p[0] == name[0] && naiveGlob(p[1:], name[1:])
}

// naiveSet returns where the set ends and whether c is in it.
func naiveSet(p []rune, c rune) (end int, in bool) {
	not := p[0] == '!' || p[0] == '^'
	i := 0
	if not {
		i++
	}
	for first := true; first || p[i] != ']'; first = false {
		one := func() rune {
			if p[i] == '\\' {
				i++
			}
			i++
			return p[i-1]
		}
		low := one()
		high := low
		if p[i] == '-' && p[i+1] != ']' {
			i++
			high = one()
		}
		in = in || low <= c && c <= high
	}
	return i + 1, in != not
}
