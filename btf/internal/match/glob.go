package match

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Glob returns a Matcher for the names that a shell pattern describes from their first
// character to their last: '*' stands for any characters, '?' for one, '[a-z_]' for one of
// a set, '[!a-z]' or '[^a-z]' for one not in it, and '\' takes the special meaning
// from the character that follows. No character is special in a name, as '/' would be in a
// path. In a set, ']' and '-' are plain where they stand first, and '-' also where it
// stands last. The expression of the Matcher is the equivalent regular expression.
func Glob(pattern string) (*Matcher, error) {
	expr, err := globExpr(pattern)
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", shortenExpr(pattern), shorten(err))
	}
	m, err := Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", shortenExpr(pattern), err)
	}
	return m, nil
}

// globExpr translates a shell pattern.
func globExpr(pattern string) (string, error) {
	if !utf8.ValidString(pattern) {
		return "", &syntax.Error{Code: syntax.ErrInvalidUTF8, Expr: pattern}
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for rest := pattern; rest != ""; {
		c, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch c {
		case '*':
			// Several mean what one means; and each would cost the automaton states.
			rest = strings.TrimLeft(rest, "*")
			b.WriteString(`.*`)
		case '?':
			b.WriteByte('.')
		case '[':
			var err error
			if rest, err = globSet(&b, rest); err != nil {
				return "", err
			}
		case '\\':
			if rest == "" {
				return "", &syntax.Error{Code: syntax.ErrTrailingBackslash, Expr: `\`}
			}
			c, size = utf8.DecodeRuneInString(rest)
			rest = rest[size:]
			b.WriteString(regexp.QuoteMeta(string(c)))
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(`\z`)
	return b.String(), nil
}

// globSet translates a set, whose opening bracket has been read, and returns what is left
// of the pattern after it.
func globSet(b *strings.Builder, set string) (rest string, err error) {
	missing := &syntax.Error{Code: syntax.ErrMissingBracket, Expr: "[" + set}
	b.WriteByte('[')
	if strings.HasPrefix(set, "!") || strings.HasPrefix(set, "^") {
		b.WriteByte('^')
		set = set[1:]
	}
	for first := true; set != ""; first = false {
		if set[0] == ']' && !first {
			b.WriteByte(']')
			return set[1:], nil
		}
		var low, high rune
		if low, set = globChar(set); low < 0 {
			return "", missing
		}
		high = low
		if len(set) > 1 && set[0] == '-' && set[1] != ']' {
			if high, set = globChar(set[1:]); high < 0 {
				return "", missing
			}
		}
		fmt.Fprintf(b, `\x{%x}-\x{%x}`, low, high)
	}
	return "", missing
}

// globChar reads one character of a set, which '\' may precede; -1 means there is none.
func globChar(set string) (c rune, rest string) {
	if set[0] == '\\' {
		set = set[1:]
	}
	if set == "" {
		return -1, ""
	}
	c, size := utf8.DecodeRuneInString(set)
	return c, set[size:]
}
