package match

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"testing"
)

// describe tells how an expression is answered.
func describe(t *testing.T, expr string) string {
	t.Helper()
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlan(re.Simplify())
	names := [...]string{"all", "prefix", "exact", "literal", "filter", "forward", "sweep"}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", names[p.method], p.prefix,
		strings.ReplaceAll(p.literal, "\x00", "$")))
}

// TestPlan wants the cheapest way that is exact. Any other would give the same answers, later.
func TestPlan(t *testing.T) {
	long := strings.Repeat("x", maxLiteral)
	for expr, want := range map[string]string{
		``:                    "all",
		`.*`:                  "all",
		`^`:                   "all",
		`$`:                   "all",
		`^(?s).*`:             "all",
		`(?s).*$`:             "all",
		`^(?s).*$`:            "all",
		`a*`:                  "all",
		`(a*|b)(c?)`:          "all",
		`^tcp_`:               "prefix tcp_",
		`^tcp_.*`:             "prefix tcp_",
		`^(tcp)(_)`:           "prefix tcp_",
		`^tcp$`:               "exact tcp",
		`^$`:                  "exact",
		`sk_buff`:             "literal  sk_buff",
		`.*sk_buff.*`:         "literal  sk_buff",
		`^(?s).*sk_buff`:      "literal  sk_buff",
		`sk_buff(?s).*$`:      "literal  sk_buff",
		`_drop_reason$`:       "literal  _drop_reason$",
		`Q`:                   "literal  Q",
		`e`:                   "sweep",
		`x`:                   "literal  x", // the most frequent that is rare
		`h`:                   "sweep",
		`[ab]`:                "sweep",
		`(?i)TCP`:             "literal  tcp",
		`(?i)a1_`:             "literal  a1_",
		`a(?i)b(?-i)C$`:       "literal  abC$",
		`(?i)étc`:             "sweep",
		`(?i)Skb[0-9]`:        "filter  skb",
		`^(?i)tcp`:            "filter  tcp", // prefixes do not fold
		`^tcp(?i)x`:           "forward tcp",
		`ab[0-9]`:             "sweep", // two bytes are no filter
		`abc[0-9]`:            "filter  abc",
		`[0-9]abc$`:           "filter  abc$",
		`[0-9]ab$`:            "filter  ab$", // with the end they are three
		`the[0-9]QZX[0-9]`:    "filter  QZX",
		`QZX[0-9]the`:         "filter  QZX",
		`QZX[0-9]XZQ`:         "filter  QZX", // as rare as the other: the first
		`^[a-z]+_reason$`:     "filter  _reason$",
		`^[a-z]{3}_[a-z]{3}$`: "forward",
		`^tcp_[a-z]`:          "forward tcp_",
		`^tcp_[a-z]+_reason`:  "forward tcp_",
		`^tcp.$`:              "forward tcp",
		long:                  "literal  " + long,
		long + "y":            "sweep",
		"^" + long:            "prefix " + long,
		"^" + long + "y":      "forward",
		"[0-9]" + long + "y":  "sweep",
		"[0-9]" + long:        "filter  " + long,
	} {
		if got := describe(t, expr); got != want {
			t.Errorf("%.40s: %.40q, want %.40q", expr, got, want)
		}
	}
}

// TestRarest wants the two rarest bytes of a literal, each where it stands first.
func TestRarest(t *testing.T) {
	for lit, want := range map[string][2]int{
		"Q": {0, 0}, "eQ": {1, 0}, "Qe": {0, 1}, "ee": {0, 1}, "eQe": {1, 0}, "_eQ": {2, 1},
		"Qe_": {0, 1}, "Q_e": {0, 2}, "eQQ": {1, 2}, "QQQ": {0, 1}, "_W_Q": {1, 3}, "_Q_W": {3, 1},
		"sk_buff": {1, 3}, "!~": {0, 1},
	} {
		i, j := rarest(lit)
		if i != want[0] || j != want[1] {
			t.Errorf("%s: %d, %d, want %v", lit, i, j, want)
		}
	}
}

// TestLongPattern reads no more of a pattern for each place in it than a literal may be long.
func TestLongPattern(t *testing.T) {
	re, err := syntax.Parse(strings.Repeat("(x)", 10*maxLiteral), syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	items := flatten(nil, re.Simplify())
	lit, _, n := literalOf(items, true)
	if len(items) != 10*maxLiteral || n != maxLiteral+1 || len(lit) != n {
		t.Errorf("%d of %d items, %d bytes; want %d", n, len(items), len(lit), maxLiteral+1)
	}
}
