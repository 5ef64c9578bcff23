package validate_test

import (
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
	"github.com/btfkit/btfkit/btf/validate"
)

func parse(t testing.TB, base *btf.Spec, add func(b *builder.Builder)) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base})
	add(b)
	return built.Spec(t, b, base)
}

func Example() {
	b := builder.New(builder.Options{})
	integer := b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
	b.Struct("pair", 8, builder.Member{Name: "second", Type: integer, BitOffset: 32},
		builder.Member{Name: "first", Type: integer})
	b.Typedef("2nd", integer)
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	spec, err := btf.Parse(data, nil)
	if err != nil {
		log.Fatal(err)
	}
	findings, err := validate.Kernel(spec)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// type 2: member 1 at bit 0, behind one at bit 32 (member-order, btf_struct_check_meta)
	// type 3: name "2nd" is no identifier of up to 512 bytes (name, btf_ref_type_check_meta)
}

// TestDepth has chains that the kernel follows to their end, and such that are one longer; and one
// that no kernel follows, which must not take long: every 32 types, there is a finding.
func TestDepth(t *testing.T) {
	pointers := func(n int) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			for range n {
				b.Ptr(b.NextID() + 1)
			}
			b.Int("int", 4, btf.Int{Bits: 32})
		}
	}
	structs := func(n int) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			for range n {
				b.Struct("", 4, builder.Member{Name: "m", Type: b.NextID() + 1})
			}
			b.Int("int", 4, btf.Int{Bits: 32})
		}
	}
	consts := func(n int) func(b *builder.Builder) {
		return func(b *builder.Builder) {
			for range n {
				b.Const(b.NextID() + 1)
			}
			b.Int("int", 4, btf.Int{Bits: 32})
		}
	}
	for _, c := range []struct {
		what string
		add  func(b *builder.Builder)
		rule string
		n    int
	}{
		{"32 pointers", pointers(32), "", 0}, {"33 pointers", pointers(33), "depth", 1},
		{"32 structs", structs(32), "", 0}, {"33 structs", structs(33), "depth", 1},
		{"32 modifiers", consts(32), "", 0}, {"33 modifiers", consts(33), "chain", 1},
		{"300,000 pointers", pointers(300000), "depth", 300000/32 - 1}, // the last 32 resolve
	} {
		findings, err := validate.Kernel(parse(t, nil, c.add))
		rule := ""
		if len(findings) > 0 {
			rule = findings[0].Rule
		}
		if err != nil || rule != c.rule || len(findings) != c.n {
			t.Errorf("%s: %d, %s, %v; want %d, %s", c.what, len(findings), rule, err, c.n, c.rule)
		}
	}
}

// TestRules has types that are just right, and such that are just wrong.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		what string
		add  func(b *builder.Builder)
		rule string
	}{
		{"letters of Latin-1", func(b *builder.Builder) { b.Fwd("\xc0\xd6\xff", btf.KindStruct) }, ""},
		{"times is no letter", func(b *builder.Builder) { b.Fwd("a\xd7", btf.KindStruct) }, "name"},
		{"over is no letter", func(b *builder.Builder) { b.Fwd("a\xf7", btf.KindStruct) }, "name"},
		{"sign is no letter", func(b *builder.Builder) { b.Fwd("a\xbf", btf.KindStruct) }, "name"},
		{"old bitfield", func(b *builder.Builder) {
			b.Struct("s", 1, builder.Member{Name: "m", Type: b.Int("bits", 4, btf.Int{Bits: 3, Offset: 5})})
		}, ""},
		{"old bitfield beyond the end", func(b *builder.Builder) {
			b.Struct("s", 1, builder.Member{Name: "m", Type: b.Int("bits", 4, btf.Int{Bits: 4, Offset: 5})})
		}, "member-outside"},
		{"tag of a variable", func(b *builder.Builder) {
			v := b.Var("v", b.Int("int", 4, btf.Int{Bits: 32}), btf.LinkageGlobal)
			b.DeclTag("tag", v, -1)
		}, ""},
		{"tag of a variable's component", func(b *builder.Builder) {
			v := b.Var("v", b.Int("int", 4, btf.Int{Bits: 32}), btf.LinkageGlobal)
			b.DeclTag("tag", v, 0)
		}, "component"},
		{"4 GiB", func(b *builder.Builder) {
			b.Array(b.Int("long", 8, btf.Int{Bits: 64}), 1, 1<<29)
		}, "array-large"},
		{"8 bytes less", func(b *builder.Builder) {
			b.Array(b.Int("long", 8, btf.Int{Bits: 64}), 1, 1<<29-1)
		}, ""},
	} {
		findings, err := validate.Kernel(parse(t, nil, c.add))
		rule := ""
		if len(findings) > 0 {
			rule = findings[0].Rule
		}
		if err != nil || rule != c.rule || len(findings) > 1 {
			t.Errorf("%s: %v, %v; want %q", c.what, findings, err, c.rule)
		}
	}
}

// TestModule judges what a module has of its own, whatever its base has.
func TestModule(t *testing.T) {
	base := parse(t, nil, func(b *builder.Builder) {
		b.Int("a b", 4, btf.Int{Bits: 32})
		b.Typedef("a b", 1)
		b.Array(1, 1, 3)
	})
	module := parse(t, base, func(b *builder.Builder) {
		b.Struct("good", 12, builder.Member{Name: "m", Type: 3})
		b.Struct("bad", 11, builder.Member{Name: "m", Type: 3})
	})
	findings, err := validate.Kernel(module)
	if err != nil || len(findings) != 1 || findings[0].ID != 5 ||
		findings[0].Rule != "member-outside" {
		t.Errorf("%v, %v", findings, err)
	}
	module.Close()
	if _, err := validate.Kernel(module); !errors.Is(err, btf.ErrClosed) {
		t.Error(err)
	}
}

// FuzzValidate judges any BTF: it ends, what an object may not have a kernel does not take, and
// what Verify refuses is found.
func FuzzValidate(f *testing.F) {
	for _, b := range btftest.Blobs() {
		if b.Base == nil && len(b.Data) < 1<<14 {
			f.Add(b.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := btf.Parse(data, nil)
		if err != nil || len(data) > 1<<16 {
			return
		}
		kernel, err := validate.Kernel(spec)
		if err != nil {
			t.Fatal(err)
		}
		object, err := validate.Object(spec)
		if err != nil || len(object) > 0 && len(kernel) == 0 {
			t.Fatalf("%v, but %v in an object; %v", kernel, object, err)
		}
		if err := spec.Verify(); err != nil && len(kernel) == 0 {
			t.Fatalf("Verify finds %v", err)
		}
		for _, f := range append(kernel, object...) {
			if len(f.String()) > 1000 {
				t.Fatalf("a finding of %d bytes", len(f.String()))
			}
		}
	})
}
