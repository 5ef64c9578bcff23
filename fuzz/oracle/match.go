package oracle

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// Patterns are regular expressions that together take every way through the matcher. They have
// literals at the front, at the end and within, classes, folded case, assertions, alternatives,
// counted repetition, and bytes that no name has. Some match every name, some the empty one alone,
// some none.
var Patterns = []string{
	`^$`, `.*`, ``, `^[[:alnum:]]+_drop_reason$`, `_t$`, `^tcp_`, `^(int|long|unsigned)`,
	`sk_buff`, `^[a-z]{3}_[a-z]{3}$`, `(?i)INT`, `\bint\b`, `a|e`, `[^a-z_0-9]`, `(a.*){3}`,
	`\x00`, `^[^\x00-\x7f]`, `(?s).\z`, `x*y?$`, `^.{0,4}$`, `\Bt\b`,
}

// CheckMatches asks the own section of each of specs for the names that match expr. The answer
// must be what package regexp says of each name of b. All of specs are b, opened in several
// backends.
func CheckMatches(b *Blob, expr string, specs ...*btf.Spec) error {
	re, err := regexp.Compile(expr)
	if _, ours := btf.NewMatcher(expr); (err == nil) != (ours == nil) {
		return fmt.Errorf("compiling %q: %v, want %v", expr, ours, err)
	}
	if err != nil {
		return nil
	}
	return checkEach(expr, matching(b, re.MatchString), specs)
}

// CheckPatterns is CheckMatches of each of Patterns. v may be nil.
func CheckPatterns(b *Blob, v Verdicts, specs ...*btf.Spec) error {
	for i, expr := range Patterns {
		if err := checkEach(expr, v.matching(b, i), specs); err != nil {
			return fmt.Errorf("%q: %w", expr, err)
		}
	}
	return nil
}

// checkEach asks each of specs with a matcher of its own, which has worked out nothing yet.
func checkEach(expr string, want []uint32, specs []*btf.Spec) error {
	for _, spec := range specs {
		m, err := btf.NewMatcher(expr)
		if err != nil {
			return err
		}
		if err := checkMatches(spec, m, want); err != nil {
			return fmt.Errorf("%s: %w", spec.Info().Backend, err)
		}
	}
	return nil
}

// compiled has Patterns as package regexp sees them.
var compiled = func() (list []*regexp.Regexp) {
	for _, expr := range Patterns {
		list = append(list, regexp.MustCompile(expr))
	}
	return list
}()

// Verdicts remembers which of Patterns match a name: bit i stands for number i. It is for one blob
// after another with mostly the same names. A nil one remembers nothing.
type Verdicts map[string]uint32

func (v Verdicts) matching(b *Blob, i int) []uint32 {
	if v == nil {
		return matching(b, compiled[i].MatchString)
	}
	return matching(b, func(name string) bool { return v.of(name)>>i&1 != 0 })
}

func (v Verdicts) of(name string) uint32 {
	bits, ok := v[name]
	if !ok {
		for i, re := range compiled {
			if re.MatchString(name) {
				bits |= 1 << i
			}
		}
		v[strings.Clone(name)] = bits
	}
	return bits
}

// matching returns the ids of the own types of b whose name matches.
func matching(b *Blob, matches func(string) bool) (ids []uint32) {
	for _, t := range b.Types {
		if name := t.Name(); (name != "" || t.IsAnonymous()) && matches(name) {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// checkMatches compares with want, the ids whose name m matches. It asks more than once: the second
// answer comes from what the matcher worked out for the first.
func checkMatches(spec *btf.Spec, m *btf.Matcher, want []uint32) error {
	own := spec.Own()
	got, err := own.AppendIDsByMatch(nil, m)
	if err != nil || !equalIDs(got, want) {
		return fmt.Errorf("own ids matching %q: %v, %v; want %v", m, got, err, want)
	}
	i := 0
	for t := range own.TypesByMatch(m) {
		if i >= len(want) || uint32(t.ID()) != want[i] {
			return fmt.Errorf("own types matching %q: %v, want %v", m, t, want)
		}
		i++
	}
	if i != len(want) {
		return fmt.Errorf("own types matching %q: %d, want %d", m, i, len(want))
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
