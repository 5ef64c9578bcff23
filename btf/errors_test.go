package btf_test

import (
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
)

// TestLongErrors shows no more than the start of a name, pattern or list, whatever is in it.
func TestLongErrors(t *testing.T) {
	check := func(what string, err error, part string) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: no error", what)
			return
		}
		if text := err.Error(); len(text) > 1<<10 || !strings.Contains(text, part) {
			t.Errorf("%s: %d bytes, should have %q: %.300s", what, len(text), part, text)
		}
	}
	var all []btf.Kind
	for k := range btf.Kind(128) {
		all = append(all, k)
	}
	for _, unit := range []string{"a", "\xff", "\U0010ffff", "\"", "\n"} {
		name := strings.Repeat(unit, 1<<20/len(unit))
		b := builder.New(builder.Options{})
		b.Struct(name, 4, builder.Member{Name: name, BitfieldSize: 300})
		check("Builder", b.Err(), "bitfield size 300")

		b = builder.New(builder.Options{})
		b.Fwd(name, btf.KindStruct)
		spec := built.Spec(t, b, nil)
		_, err := spec.TypeByName(name, all[100:]...)
		check("TypeByName", err, ", but FWD")
		missing := &btf.NotFoundError{Name: name, Kinds: all[90:], Found: all[:120]}
		check("NotFoundError", missing, " or 30 more named ")
		check("NotFoundError", missing, ", 112 more")
		_, err = spec.TypeByName(name + "x")
		check("TypeByName", err, "no type named ")

		b = builder.New(builder.Options{})
		ty, _ := spec.TypeByID(1)
		b.Copy(ty, nil)
		b.Copy(ty, nil)
		b.Copy(btf.Type{}, nil)
		check("Copy of void", b.Err(), "kind 0")
		b = builder.New(builder.Options{})
		b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: b.Intern(name), Vlen: 1 << 24})
		check("vlen", b.Err(), "vlen 16777216")

		name = name[:10<<10]
		_, err = btf.NewMatcher(name + "(")
		check("NewMatcher", err, "error parsing regexp")
		_, err = btf.NewGlobMatcher(name + "[" + name)
		check("NewGlobMatcher", err, "glob ")
	}
}

// TestKindLists names up to eight kinds.
func TestKindLists(t *testing.T) {
	for n, want := range map[int]string{
		1: "INT", 2: "INT or PTR", 8: "INT or PTR or ARRAY or STRUCT or UNION or ENUM or FWD or TYPEDEF",
		9: "INT or PTR or ARRAY or STRUCT or UNION or ENUM or FWD or TYPEDEF or 1 more",
	} {
		err := &btf.NotFoundError{Name: "x"}
		for k := range n {
			err.Kinds = append(err.Kinds, btf.KindInt+btf.Kind(k))
		}
		if got := err.Error(); got != "btf: no "+want+` named "x"` {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
