package btftest

import (
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
)

var matchRules = []rule{
	{name: "match", rule: "A regular expression selects exactly the types whose name " +
		"regexp.MatchString accepts, base first and ascending, each once.",
		check: checkMatch, split: true},
	{name: "match nothing", rule: `If "" matches, anonymous types are selected; types of kinds ` +
		"without a name never are.",
		check: checkMatchEmpty, split: true},
	{name: "match kinds", rule: "Kinds narrows a Matcher to types of these kinds.",
		check: checkMatchKinds, split: true},
	{name: "matching", rule: "Matching ranges over the types of AppendMatches, and ends when the " +
		"loop does.",
		check: checkMatching, split: true},
}

// expressions exercise each way there is to run one: literal, anchored at either end,
// classes, alternatives, case folded, word boundaries, beyond ASCII, all and nothing.
var expressions = []string{
	"skb", "^tcp_", "_skb$", "^sk_buff$", "", "^$", ".*", "^.*$", "a|b", "^(tcp|udp)_.*msg$",
	"^[a-z]{3}_[a-z]{3}$", "(?i)SKB", `\bskb\b`, `\Bkb`, "[^a-z_]", "x{3,5}", "^x+$", "é",
	`^h.llo$`, "\xff", `\x00`, "(?s)^.", "same", "^same$", "prefix|suffix", "[[:space:]]", "n.*\xff",
	"^plain", "xxx$", "not_there",
}

// A selection is what package regexp selects by the name of each type.
type selection struct {
	expr string
	ids  []btf.TypeID
}

// selections has what the expressions select of each blob, by its name. It depends neither on the
// backend nor on how BTF is opened.
var selections = sync.OnceValue(func() map[string][]selection {
	byBlob := make(map[string][]selection)
	for _, blob := range blobs() {
		spec := mustOpen(blob)
		for _, expr := range expressions {
			re, err := regexp.Compile(expr)
			if err != nil {
				continue // not UTF-8
			}
			s := selection{expr: expr}
			for id, ty := range spec.All() {
				name := ty.Name()
				if (name != "" || ty.IsAnonymous()) && re.MatchString(name) {
					s.ids = append(s.ids, id)
				}
			}
			byBlob[blob.Name] = append(byBlob[blob.Name], s)
		}
	}
	return byBlob
})

func checkMatch(t *testing.T, s setup) {
	for _, blob := range s.blobs() {
		spec := s.blob(t, blob)
		first, _ := spec.Own().IDs()
		for _, want := range selections()[blob.Name] {
			m, err := btf.NewMatcher(want.expr)
			if err != nil {
				t.Errorf("%q: %v", want.expr, err)
				continue
			}
			got, err := spec.IDsByMatch(m)
			wantIDs(t, blob.Name+" /"+want.expr+"/", got, err, want.ids)
			own, _ := slices.BinarySearch(want.ids, first)
			got, err = spec.Own().IDsByMatch(m)
			wantIDs(t, blob.Name+" alone /"+want.expr+"/", got, err, want.ids[own:])
		}
	}
}

func checkMatchEmpty(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	want, err := module.IDsByName("")
	if err != nil {
		t.Fatal(err)
	}
	got, err := module.IDsByMatch(btf.MustMatcher("^$"))
	wantIDs(t, "^$", got, err, want)
	all, err := module.IDsByMatch(btf.MustMatcher(""))
	want = nil
	for id, ty := range module.All() {
		if ty.Name() != "" || ty.IsAnonymous() {
			want = append(want, id)
		}
	}
	wantIDs(t, "the empty expression", all, err, want)
}

func checkMatchKinds(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	m := btf.MustMatcher("^(list_head|module|kfree_skb)$")
	for _, kinds := range [][]btf.Kind{nil, {btf.KindFunc}, {btf.KindStruct, btf.KindFwd},
		{btf.KindFloat}} {
		var want []btf.TypeID
		for id, ty := range module.All() {
			if m.MatchString(ty.Name()) && (len(kinds) == 0 || slices.Contains(kinds, ty.Kind())) {
				want = append(want, id)
			}
		}
		got, err := module.IDsByMatch(m, kinds...)
		wantIDs(t, m.String(), got, err, want)
		var types []btf.TypeID
		for ty := range module.TypesByMatch(m, kinds...) {
			types = append(types, ty.ID())
		}
		wantIDs(t, "types of "+m.String(), types, nil, want)
	}
}

func checkMatching(t *testing.T, s setup) {
	module := s.module(t, s.kernel(t))
	m := btf.MustMatcher("skb")
	want, err := module.IDsByMatch(m)
	if err != nil || len(want) < 3 {
		t.Fatalf("%v, %v", want, err)
	}
	var got []btf.TypeID
	for ty := range module.TypesByMatch(m) {
		if ty != mustID(t, module, ty.ID()) {
			t.Errorf("%v is another value", ty)
		}
		got = append(got, ty.ID())
	}
	wantIDs(t, "skb", got, nil, want)
	for ty := range module.TypesByMatch(m) {
		if ty.ID() != want[0] {
			t.Errorf("starts with %v", ty)
		}
		break
	}
}
