package derived

import (
	"fmt"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/layout"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// compareLayout compares what a Ruler says of a type with what the oracle does.
func compareLayout(r *layout.Ruler, typ btf.Type, n naive.Type) error {
	if got, want := r.Align(typ), n.Align(); got != want {
		return fmt.Errorf("%v: alignment %d, want %d", typ, got, want)
	}
	if k := typ.Kind(); k != btf.KindStruct && k != btf.KindUnion {
		return nil
	}
	if got, want := r.Packed(typ), n.Packed(); got != want {
		return fmt.Errorf("%v: packed %v, want %v", typ, got, want)
	}
	if size, _ := typ.Size(); size > 1<<13 {
		return nil // too many bits to look at one by one
	}
	used := n.Used()
	gaps := 0
	for gap := range layout.Gaps(typ) {
		for i := gap.BitOffset; i < gap.BitOffset+gap.BitSize; i++ {
			if used[i] {
				return fmt.Errorf("%v: bit %d is in a gap, and used", typ, i)
			}
			gaps++
		}
	}
	for _, u := range used {
		if !u {
			gaps--
		}
	}
	if gaps != 0 {
		return fmt.Errorf("%v: %d bits too many in gaps", typ, gaps)
	}
	return nil
}

// FuzzLayout measures all types of any BTF: it ends, and agrees with the oracle on sound types.
func FuzzLayout(f *testing.F) {
	addBlobs(f, func(data []byte) { f.Add(data) })
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("large inputs slow the engine down")
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		sound := spec.Verify() == nil
		oracle, fault := naive.Parse(data, nil)
		if fault != nil {
			t.Fatal(fault)
		}
		var r layout.Ruler
		budget := 1 << 22 // bits of structs
		for id, typ := range spec.All() {
			r.Align(typ)
			r.Packed(typ)
			for range layout.Gaps(typ) {
			}
			size, _ := typ.Size()
			if n, _ := oracle.ByID(uint32(id)); sound && !n.IsVoid() && budget > 0 {
				budget -= 8*int(min(size, 1<<20)) + 1000
				if err := compareLayout(&r, typ, n); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
