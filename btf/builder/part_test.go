package builder_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/internal/built"
)

// rawOf writes what a Builder holds as bpftool does.
func rawOf(t *testing.T, b *builder.Builder, base *btf.Spec) string {
	t.Helper()
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.Parse(data, base)
	if err == nil {
		err = spec.Verify()
	}
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := dump.Raw(&text, spec.Own()); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// circle is a kernel with a list, what it is used by, and an unrelated type.
func circle(t *testing.T, base *btf.Spec) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{Base: base})
	first := b.NextID()
	b.Int("int", 4, btf.Int{Bits: 32})
	b.Float("unrelated", 8)
	b.Struct("node", 16, builder.Member{Name: "next", Type: first + 3},
		builder.Member{Name: "value", Type: first, BitOffset: 64})
	b.Ptr(first + 2)
	b.FuncProto(first, builder.Param{Name: "n", Type: first + 3})
	b.Func("walk", first+4, btf.LinkageStatic)
	return built.Spec(t, b, base)
}

// TestCopyClosure copies what a function and a struct need, through a circle, alone or on a base.
func TestCopyClosure(t *testing.T) {
	spec := circle(t, nil)
	walk, _ := spec.TypeByName("walk")
	node, _ := spec.TypeByName("node")
	want := `[1] FUNC 'walk' type_id=3 linkage=static
[2] STRUCT 'node' size=16 vlen=2
	'next' type_id=4 bits_offset=0
	'value' type_id=5 bits_offset=64
[3] FUNC_PROTO '(anon)' ret_type_id=5 vlen=1
	'n' type_id=4
[4] PTR '(anon)' type_id=2
[5] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
`
	b := builder.New(builder.Options{})
	ids := b.CopyClosure(walk, node, walk, btf.Type{})
	if !slices.Equal(ids, []btf.TypeID{1, 2, 1, 0}) {
		t.Errorf("ids %v", ids)
	}
	if got := rawOf(t, b, nil); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// On its own base, nothing is to be added; of a split section, what is its own.
	b = builder.New(builder.Options{Base: spec})
	if ids := b.CopyClosure(walk); !slices.Equal(ids, []btf.TypeID{6}) || b.NextID() != 7 {
		t.Errorf("ids %v, next %d", ids, b.NextID())
	}
	module := circle(t, spec)
	own, _ := module.Own().TypeByName("node")
	if ids := b.CopyClosure(own, node); !slices.Equal(ids, []btf.TypeID{7, 3}) || b.NextID() != 10 {
		t.Errorf("ids %v, next %d", ids, b.NextID())
	}
	// Without it, those of the base come along.
	b = builder.New(builder.Options{})
	if b.CopyClosure(own, node); b.NextID() != 7 {
		t.Errorf("next %d", b.NextID())
	}
}

// TestCopyClosureWhole copies all types of every sound blob: as many come out, each the same.
func TestCopyClosureWhole(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		if blob.Corrupt || blob.Base != nil {
			continue
		}
		spec, err := btf.Parse(blob.Data, nil)
		if err != nil {
			t.Fatal(err)
		}
		var types []btf.Type
		for _, typ := range spec.All() {
			types = append(types, typ)
		}
		b := builder.New(builder.Options{ByteOrder: spec.ByteOrder(), Limits: builder.LimitsFormat})
		ids := b.CopyClosure(types...)
		if errors.Is(b.Err(), btf.ErrUnsupported) {
			continue // kinds of the future
		}
		for i, id := range ids {
			if id != btf.TypeID(i) {
				t.Fatalf("%s: type %d has id %d", blob.Name, i, id)
			}
		}
		whole := builder.From(spec, builder.CopyOptions{RebuildStrings: true})
		if got, want := rawOf(t, b, nil), rawOf(t, whole, nil); got != want {
			t.Errorf("%s: got\n%.500s\nwant\n%.500s", blob.Name, got, want)
		}
	}
}

func TestCopyClosureErrors(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Raw(builder.RawType{Kind: btf.KindTypedef, NameOffset: b.Intern("t"), SizeOrType: 77})
	spec := built.Spec(t, b, nil)
	typ, _ := spec.TypeByName("t")
	b = builder.New(builder.Options{})
	if b.CopyClosure(typ); !errors.Is(b.Err(), btf.ErrCorrupt) {
		t.Error(b.Err())
	}
	spec.Close()
	b = builder.New(builder.Options{})
	if b.CopyClosure(typ); b.Err() == nil {
		t.Error("a type of a closed Spec is copied")
	}
}

// TestCopyStruct leaves members out; without bitfields, kind_flag goes, too.
func TestCopyStruct(t *testing.T) {
	b := builder.New(builder.Options{})
	integer := b.Int("int", 4, btf.Int{Bits: 32})
	b.Union("u", 8, builder.Member{Name: "a", Type: integer}, builder.Member{Name: "b", Type: integer,
		BitOffset: 3, BitfieldSize: 5}, builder.Member{Name: "c", Type: integer, BitOffset: 32})
	spec := built.Spec(t, b, nil)
	u, _ := spec.TypeByName("u")
	for kept, want := range map[string]string{
		"ac": "'a' type_id=9 bits_offset=0\n\t'c' type_id=9 bits_offset=32\n",
		"b":  "'b' type_id=9 bits_offset=3 bitfield_size=5\n",
		"":   "",
	} {
		b := builder.New(builder.Options{})
		for b.NextID() < 9 {
			b.Ptr(0)
		}
		b.Int("int", 4, btf.Int{Bits: 32})
		id := b.CopyStruct(u, func(i int) bool { return strings.Contains(kept, "abc"[i:i+1]) },
			func(btf.TypeID) btf.TypeID { return 9 })
		if want != "" {
			want = "\t" + want
		}
		want = fmt.Sprintf("[10] UNION 'u' size=8 vlen=%d\n%s", len(kept), want)
		if got := rawOf(t, b, nil); id != 10 || !strings.HasSuffix(got, want) {
			t.Errorf("%q: id %d\n%s\nwant\n%s", kept, id, got, want)
		}
		data, _ := b.Bytes()
		if small, err := btf.Parse(data, nil); err != nil {
			t.Error(err)
		} else if typ, _ := small.TypeByID(10); typ.KindFlag() != (kept == "b") {
			t.Errorf("%q: kind_flag %v", kept, typ.KindFlag())
		}
	}
	b = builder.New(builder.Options{})
	first, _ := spec.TypeByID(1)
	if b.CopyStruct(first, nil, nil); b.Err() == nil {
		t.Error("an INT has no members")
	}
}
