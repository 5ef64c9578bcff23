package elfx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
)

// heap opens BTF without any index.
var heap = btftest.Plain

// readDistilled reads one of the objects that pahole wrote; corpus/fixtures has their sources and
// the script that makes them.
func readDistilled(t *testing.T, name string) *Data {
	t.Helper()
	d, err := ExtractFile(context.Background(), "testdata/distilled/"+name+".o", nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRelocatePahole relocates a module with a distilled base onto the kernel it was built for, and
// compares it with the same module split on the kernel in the first place: the types are the same,
// in the same order, but for the pointers that distilling puts into the module.
func TestRelocatePahole(t *testing.T) {
	for _, target := range []string{"x86_64", "s390x"} {
		kernel, err := heap.Parse(readDistilled(t, "kernel-"+target).BTF, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := heap.Parse(readDistilled(t, "split-"+target).BTF, kernel)
		if err != nil {
			t.Fatal(err)
		}
		d := readDistilled(t, "distilled-"+target)
		if d.Base == nil {
			t.Fatalf("%s: no .BTF.base", target)
		}
		got, err := OpenData(t.Context(), d, kernel, heap)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Verify(); err != nil {
			t.Fatal(err)
		}
		if got.ByteOrder() != kernel.ByteOrder() {
			t.Errorf("%s: byte order %v", target, got.ByteOrder())
		}
		first, end := want.Own().IDs()
		for id := first; id < end; id++ {
			g, w := outline(t, got, id), outline(t, want, id)
			if g != w {
				t.Errorf("%s: type %d:\n got %s\nwant %s", target, id, g, w)
			}
		}
		if first == end {
			t.Errorf("%s: a module without types", target)
		}
	}
}

// outline writes a type with all it refers to, pointers by what they point at.
func outline(t *testing.T, spec *btf.Spec, id btf.TypeID) string {
	t.Helper()
	typ, err := spec.TypeByID(id)
	if err != nil {
		t.Fatal(err)
	}
	size, _ := typ.Size()
	s := fmt.Sprintf("%v %q %d bytes, %d", typ.Kind(), typ.Name(), size, typ.Vlen())
	s += refer(typ.Target()) + refer(typ.IndexType()) + refer(typ.Return())
	for _, m := range typ.Members() {
		s += fmt.Sprintf("; %s at %d", m.Name(), m.BitOffset()) + refer(m.Target())
	}
	for _, p := range typ.Params() {
		s += "; " + p.Name() + refer(p.Target())
	}
	for _, v := range typ.VarSecinfos() {
		s += "; " + refer(v.Target())
	}
	return s
}

func refer(t btf.Type) string {
	s := " -> "
	for ; t.Kind() == btf.KindPtr; t = t.Target() {
		s += "*"
	}
	return fmt.Sprintf("%s%d %s", s, t.ID(), t.Name())
}

// TestRelocateAlone opens a module with a distilled base where there is no kernel.
func TestRelocateAlone(t *testing.T) {
	spec, err := OpenData(t.Context(), readDistilled(t, "distilled-x86_64"), nil, heap)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Verify(); err != nil {
		t.Fatal(err)
	}
	driver, err := spec.TypeByName("driver", btf.KindStruct)
	if err != nil {
		t.Fatal(err)
	}
	member, _ := driver.Member(0)
	if device := member.Target(); device.Name() != "device" {
		t.Errorf("the first member is a %v, want struct device of the distilled base", device)
	}
	if err := spec.Close(); err != nil {
		t.Error(err)
	}
}

// build returns the BTF that add writes.
func build(t *testing.T, base *btf.Spec, add func(*builder.Builder)) []byte {
	t.Helper()
	b := builder.New(builder.Options{Base: base})
	add(b)
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t *testing.T, data []byte, base *btf.Spec) *btf.Spec {
	t.Helper()
	spec, err := btf.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// relocateKernel is a kernel with everything that the rules tell apart.
func relocateKernel(b *builder.Builder) {
	integer := b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})         // 1
	b.Int("long", 8, btf.Int{Encoding: btf.IntSigned, Bits: 64})                   // 2
	b.Float("double", 8)                                                           // 3
	b.Enum("small", 4, false)                                                      // 4
	b.Enum64("wide", 8, false)                                                     // 5
	b.Struct("one", 4, builder.Member{Name: "x", Type: integer})                   // 6
	b.Struct("twice", 4)                                                           // 7
	b.Struct("twice", 8)                                                           // 8
	b.Struct("equal", 4)                                                           // 9
	b.Struct("equal", 4)                                                           // 10
	b.Union("either", 8)                                                           // 11
	b.Fwd("declared", btf.KindStruct)                                              // 12
	b.Struct("both", 4)                                                            // 13
	b.Union("both", 4)                                                             // 14
	b.Typedef("one", integer)                                                      // 15
	b.Struct("bits", 4, builder.Member{Name: "f", Type: integer, BitfieldSize: 3}) // 16
}

// TestRelocateRules has a case for each rule: one distilled type, which the module points at or
// embeds, and the kernel's id or the words of the refusal.
func TestRelocateRules(t *testing.T) {
	signed := btf.Int{Encoding: btf.IntSigned, Bits: 32}
	tests := []struct {
		name  string
		add   func(*builder.Builder)
		embed bool
		want  btf.TypeID
		says  string
	}{
		{"int", func(b *builder.Builder) { b.Int("int", 4, signed) }, false, 1, ""},
		{"int of another size", func(b *builder.Builder) { b.Int("int", 8, signed) }, false, 0,
			"INT int (type 1, 8 bytes): the kernel's has another size or encoding"},
		{"int of another encoding", func(b *builder.Builder) { b.Int("int", 4, btf.Int{Bits: 32}) },
			false,
			0, "another size or encoding"},
		{"unknown int", func(b *builder.Builder) { b.Int("u128", 16, signed) }, false, 0,
			"INT u128 (type 1, 16 bytes): the kernel has none"},
		{"float", func(b *builder.Builder) { b.Float("double", 8) }, false, 3, ""},
		{"float of another size", func(b *builder.Builder) { b.Float("double", 4) }, false, 0,
			"another size"},
		{"enum", func(b *builder.Builder) { b.Enum("small", 4, false) }, false, 4, ""},
		{"enum for enum64", func(b *builder.Builder) { b.Enum("wide", 8, false) }, false, 5, ""},
		{"enum of another size", func(b *builder.Builder) { b.Enum("wide", 4, false) }, false, 0,
			"another size"},
		{"struct behind a pointer", func(b *builder.Builder) { b.Struct("one", 99) }, false, 6, ""},
		{"struct by value", func(b *builder.Builder) { b.Struct("one", 4) }, true, 6, ""},
		{"struct by value, grown", func(b *builder.Builder) { b.Struct("one", 99) }, true, 0,
			"STRUCT one (type 1, 99 bytes): the kernel's has another size"},
		{"struct of two by size", func(b *builder.Builder) { b.Struct("twice", 8) }, false, 8, ""},
		{"struct of two, other size", func(b *builder.Builder) { b.Struct("twice", 9) }, false, 0,
			"another size"},
		{"struct of two equal", func(b *builder.Builder) { b.Struct("equal", 4) }, false, 0,
			"types 9 and 10 of the kernel both match"},
		{"struct for union", func(b *builder.Builder) { b.Struct("either", 8) }, false, 0, "has none"},
		{"union", func(b *builder.Builder) { b.Union("either", 8) }, false, 11, ""},
		{"union beside a struct", func(b *builder.Builder) { b.Union("both", 4) }, false, 14, ""},
		{"fwd for fwd", func(b *builder.Builder) { b.Fwd("declared", btf.KindStruct) }, false, 12, ""},
		{"fwd for struct", func(b *builder.Builder) { b.Fwd("one", btf.KindStruct) }, false, 6, ""},
		{"fwd for struct of bitfields", func(b *builder.Builder) { b.Fwd("bits", btf.KindStruct) }, false,
			16, ""},
		{"fwd for union", func(b *builder.Builder) { b.Fwd("either", btf.KindUnion) }, false, 11, ""},
		{"fwd of the other kind", func(b *builder.Builder) { b.Fwd("one", btf.KindUnion) }, false, 0,
			"FWD one (type 1): the kernel has none"},
		{"typedef", func(b *builder.Builder) { b.Typedef("one", 0) }, false, 0,
			"no distilled base holds"},
		{"anonymous", func(b *builder.Builder) { b.Struct("", 4) }, false, 0, "without a name"},
	}
	kernel := parse(t, build(t, nil, relocateKernel), nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base := build(t, nil, test.add)
			module := build(t, parse(t, base, nil), func(b *builder.Builder) {
				target := b.Typedef("alias", 1) // 2
				if test.embed {
					target = b.Array(b.Const(target), 1, 2)
				} else {
					target = b.Ptr(target)
				}
				b.Struct("user", 8, builder.Member{Name: "one", Type: target})
			})
			relocated, err := Relocate(t.Context(), module, base, kernel)
			if test.says != "" {
				if !errors.Is(err, ErrMismatch) || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want ErrMismatch and %q", err, test.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			alias, err := parse(t, relocated, kernel).TypeByName("alias")
			if err != nil {
				t.Fatal(err)
			}
			if got := alias.TargetID(); got != test.want || alias.ID() != 17 {
				t.Errorf("type %d refers to %d, want 17 and %d", alias.ID(), got, test.want)
			}
		})
	}
}

// TestRelocateListsMismatches names several types that do not match, and stops somewhere.
func TestRelocateListsMismatches(t *testing.T) {
	kernel := parse(t, build(t, nil, relocateKernel), nil)
	base := build(t, nil, func(b *builder.Builder) {
		for i := range 100 {
			b.Struct(fmt.Sprintf("gone%d", i), 4)
		}
	})
	_, err := Relocate(t.Context(), build(t, parse(t, base, nil), func(*builder.Builder) {}), base,
		kernel)
	if !errors.Is(err, ErrMismatch) || strings.Count(err.Error(), "gone") != maxMismatches ||
		!strings.HasPrefix(err.Error(), "elfx: distilled base ") {
		t.Errorf("error %v", err)
	}
}

// TestRelocateDamaged refuses damaged sections of either name without a panic, whatever was hit.
func TestRelocateDamaged(t *testing.T) {
	kernel := parse(t, readDistilled(t, "kernel-x86_64").BTF, nil)
	d := readDistilled(t, "distilled-x86_64")
	for _, part := range [][]byte{d.BTF, d.Base} {
		for at := range part {
			old := part[at]
			for _, v := range []byte{0, 1, 0x7f, 0xff, old ^ 4} {
				part[at] = v
				spec, err := OpenData(t.Context(), d, kernel, heap)
				if err != nil {
					continue
				}
				if err := spec.Verify(); err != nil {
					t.Fatalf("byte %d = %#x: relocated, but then: %v", at, v, err)
				}
				spec.Close()
			}
			part[at] = old
		}
	}
}

// TestRelocateSharedChain has many members that share one long chain of targets. Walking it once
// for each would take many minutes; the deadline is for that alone.
func TestRelocateSharedChain(t *testing.T) {
	const links, members, structs = 100_000, 65_535, 4
	base := build(t, nil, func(b *builder.Builder) { b.Struct("one", 4) })
	var first btf.TypeID
	module := build(t, parse(t, base, nil), func(b *builder.Builder) {
		held := btf.TypeID(1)
		for range links {
			held = b.Const(held)
		}
		fields := make([]builder.Member, members)
		for i := range fields {
			fields[i] = builder.Member{Type: held}
		}
		for range structs {
			first = b.Struct("user", 4, fields...)
		}
	})
	kernel := parse(t, build(t, nil, relocateKernel), nil)
	within(t, func() {
		relocated, err := Relocate(t.Context(), module, base, kernel)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := parse(t, relocated, kernel).TypeByID(first + 15); err != nil {
			t.Error(err)
		}
	})
}

// TestRelocateHomonyms has as many types of one name in the kernel as in the distilled base, which
// differ by size. Comparing each with each would take minutes.
func TestRelocateHomonyms(t *testing.T) {
	const n = 60_000
	base := build(t, nil, func(b *builder.Builder) {
		for i := range n {
			b.Struct("same", uint32(i))
		}
	})
	kernel := parse(t, base, nil)
	module := build(t, kernel, func(b *builder.Builder) { b.Ptr(n) })
	within(t, func() {
		if _, err := Relocate(t.Context(), module, base, kernel); err != nil {
			t.Error(err)
		}
	})
}

// within fails a test that hangs.
func within(t *testing.T, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("no end after a minute")
	}
}

