package synth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log"
	"math"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus/synth"
)

func Example() {
	raw, err := synth.Base(synth.Shape{Types: 10_000, Sorted: true, ByteOrder: binary.BigEndian})
	if err != nil {
		log.Fatal(err)
	}
	spec, err := cache.Parse(raw, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, end := spec.IDs()
	fmt.Println(end-1, spec.ByteOrder())
	// Output: 10000 BigEndian
}

func base(t *testing.T, s synth.Shape) ([]byte, *btf.Spec) {
	t.Helper()
	raw, err := synth.Base(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw, check(t, raw, nil, s)
}

func split(t *testing.T, b *btf.Spec, s synth.Shape) ([]byte, *btf.Spec) {
	t.Helper()
	raw, err := synth.Split(b, s)
	if err != nil {
		t.Fatal(err)
	}
	return raw, check(t, raw, b, s)
}

// check opens and verifies raw and holds it against its shape.
func check(t *testing.T, raw []byte, b *btf.Spec, s synth.Shape) *btf.Spec {
	t.Helper()
	spec, err := cache.Parse(raw, b)
	if err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	if err := spec.Own().Verify(); err != nil {
		t.Fatalf("%+v: %v", s, err)
	}
	sec := store.SectionOf(spec)
	order := s.ByteOrder
	if order == nil {
		order = binary.LittleEndian
	}
	if sec.Len() != s.Types || sec.Header().ByteOrder != order ||
		(sec.Header().Layout.Len != 0) != s.Layout {
		t.Errorf("%+v: made %d types, header %+v", s, sec.Len(), sec.Header())
	}
	if names := names(spec); s.Types > 10 && slices.IsSorted(names) != s.Sorted {
		t.Errorf("%+v: names sorted: %v", s, !s.Sorted)
	}
	for _, typ := range spec.Own().All() {
		sound(t, typ)
	}
	return spec
}

func names(spec *btf.Spec) []string {
	var names []string
	for _, typ := range spec.Own().All() {
		if !typ.IsVoid() {
			names = append(names, typ.Name())
		}
	}
	return names
}

// sound checks the kernel's rules that Verify leaves out and that a generator can get wrong.
func sound(t *testing.T, typ btf.Type) {
	t.Helper()
	switch typ.Kind() {
	case btf.KindStruct, btf.KindUnion:
		size, _ := typ.Size()
		last := uint32(0)
		for i, m := range typ.Members() {
			target := m.Target()
			n, ok := target.Sizeof()
			if !ok || m.BitOffset() < last || uint64(m.BitOffset())/8+n > uint64(size) {
				t.Fatalf("%v of %d bytes: member %d at bit %d has %d bytes (%v)",
					typ, size, i, m.BitOffset(), n, target)
			}
			last = m.BitOffset()
		}
	case btf.KindFunc:
		if p := typ.Target(); p.Kind() != btf.KindFuncProto {
			t.Fatalf("%v is of %v", typ, p)
		}
	case btf.KindDatasec:
		if typ.Vlen() == 0 {
			t.Fatalf("%v is empty", typ)
		}
	case btf.KindTypedef, btf.KindConst, btf.KindVolatile, btf.KindRestrict, btf.KindArray,
		btf.KindVar:
		if _, ok := typ.Sizeof(); !ok {
			t.Fatalf("%v has no size", typ)
		}
	}
}

func TestShapes(t *testing.T) {
	for _, s := range []synth.Shape{
		{Types: 0},
		{Types: 1},
		{Types: 2},
		{Types: 7, Sorted: true},
		{Types: 5000},
		{Types: 5000, Seed: 1},
		{Types: 5000, Sorted: true},
		{Types: 5000, Sorted: true, Sharing: 0.5},
		{Types: 5000, Sharing: 0.9, ByteOrder: binary.BigEndian},
		{Types: 5000, NameLen: 200},
		{Types: 5000, NameLen: 1},
		{Types: 5000, Chain: 1},
		{Types: 5000, Chain: 32, Layout: true},
		{Types: 5000, Width: 100},
		{Types: 20, Width: 100_000, Mix: map[btf.Kind]int{btf.KindStruct: 1, btf.KindEnum: 1}},
		{Types: 1000, Mix: map[btf.Kind]int{btf.KindVar: 1, btf.KindDeclTag: 1}},
		{Types: 1000, Mix: map[btf.Kind]int{}, Sorted: true},
	} {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			raw, spec := base(t, s)
			again, err := synth.Base(s)
			if err != nil || !bytes.Equal(raw, again) {
				t.Errorf("the same shape gives other bytes: %v", err)
			}
			if s.Types == 0 {
				return
			}
			module := s
			module.Types, module.ByteOrder, module.Seed = s.Types/2+1, binary.BigEndian, 99
			if s.ByteOrder == binary.BigEndian {
				module.ByteOrder = binary.LittleEndian
			}
			_, m := split(t, spec, module)
			if reaches := reachesBase(m); s.Types >= 1000 && s.Mix == nil && !reaches {
				t.Error("the module refers to nothing in the base")
			}
		})
	}
}

