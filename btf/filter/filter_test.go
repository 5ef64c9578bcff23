package filter_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/filter"
)

// shared opens BTF with INT 1, INT 2, and some FUNCs that share a FUNC_PROTO whose n-th and last
// parameter alone has type 2.
func shared(t *testing.T, funcs, n int) *btf.Spec {
	t.Helper()
	b := builder.New(builder.Options{})
	b.Int("one", 4, btf.Int{Bits: 32})
	b.Int("two", 4, btf.Int{Bits: 32})
	params := slices.Repeat([]builder.Param{{Name: "p", Type: 1}}, n)
	params[n-1].Type = 2
	proto := b.FuncProto(1, params...)
	for range funcs {
		b.Func("f", proto, btf.LinkageStatic)
	}
	b.Func("of a function", proto+1, btf.LinkageStatic)
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// TestAnyParamOfShared asks about the parameters of a long FUNC_PROTO once, however many FUNCs
// share it, and about those of a short one again.
func TestAnyParamOfShared(t *testing.T) {
	const funcs = 100
	for _, c := range []struct{ n, first, asked, found int }{
		{64, 64, 64 * funcs, funcs},
		{65, 64, 64 * funcs, 0},
		{65, 65, 65, funcs},
		{500, 1 << 30, 500, funcs},
		{500, 499, 499, 0},
		{500, 0, 0, 0},
	} {
		asked := 0
		accept := filter.AnyParam(c.first, func(ty btf.Type) bool { asked++; return ty.NameIs("two") })
		found := 0
		for fn := range filter.Where(shared(t, funcs, c.n).TypesByKind(btf.KindFunc), accept) {
			if found++; !fn.NameIs("f") {
				t.Errorf("found %v", fn)
			}
		}
		if asked != c.asked || found != c.found {
			t.Errorf("first %d of %d parameters: asked %d times, found %d; want %d, %d",
				c.first, c.n, asked, found, c.asked, c.found)
		}
	}
}

// TestAnyParamAtOnce uses one filter from several goroutines.
func TestAnyParamAtOnce(t *testing.T) {
	spec := shared(t, 10, 300)
	accept := filter.AnyParam(300, func(ty btf.Type) bool { return ty.NameIs("two") })
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			found := 0
			for range filter.Where(spec.TypesByKind(btf.KindFunc), accept) {
				found++
			}
			if found != 10 {
				t.Errorf("%d found", found)
			}
		})
	}
	wait.Wait()
}
