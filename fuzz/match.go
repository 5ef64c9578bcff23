package fuzz

import (
	"fmt"
	"regexp"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// Patterns are regular expressions that take every way through the matcher: literals at the
// front, the end and within, classes, case folding, assertions, alternatives, the empty name,
// counted repetition, bytes that no name has, and some that match all or nothing.
var Patterns = []string{
	`^$`, `.*`, ``, `^[[:alnum:]]+_drop_reason$`, `_t$`, `^tcp_`, `^(int|long|unsigned)`,
	`sk_buff`, `^[a-z]{3}_[a-z]{3}$`, `(?i)INT`, `\bint\b`, `a|e`, `[^a-z_0-9]`, `(a.*){3}`,
	`\x00`, `^[^\x00-\x7f]`, `(?s).\z`, `x*y?$`, `^.{0,4}$`, `\Bt\b`,
}

// CheckMatches asks the own section of spec for the ids of names that match and wants what
// package regexp says of each name.
func CheckMatches(spec *btf.Spec, b *naive.Blob, expr string) error {
	re, err := regexp.Compile(expr)
	m, ours := btf.NewMatcher(expr)
	if (err == nil) != (ours == nil) {
		return fmt.Errorf("compiling %q: %v, want %v", expr, ours, err)
	}
	if err != nil {
		return nil
	}
	return checkMatches(spec, b, re, m)
}

// compiled has Patterns as package regexp sees them.
var compiled = func() (list []*regexp.Regexp) {
	for _, expr := range Patterns {
		list = append(list, regexp.MustCompile(expr))
	}
	return list
}()

// CheckPattern is CheckMatches for one of Patterns.
func CheckPattern(spec *btf.Spec, b *naive.Blob, i int) error {
	re := compiled[i%len(compiled)]
	m, err := btf.NewMatcher(re.String())
	if err != nil {
		return err
	}
	return checkMatches(spec, b, re, m)
}

func checkMatches(spec *btf.Spec, b *naive.Blob, re *regexp.Regexp, m *btf.Matcher) error {
	expr := re.String()
	var want []uint32
	for _, t := range b.Types {
		if name := t.Name(); (name != "" || t.IsAnonymous()) && re.MatchString(name) {
			want = append(want, t.ID)
		}
	}
	own := spec.Own()
	for range 2 { // the second time from what the matcher worked out in the first
		got, err := own.AppendIDsByMatch(nil, m)
		if err != nil || !equalIDs(got, want) {
			return fmt.Errorf("own ids matching %q: %v, %v; want %v", expr, got, err, want)
		}
	}
	i := 0
	for t := range own.TypesByMatch(m) {
		if i >= len(want) || uint32(t.ID()) != want[i] {
			return fmt.Errorf("own types matching %q: %v, want %v", expr, t, want)
		}
		i++
	}
	if i != len(want) {
		return fmt.Errorf("own types matching %q: %d, want %d", expr, i, len(want))
	}
	return checkMatchKinds(own, m, want)
}

// checkMatchKinds asks for the functions and typedefs alone.
func checkMatchKinds(own *btf.Spec, m *btf.Matcher, want []uint32) error {
	got, err := own.AppendIDsByMatch(nil, m, btf.KindFunc, btf.KindTypedef)
	if err != nil {
		return err
	}
	i := 0
	for _, id := range want {
		t, _ := own.TypeByID(btf.TypeID(id))
		if k := t.Kind(); k != btf.KindFunc && k != btf.KindTypedef {
			continue
		}
		if i == len(got) || uint32(got[i]) != id {
			return fmt.Errorf("functions and typedefs matching %q: %v lack %d", m, got, id)
		}
		i++
	}
	if i != len(got) {
		return fmt.Errorf("functions and typedefs matching %q: %v are too many", m, got)
	}
	return nil
}