func reachesBase(m *btf.Spec) bool {
	for _, typ := range m.Own().All() {
		if target := typ.Target(); !target.IsVoid() && target.Spec() != m {
			return true
		}
	}
	return false
}

// TestNames checks that length and sharing of the names are as asked for.
func TestNames(t *testing.T) {
	for _, s := range []synth.Shape{
		{Types: 20_000}, {Types: 20_000, NameLen: 60, Sharing: 0.25},
		{Types: 20_000, Sharing: 1}, {Types: 20_000, Sharing: 0.99, Sorted: true},
	} {
		_, spec := base(t, s)
		distinct, named, length := make(map[string]bool), 0, 0
		for _, n := range names(spec) {
			if n != "" {
				distinct[n] = true
				named++
				length += len(n)
			}
		}
		want := max(1, float64(named)*(1-s.Sharing))
		if math.Abs(float64(len(distinct))-want) > 1 {
			t.Errorf("%+v: %d names, %d of them different, want %.0f", s, named, len(distinct), want)
		}
		mean, asked := float64(length)/float64(named), float64(max(s.NameLen, 20))
		if s.Sharing < 0.9 && math.Abs(mean-asked) > asked/4 {
			t.Errorf("%+v: names of %.1f bytes, want %.0f", s, mean, asked)
		}
	}
}

// TestGolden pins the bytes of one shape: they must not depend on the machine.
func TestGolden(t *testing.T) {
	raw, err := synth.Base(synth.Shape{Types: 1000, ByteOrder: binary.BigEndian, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	const want = "966394d1de2a2d6f81cc22a0ff2d64bf0018853dcb7c342db5512a39ee0f92a7"
	if got := fmt.Sprintf("%x", sha256.Sum256(raw)); got != want {
		t.Errorf("sha256 %s, want %s: if the generator was changed on purpose, replace it", got, want)
	}
}

// TestChain checks that one long chain is possible, which recursive readers do not survive.
func TestChain(t *testing.T) {
	const n = 300_000
	_, spec := base(t, synth.Shape{Types: n, Chain: n, Mix: map[btf.Kind]int{btf.KindPtr: 1}})
	first, err := spec.TypeByID(2)
	if err != nil {
		t.Fatal(err)
	}
	length := 0
	for range first.Targets() {
		length++
	}
	if length < n-2 {
		t.Errorf("chain of %d types, want %d", length, n-1)
	}
}

// TestBeyondKernel makes more types than the kernel can number.
func TestBeyondKernel(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second and 300 MB; run without -short")
	}
	s := synth.Shape{Types: 1<<20 + 5, Sorted: true}
	raw, err := synth.Base(s)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := cache.Parse(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Verify(); err != nil {
		t.Fatal(err)
	}
	if n := store.SectionOf(spec).Len(); n != s.Types {
		t.Errorf("%d types, want %d", n, s.Types)
	}
}

func TestRefusesShapes(t *testing.T) {
	for _, s := range []synth.Shape{
		{Types: -1}, {NameLen: -1}, {Chain: -1}, {Width: 1 << 24}, {Sharing: 1.5},
		{Sharing: math.NaN()}, {Mix: map[btf.Kind]int{btf.KindDatasec: 1}},
		{Mix: map[btf.Kind]int{btf.KindInt: -1}},
	} {
		if _, err := synth.Base(s); err == nil {
			t.Errorf("%+v: accepted", s)
		}
	}
	_, empty := base(t, synth.Shape{})
	if _, err := synth.Split(empty, synth.Shape{Types: 1}); err == nil {
		t.Error("split of an empty base: accepted")
	}
}

func BenchmarkBase(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("types=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := synth.Base(synth.Shape{Types: n}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/type")
		})
	}
}