// watched is a store that reports lookups by name.
type watched struct {
	store.Section
	data   string
	lookup func()
}

func (w *watched) Bytes() string               { return w.data }
func (w *watched) Index(s store.Section) error { w.Section = s; return nil }
func (w *watched) Names() store.Names          { return store.Names{} }
func (w *watched) Info() btf.Info              { return btf.Info{Backend: "watched"} }
func (w *watched) Close() error                { return nil }

func (w *watched) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	w.lookup()
	return w.AppendIDsScanning(dst, name)
}

// TestRelocateLookups asks the kernel for no name: in some backends each takes a pass over all.
func TestRelocateLookups(t *testing.T) {
	data := build(t, nil, relocateKernel)
	lookup := func() { t.Error("a lookup by name") }
	kernel, err := store.Open(&watched{data: string(data), lookup: lookup}, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base := build(t, nil, func(b *builder.Builder) {
		for range 100 {
			b.Struct("one", 4)
			b.Float("double", 8)
		}
	})
	module := build(t, parse(t, base, nil), func(b *builder.Builder) { b.Ptr(200) })
	if _, err := Relocate(t.Context(), module, base, kernel); err != nil {
		t.Error(err)
	}
}

// TestRelocateSplitBase finds counterparts in all sections of a base that is split itself.
func TestRelocateSplitBase(t *testing.T) {
	root := parse(t, build(t, nil, relocateKernel), nil)
	split := parse(t, build(t, root, func(b *builder.Builder) {
		b.Struct("late", 4)
		b.Struct("one", 8)
	}), root)
	base := build(t, nil, func(b *builder.Builder) {
		b.Struct("late", 4)
		b.Struct("one", 4)
		b.Struct("one", 8)
	})
	module := build(t, parse(t, base, nil), func(b *builder.Builder) {
		b.Ptr(1)
		b.Ptr(2)
		b.Ptr(3)
	})
	relocated, err := Relocate(t.Context(), module, base, split)
	if err != nil {
		t.Fatal(err)
	}
	var targets []btf.TypeID
	for _, typ := range parse(t, relocated, split).Own().All() {
		targets = append(targets, typ.TargetID())
	}
	if fmt.Sprint(targets) != "[17 6 18]" {
		t.Errorf("targets %v", targets)
	}
}

// TestRelocateClosed says that the kernel is closed, not that it has no types.
func TestRelocateClosed(t *testing.T) {
	kernel := parse(t, build(t, nil, relocateKernel), nil)
	base := build(t, nil, func(b *builder.Builder) { b.Struct("one", 4) })
	module := build(t, parse(t, base, nil), func(b *builder.Builder) { b.Ptr(1) })
	if err := kernel.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Relocate(t.Context(), module, base, kernel); !errors.Is(err, btf.ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// TestRelocateCancelled ends with the context's error when that is done in the middle of the work.
func TestRelocateCancelled(t *testing.T) {
	kernel, err := btf.Parse(readDistilled(t, "kernel-x86_64").BTF, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := "testdata/distilled/distilled-x86_64.o"
	looks := 0
	all := &countingContext{Context: t.Context(), err: func() error { looks++; return nil }}
	if _, err := OpenFile(all, path, kernel, heap, nil); err != nil || looks < 15 {
		t.Fatalf("%d looks at the context, error %v", looks, err)
	}
	for n := range looks {
		ctx, late := cancelAfter(t.Context(), n)
		spec, err := OpenFile(ctx, path, kernel, heap, nil)
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), path) || *late > 5 {
			t.Errorf("after %d of %d looks: %v, error %v, %d looks later", n, looks, spec, err, *late)
		}
	}
}
