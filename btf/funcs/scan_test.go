package funcs_test

import (
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/funcs"
)

// TestClose ends a loop that closes the Spec, and finds functions by the types of that one, which
// stays open as a base.
func TestClose(t *testing.T) {
	base := parse(t, nil, homonyms)
	two, err := base.TypeByName("two", btf.KindFunc)
	if err != nil {
		t.Fatal(err)
	}
	pointer, _ := two.Param(0)
	id := pointer.TargetID()
	spec := parse(t, base, func(b *builder.Builder) {
		for _, name := range []string{"a", "b", "c"} {
			function(b, name, 0, id)
		}
	})
	f, err := funcs.New(funcs.Query{Param: "struct chan *"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range f.In(base) {
		if n++; n == 2 {
			base.Close() // its section stays open underneath
		}
	}
	if n != 2 {
		t.Errorf("%d functions, closed at the second", n)
	}
	for m := range f.In(base) {
		t.Errorf("%v of a closed Spec", m)
	}
	got := ""
	for m := range f.In(spec.Own()) {
		got += m.Func.Name()
	}
	if got != "abc" {
		t.Errorf("functions of a closed base's type: %q", got)
	}
}

// TestAgain finds the same functions again, also after a loop that ended early, in any section of a
// chain.
func TestAgain(t *testing.T) {
	base := parse(t, nil, homonyms)
	spec := parse(t, base, homonyms)
	f, err := funcs.New(funcs.Query{Param: "struct chan *"})
	if err != nil {
		t.Fatal(err)
	}
	for turn := range 3 {
		for range f.In(spec) {
			if turn == 0 {
				break
			}
		}
		for _, s := range []*btf.Spec{spec.Own(), spec, base} {
			var want, got []funcs.Match
			for fn := range s.TypesByKind(btf.KindFunc) {
				if param, ok := f.Match(fn); ok {
					want = append(want, funcs.Match{Func: fn, Param: param})
				}
			}
			for m := range f.In(s) {
				got = append(got, m)
			}
			if !slices.Equal(got, want) || len(got) == 0 {
				t.Fatalf("turn %d: %v, want %v", turn, got, want)
			}
		}
	}
}
