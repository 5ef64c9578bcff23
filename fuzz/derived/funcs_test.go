package derived

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/funcs"
)

// TestTraceable asks of every function of every blob whether it can be traced.
func TestTraceable(t *testing.T) {
	t.Parallel()
	asked, traceable := 0, 0
	for _, name := range all() {
		b := open(t, name)
		f := newFinder(t, funcs.Query{Traceable: true})
		for fn := range b.spec.Own().TypesByKind(btf.KindFunc) {
			n, _ := b.oracle.ByID(uint32(fn.ID()))
			want := n.Traceable()
			_, got := f.Match(fn)
			if err := funcs.CheckTraceable(fn); got != want || (err == nil) != want {
				t.Fatalf("%s: %v: %v, %v; the oracle says %v", name, fn, got, err, want)
			}
			if asked++; got {
				traceable++
			}
		}
	}
	t.Logf("%d of %d functions can be traced", traceable, asked)
	if asked < 200_000 || traceable == asked {
		t.Errorf("%d of %d", traceable, asked)
	}
}

// TestParams selects functions by structs of which there is one definition, and several.
func TestParams(t *testing.T) {
	t.Parallel()
	for _, name := range []string{newest, "deb-7.2-s390x/vmlinux"} {
		b := open(t, name)
		for _, s := range []string{"sk_buff", "dma_chan", "no_such"} {
			f := newFinder(t, funcs.Query{Param: "struct " + s + " *"})
			found := 0
			got := map[btf.TypeID]int{}
			for m := range f.In(b.spec) {
				got[m.Func.ID()] = m.Param
				found++
			}
			for _, n := range b.oracle.Types {
				if n.Kind() != uint8(btf.KindFunc) {
					continue
				}
				param, ok := got[btf.TypeID(n.ID)]
				if want := n.PointsTo(s); ok != (want >= 0) || ok && param != want {
					t.Fatalf("%s: %v: parameter %d, %v; want %d", name, n, param, ok, want)
				}
			}
			ids, _ := b.spec.IDsByName(s, btf.KindStruct)
			t.Logf("%s: %d functions of struct %s, which has %d definitions", name, found, s, len(ids))
		}
	}
}

// BenchmarkFuncs selects the functions that take a packet from a kernel: with no memory, and
// again.
func BenchmarkFuncs(b *testing.B) {
	k := open(b, newest)
	q := funcs.Query{Param: "struct sk_buff *", First: 5, Traceable: true}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			for range newFinder(b, q).In(k.spec) {
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		f := newFinder(b, q)
		b.ReportAllocs()
		for b.Loop() {
			for range f.In(k.spec) {
			}
		}
	})
}

// BenchmarkAllFuncs ranges over the functions, for comparison with BenchmarkFuncs.
func BenchmarkAllFuncs(b *testing.B) {
	k := open(b, newest)
	for b.Loop() {
		for range k.spec.TypesByKind(btf.KindFunc) {
		}
	}
}
