package derived

import (
	"fmt"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/diff"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// TestDiff compares kernels of different versions and machines, and wants the changes that the
// oracle's texts of declarations tell: for each name those of one kernel and not of the other.
func TestDiff(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"deb-6.1-cloud-amd64/vmlinux", "deb-6.12-cloud-amd64/vmlinux"},
		{"deb-7.2-amd64/vmlinux", "deb-7.2-s390x/vmlinux"},
	} {
		old, new := open(t, pair[0]), open(t, pair[1])
		want := oracleChanges(old.oracle, new.oracle)
		got := map[string]int{}
		elements := 0
		counts := map[string]int{}
		for _, c := range diff.Between(old.spec, new.spec) {
			typ := c.New
			if typ.IsVoid() {
				typ = c.Old
			}
			if typ.Name() == "" {
				continue // enums without a name, whose first enumerators the oracle does not pair
			}
			got[fmt.Sprint(kindOf(uint8(typ.Kind())), " ", c.Name)]++
			elements += len(c.Elements)
			counts[typ.Kind().String()]++
		}
		if len(got) != len(want) || len(want) < 10_000 {
			t.Errorf("%s: %d changed names, want %d", pair, len(got), len(want))
		}
		for name, n := range want {
			if got[name] != n {
				t.Fatalf("%s: %d changes of %s, want %d", pair, got[name], name, n)
			}
		}
		t.Logf("%s: %d names, %v, %d elements", pair, len(got), counts, elements)
		for _, k := range []*blob{old, new} {
			if changes := diff.Between(k.spec, k.spec); len(changes) != 0 {
				t.Errorf("%s has %d changes to itself", k.name, len(changes))
			}
		}
	}
}

// kindOf makes one kind of both enums.
func kindOf(kind uint8) uint8 {
	if kind == uint8(btf.KindEnum64) {
		return uint8(btf.KindEnum)
	}
	return kind
}

// oracleChanges returns how many definitions of each kind and name differ.
func oracleChanges(old, new *naive.Blob) map[string]int {
	texts := func(b *naive.Blob) map[string][]string {
		all := map[string][]string{}
		for _, t := range b.Types {
			kinds := []btf.Kind{btf.KindFunc, btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64,
				btf.KindTypedef, btf.KindVar}
			if slices.Contains(kinds, btf.Kind(t.Kind())) && t.Name() != "" {
				name := fmt.Sprint(kindOf(t.Kind()), " ", t.Name())
				text, _ := t.Declaration()
				all[name] = append(all[name], text)
			}
		}
		return all
	}
	before, after := texts(old), texts(new)
	changes := map[string]int{}
	for name := range merged(before, after) {
		a, b := only(before[name], after[name]), only(after[name], before[name])
		if n := max(len(a), len(b)); n > 0 {
			changes[name] = n
		}
	}
	return changes
}

func merged(a, b map[string][]string) map[string]bool {
	names := map[string]bool{}
	for _, m := range []map[string][]string{a, b} {
		for name := range m {
			names[name] = true
		}
	}
	return names
}

// only returns the texts of a that b does not have, one for one.
func only(a, b []string) (left []string) {
	b = slices.Clone(b)
	for _, text := range a {
		if i := slices.Index(b, text); i >= 0 {
			b = slices.Delete(b, i, i+1)
		} else {
			left = append(left, text)
		}
	}
	return left
}

// TestEqualAcross wants types of a kernel to be equal to themselves in another Spec of the same
// bytes; of each type a hash of its own, unless the oracle's texts are the same.
func TestEqualAcross(t *testing.T) {
	t.Parallel()
	b := open(t, newest)
	other, err := btf.Parse(b.data, nil)
	if err != nil {
		t.Fatal(err)
	}
	byText := map[string]btf.Type{}
	for i, n := range b.oracle.Types {
		if i%7 != 0 {
			continue
		}
		typ, _ := b.spec.TypeByID(btf.TypeID(n.ID))
		twin, _ := other.TypeByID(btf.TypeID(n.ID))
		if i%6000 == 0 && !diff.Equal(typ, twin) || !diff.SameDeclaration(typ, twin) ||
			diff.Hash(typ) != diff.Hash(twin) {
			t.Fatalf("%v differs from itself", typ)
		}
		text, ok := n.Declaration()
		if !ok {
			t.Fatalf("the declaration of %v has no end", typ)
		}
		if same, seen := byText[text]; seen {
			if !diff.SameDeclaration(same, twin) || diff.Hash(same) != diff.Hash(twin) {
				t.Fatalf("%v and %v differ, but not in the text %.200s", same, twin, text)
			}
		}
		byText[text] = typ
	}
	hashes := map[uint64]btf.Type{}
	for _, typ := range byText {
		if same, ok := hashes[diff.Hash(typ)]; ok {
			t.Errorf("%v and %v have one hash", same, typ)
		}
		hashes[diff.Hash(typ)] = typ
	}
	t.Logf("%d texts", len(byText))
	if len(byText) < 10_000 {
		t.Errorf("%d texts", len(byText))
	}
}

// BenchmarkDiff compares two kernels.
func BenchmarkDiff(b *testing.B) {
	old, new := open(b, kernels[0]), open(b, kernels[1])
	b.ReportAllocs()
	for b.Loop() {
		diff.Between(old.spec, new.spec)
	}
}
