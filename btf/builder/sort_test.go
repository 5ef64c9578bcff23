package builder_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
)

// TestSortByName moves types and references to them, keeps equal names in their order, and leaves
// the base's ids alone. Bytes compare as unsigned ones.
func TestSortByName(t *testing.T) {
	b := builder.New(builder.Options{})
	b.Typedef("b", 2)
	b.Int("a", 4, btf.Int{Bits: 32})
	b.Ptr(5)
	b.Fwd("\xff", btf.KindStruct)
	b.Struct("b", 8, builder.Member{Name: "m", Type: 3})
	base := built.Spec(t, b, nil)
	sort := builder.CopyOptions{SortByName: true}
	want := "[1] PTR '(anon)' type_id=4\n" +
		"[2] INT 'a' size=4 bits_offset=0 nr_bits=32 encoding=(none)\n" +
		"[3] TYPEDEF 'b' type_id=2\n[4] STRUCT 'b' size=8 vlen=1\n\t'm' type_id=1 bits_offset=0\n" +
		"[5] FWD '\xff' fwd_kind=struct\n"
	if got := rawOf(t, builder.From(base, sort), nil); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b = builder.New(builder.Options{Base: base})
	b.Typedef("y", 7)
	b.Typedef("x", 1)
	module := built.Spec(t, b, base)
	want = "[6] TYPEDEF 'x' type_id=1\n[7] TYPEDEF 'y' type_id=6\n"
	if got := rawOf(t, builder.From(module, sort), base); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSortBlobs sorts every sound blob: its names are in order, and sorting again changes nothing.
func TestSortBlobs(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		if blob.Corrupt {
			continue
		}
		var base *btf.Spec
		if blob.Base != nil {
			if base, _ = btf.Parse(blob.Base.Data, nil); base == nil {
				continue // on a base of its own
			}
		}
		spec, err := btf.Parse(blob.Data, base)
		if err != nil {
			continue
		}
		sort := builder.CopyOptions{SortByName: true}
		once, err := builder.From(spec, sort).Bytes()
		if errors.Is(err, btf.ErrUnsupported) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", blob.Name, err)
		}
		sorted, err := btf.Parse(once, base)
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for _, typ := range sorted.Own().All() {
			if name := typ.Name(); name < last {
				t.Fatalf("%s: %q behind %q", blob.Name, name, last)
			} else {
				last = name
			}
		}
		again, err := builder.From(sorted, sort).Bytes()
		if err != nil || !bytes.Equal(once, again) {
			t.Errorf("%s: sorted again, it differs: %v", blob.Name, err)
		}
	}
	already, err := btf.Parse(btftest.Sorted(300, binary.BigEndian), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := builder.From(already, builder.CopyOptions{SortByName: true}).Bytes()
	if err != nil || !bytes.Equal(got, btftest.Sorted(300, binary.BigEndian)) {
		t.Errorf("what is sorted changes: %v", err)
	}
}

// TestSortOverlap refuses names that take quadratic time to compare.
func TestSortOverlap(t *testing.T) {
	b := builder.New(builder.Options{})
	start := b.Intern(strings.Repeat("x", 10000))
	for i := range uint32(10000) {
		b.Raw(builder.RawType{Kind: btf.KindFwd, NameOffset: start + i})
	}
	spec := built.Spec(t, b, nil)
	b = builder.From(spec, builder.CopyOptions{SortByName: true})
	if !errors.Is(b.Err(), btf.ErrUnsupported) {
		t.Error(b.Err())
	}
}
