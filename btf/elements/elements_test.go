package elements_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/elements"
	"github.com/btfkit/btfkit/btf/internal/built"
)

func parse(t testing.TB, base *btf.Spec, data []byte) *btf.Spec {
	t.Helper()
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func build(t testing.TB, fill func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	fill(b)
	return built.Spec(t, b, nil)
}

// named is what enumerators and members have in common.
type named interface{ Name() string }

// list returns "id.name" of each element.
func list[E named](seq iter.Seq2[btf.Type, E]) (found []string) {
	for t, e := range seq {
		found = append(found, fmt.Sprint(t.ID(), ".", e.Name()))
	}
	return found
}

// walk returns the elements whose name is accepted, of all types, one by one.
func walk(spec *btf.Spec, accept func(string) bool) (enumerators, members []string) {
	for _, t := range spec.All() {
		for _, e := range t.Enumerators() {
			if accept(e.Name()) {
				enumerators = append(enumerators, fmt.Sprint(t.ID(), ".", e.Name()))
			}
		}
		for _, m := range t.Members() {
			if accept(m.Name()) {
				members = append(members, fmt.Sprint(t.ID(), ".", m.Name()))
			}
		}
	}
	return enumerators, members
}

// TestNames compares all ways to find a name with walking over all types.
func TestNames(t *testing.T) {
	kernel := parse(t, nil, btftest.Kernel(nil))
	for _, spec := range []*btf.Spec{kernel, parse(t, kernel, btftest.Module(kernel, nil)),
		build(t, homonyms)} {
		index := elements.NewIndex(spec)
		names := map[string]bool{"": true, "absent": true, "a": true, "abc": true}
		walk(spec, func(name string) bool { names[name] = true; return false })
		found := 0
		for name := range names {
			enumerators, members := walk(spec, func(n string) bool { return n == name && n != "" })
			check(t, name, list(elements.EnumeratorsByName(spec, name)), enumerators)
			check(t, name, list(elements.MembersByName(spec, name)), members)
			check(t, name, list(index.Enumerators(name)), enumerators)
			check(t, name, list(index.Members(name)), members)
			found += len(enumerators) + len(members)
		}
		if found < 10 {
			t.Errorf("%d elements", found)
		}
		for _, expr := range []string{"", "^a", "SKB_.*O", "(?i)state", "e", "z"} {
			m := btf.MustMatcher(expr)
			enumerators, members := walk(spec, func(n string) bool { return n != "" && m.MatchString(n) })
			check(t, expr, list(elements.EnumeratorsByMatch(spec, m)), enumerators)
			check(t, expr, list(elements.MembersByMatch(spec, m)), members)
		}
	}
}

func check(t *testing.T, asked string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%q: %.200q, want %.200q", asked, got, want)
	}
}

// homonyms has names that several elements have, that share their beginnings, and are long.
func homonyms(b *builder.Builder) {
	i := b.Int("int", 4, btf.Int{Bits: 32})
	long := strings.Repeat("long", 20)
	for n := range 5 {
		b.Enum("e", 4, false, builder.Enumerator{Name: "a"}, builder.Enumerator{Name: "ab"},
			builder.Enumerator{Name: long}, builder.Enumerator{Name: fmt.Sprint(long, n)},
			builder.Enumerator{Name: "a"})
		b.Struct("s", 4, builder.Member{Name: "a", Type: i}, builder.Member{Type: i},
			builder.Member{Name: long + "x", Type: i}, builder.Member{Name: "ab", Type: i})
		b.Enum64("", 8, false, builder.Enumerator{Name: "ab", Value: -1})
	}
	b.Struct("empty", 0)
	b.Union("u", 4, builder.Member{Name: "a", Type: i})
}

// TestStops stops at the first hit of many.
func TestStops(t *testing.T) {
	spec := build(t, homonyms)
	index := elements.NewIndex(spec)
	for i, seq := range []iter.Seq2[btf.Type, btf.Member]{
		elements.MembersByName(spec, "a"), index.Members("a")} {
		n := 0
		for range seq {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%d: %d hits", i, n)
		}
	}
	for range index.Enumerators("a") {
		break
	}
	for range elements.EnumeratorsByName(spec, "a") {
		break
	}
}

// TestOverlaps wants an end of names that are each other's ends.
func TestOverlaps(t *testing.T) {
	const n = 50_000
	spec := build(t, func(b *builder.Builder) {
		name := b.Intern(strings.Repeat("x", n))
		var trailer []uint32
		for i := range n {
			trailer = append(trailer, name+uint32(i), 0)
		}
		b.Raw(builder.RawType{Kind: btf.KindEnum, Vlen: n, SizeOrType: 4, Trailer: trailer})
	})
	index := elements.NewIndex(spec)
	for _, c := range [][2]int{{1, 1}, {70, 1}, {n, 1}, {n + 1, 0}} {
		name := strings.Repeat("x", c[0])
		if got := len(list(index.Enumerators(name))); got != c[1] {
			t.Errorf("%d: %d elements", c[0], got)
		}
		if got := len(list(elements.EnumeratorsByName(spec, name))); got != c[1] {
			t.Errorf("%d: %d elements by name", c[0], got)
		}
	}
	got := len(list(elements.EnumeratorsByMatch(spec, btf.MustMatcher("x$"))))
	if got != elements.MaxMatched {
		t.Errorf("%d match", got)
	}
}

// TestClosed wants nothing after Close.
func TestClosed(t *testing.T) {
	spec := build(t, homonyms)
	index := elements.NewIndex(spec)
	spec.Close()
	for i, got := range [][]string{list(elements.MembersByName(spec, "a")), list(index.Members("a")),
		list(index.Enumerators("a")), list(elements.NewIndex(spec).Enumerators("a"))} {
		if len(got) != 0 {
			t.Errorf("%d: %q", i, got)
		}
	}
}

// TestAllocations promises that an Index is asked for nothing.
func TestAllocations(t *testing.T) {
	index := elements.NewIndex(build(t, homonyms))
	if n := testing.AllocsPerRun(100, func() {
		for range index.Enumerators("a") {
		}
		for range index.Members("absent") {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
