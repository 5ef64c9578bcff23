package derived

import (
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
)

func newFinder(t blobs.TB, q funcs.Query) *funcs.Finder {
	t.Helper()
	f, err := funcs.New(q)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// FuzzFuncs selects functions of any BTF over any other: it ends, and agrees with the oracle.
func FuzzFuncs(f *testing.F) {
	addBlobs(f, func(data []byte) { f.Add(data, []byte(nil), "sk_buff") })
	f.Fuzz(func(t *testing.T, base, own []byte, name string) {
		if len(base)+len(own) > 1<<16 {
			t.Skip("large inputs slow the engine down")
		}
		spec, oracle := parseChain(t, base, own)
		finder := newFinder(t, funcs.Query{Traceable: true})
		byParam, err := funcs.New(funcs.Query{Param: "struct " + name + " *"})
		if err != nil || name == "" || name != clean(name) {
			byParam = newFinder(t, funcs.Query{Param: "struct sk_buff *"})
			name = "sk_buff"
		}
		for range 2 {
			for fn := range spec.TypesByKind(btf.KindFunc) {
				n, _ := oracle.ByID(uint32(fn.ID()))
				want := n.Traceable()
				if _, got := finder.Match(fn); got != want || (funcs.CheckTraceable(fn) == nil) != want {
					t.Fatalf("%v: traceable %v, want %v", fn, got, want)
				}
				param, ok := byParam.Match(fn)
				if want := n.PointsTo(name); ok && param != want || ok != (want >= 0) {
					t.Fatalf("%v: parameter %d of struct %s, %v; want %d", fn, param, name, ok, want)
				}
			}
		}
	})
}
