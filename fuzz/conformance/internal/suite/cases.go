package suite

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"

	"github.com/btfkit/btfkit/corpus/malformed"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// A Verdict says what a parser does with a case.
type Verdict string

const (
	// Accept means that a parser reads the case and answers its queries.
	Accept Verdict = "accept"
	// Reject means that a parser refuses the case.
	Reject Verdict = "reject"
	// Either means that implementations differ for a reason. Only a crash or a hang is wrong.
	Either Verdict = "either"
)

// A Case is one input with what is to be said of it.
type Case struct {
	// Name is unique and stable, a number of the rule first: "056-reference-to-...-le".
	Name string `json:"name"`
	// Kind says where the case is from: catalogue, real, synthetic or generated.
	Kind    string  `json:"kind"`
	Rule    string  `json:"rule"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
	// Source is the file and function that states the rule, and Since the first Linux that has
	// it in this form. Link leads to the file.
	Source string `json:"source"`
	Since  string `json:"since"`
	Link   string `json:"link"`
	// Order is the byte order, "little" or "big".
	Order string `json:"byte_order"`

	// Data is the BTF, and Base what it is split from; Base is nil if it stands alone.
	Data []byte `json:"-"`
	Base []byte `json:"-"`
}

// orders are the byte orders with their marks in names.
var orders = []struct {
	mark, name string
	order      binary.ByteOrder
}{{"le", "little", binary.LittleEndian}, {"be", "big", binary.BigEndian}}

// All makes every case, in the order of their names' numbers. It makes some 70 MB of bytes, and
// fails only if what it is built from does.
func All() ([]Case, error) {
	cases := catalogue()
	for _, more := range []func() ([]Case, error){real, synthetic, generated} {
		cs, err := more()
		if err != nil {
			return nil, err
		}
		cases = append(cases, cs...)
	}
	return cases, nil
}

// catalogue makes the cases of package malformed. A split of a split is left out, since a case has
// one base.
func catalogue() (cases []Case) {
	for c := range malformed.All() {
		for i, o := range orders {
			chain := c.Chain(o.order)
			if len(chain) > 2 {
				continue
			}
			r := ruleOf(c)
			made := Case{
				Name: fmt.Sprintf("%03d-%s-%s-%s", c.Row, slug(c.Rule), slug(c.Name), o.mark),
				Kind: "catalogue", Rule: c.Rule, Verdict: r.verdict, Reason: c.Why,
				Source: r.file + ": " + r.function, Since: r.since, Link: link(r.file, r.since),
				Order: o.name, Data: chain[len(chain)-1],
			}
			if c.Row == 23 { // whose subject is the order
				made.Order = orders[1-i].name
			}
			if len(chain) == 2 {
				made.Base = chain[0]
			}
			cases = append(cases, made)
		}
	}
	return cases
}

var noWord = regexp.MustCompile(`[^a-z0-9]+`)

// symbols are what two names of one rule differ in although their letters are the same.
var symbols = strings.NewReplacer("-2", "minus 2", ".a", "dot a", "a.b", "a dot b", `".."`, "dots",
	"a-b", "a minus b", "+", "plus", "ß", "ss", "ö", "oe")

// slug makes a name for a folder of words.
func slug(s string) string {
	s = noWord.ReplaceAllString(strings.ToLower(symbols.Replace(s)), "-")
	if len(s) > 48 {
		s = s[:48]
	}
	return strings.Trim(s, "-")
}

// decode reads a case with the second decoder, and refuses what Verify refuses.
func (c Case) decode() (*naive.Blob, error) {
	var base *naive.Blob
	if c.Base != nil {
		b, fault := naive.Parse(c.Base, nil)
		if fault != nil {
			return nil, fmt.Errorf("base: %w", fault)
		}
		base = b
	}
	blob, fault := naive.Parse(c.Data, base)
	if fault != nil {
		return nil, fault
	}
	switch v := blob.Verify(); {
	case v.Fault != nil:
		return nil, v.Fault
	case v.Cycle:
		return nil, fmt.Errorf("a type refers to itself")
	}
	return blob, nil
}
