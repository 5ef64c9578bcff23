package mutate_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/mutate"
)

// tiny is a little-endian blob with one type, "typedef void x".
var tiny = []byte("\x9f\xeb\x01\x00\x18\x00\x00\x00" +
	"\x00\x00\x00\x00\x0c\x00\x00\x00\x0c\x00\x00\x00\x03\x00\x00\x00" +
	"\x01\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00" + "\x00x\x00")

func Example() {
	blob := slices.Clone(tiny) // never sweep over what others read
	accepted := 0
	for edit, data := range mutate.Sweep(blob, &mutate.Options{Max: 100, Seed: 1}) {
		if len(data) >= 24 && data[2] == 1 { // a poor decoder: it looks at the version alone
			accepted++
		}
		_ = edit // to be printed when the decoder is wrong
	}
	fmt.Println("undone:", bytes.Equal(blob, tiny), "accepted some:", accepted > 0)
	// Output: undone: true accepted some: true
}

func small(t testing.TB, name string) []byte {
	t.Helper()
	b, ok := corpus.Find(name)
	if !ok {
		t.Fatalf("no blob %s", name)
	}
	raw, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(raw)
}

// TestSweepUndoes checks for one blob of each byte order that every edit changes the bytes, that
// no two are the same, and that each is undone.
func TestSweepUndoes(t *testing.T) {
	for _, name := range []string{"fixtures/pahole-kernel-x86_64", "fixtures/pahole-kernel-s390x"} {
		blob := small(t, name)
		orig := slices.Clone(blob)
		seen := make(map[mutate.Edit]bool)
		for e, view := range mutate.Sweep(blob, nil) {
			if bytes.Equal(view, orig) {
				t.Fatalf("%s: %v changes nothing", name, e)
			}
			if cap(view) != len(view) {
				t.Fatalf("%s: %v leaves room behind the bytes", name, e)
			}
			if seen[e] {
				t.Fatalf("%s: %v twice", name, e)
			}
			seen[e] = true
			if again, _ := e.Apply(slices.Clone(orig)); !bytes.Equal(again, view) {
				t.Fatalf("%s: applying %v to a copy gives other bytes", name, e)
			}
		}
		if !bytes.Equal(blob, orig) {
			t.Errorf("%s: the sweep left edits behind", name)
		}
		if n := mutate.Count(blob, nil); n != len(seen) || n < 10*len(blob) {
			t.Errorf("%s: %d edits, Count says %d", name, len(seen), n)
		}
	}
}

func TestSweepStopsUndone(t *testing.T) {
	blob := slices.Clone(tiny)
	for e := range mutate.Sweep(blob, nil) {
		if e.Op == mutate.Word {
			break
		}
	}
	if !bytes.Equal(blob, tiny) {
		t.Error("leaving the loop left an edit behind")
	}
}

// TestSweepHits checks that the sweep includes the edits that broke real decoders.
func TestSweepHits(t *testing.T) {
	all := make(map[string]bool)
	for e := range mutate.Edits(tiny, &mutate.Options{BaseTypes: 100, BaseStrings: 1000}) {
		all[e.String()] = true
	}
	for _, want := range []string{
		"truncated to 0 bytes",
		"truncated to 38 bytes",
		"0x2 magic: bit 1 flipped",
		"0x26 string: byte := 0xff",
		"0x4 hdr_len := 0x0",
		"0x4 hdr_len := 0x20",
		"0xc type_len := 0xd",
		"0x10 str_off := 0xfffffff4",
		"0x14 str_len := 0x27",
		"0x18 name_off := 0x3e8",
		"0x18 name_off := 0x3eb",
		"0x18 name_off := 0xffffffff",
		"0x1c info := 0x0",
		"0x1c info := 0x4000000",
		"0x1c info := 0x13000000",
		"0x1c info := 0x21000000",
		"0x1c info := 0x800ffff",
		"0x1c info := 0x8ffffff",
		"0x1c info := 0x88000000",
		"0x20 type := 0x64",
		"0x20 type := 0x65",
		"0x20 type := 0x66",
		"0x20 type := 0x67",
	} {
		if !all[want] {
			t.Errorf("missing: %s", want)
		}
	}
}

func TestSampling(t *testing.T) {
	blob := small(t, "fixtures/gcc-s390x")
	total := mutate.Count(blob, nil)
	draw := func(seed uint64, limit int) []mutate.Edit {
		return slices.Collect(mutate.Edits(blob, &mutate.Options{Seed: seed, Max: limit}))
	}
	one, again, other := draw(1, 2000), draw(1, 2000), draw(2, 2000)
	if !slices.Equal(one, again) {
		t.Error("equal options give different edits")
	}
	if slices.Equal(one, other) {
		t.Error("the seed changes nothing")
	}
	if n := len(one); n < 1800 || n > 2200 {
		t.Errorf("drew %d of %d edits, asked for 2000", n, total)
	}
	ops := make(map[mutate.Op]int)
	for _, e := range one {
		ops[e.Op]++
	}
	if len(ops) != 4 {
		t.Errorf("drew only %v", ops)
	}
	if n := len(draw(1, total+1)); n != total {
		t.Errorf("%d edits under a limit above %d", n, total)
	}
}

// TestFields holds the walk against the manifest, which the parser wrote: as many info words as
// types, in every small blob.
func TestFields(t *testing.T) {
	for _, b := range corpus.Small() {
		raw := small(t, b.Name)
		infos := make(map[int]bool)
		for e := range mutate.Edits(raw, nil) {
			if e.Op == mutate.Word && e.Field == mutate.Info {
				infos[e.Offset] = true
			}
		}
		if b.Package != "" && len(infos) != b.Types {
			t.Errorf("%s: %d info words, %d types", b.Name, len(infos), b.Types)
		}
	}
}

// TestAnyBytes sweeps over damaged blobs: finding the fields must not depend on sound input.
func TestAnyBytes(t *testing.T) {
	blob := slices.Clone(tiny)
	for e, view := range mutate.Sweep(blob, nil) {
		n := 0
		for range mutate.Edits(view, nil) {
			n++
		}
		if n == 0 && len(view) > 0 {
			t.Errorf("%v: no edits", e)
		}
	}
}

func TestNoAllocationPerEdit(t *testing.T) {
	blob := slices.Clone(tiny)
	n := 0
	allocs := testing.AllocsPerRun(10, func() {
		for range mutate.Sweep(blob, nil) {
			n++
		}
	})
	if allocs > 20 {
		t.Errorf("%v allocations for %d edits", allocs, n/11)
	}
}

func TestDecode(t *testing.T) {
	blob := small(t, "fixtures/gcc-i386")
	orig := slices.Clone(blob)
	o := &mutate.Options{BaseTypes: 5, BaseStrings: 7}
	var input []byte
	for op := range 24 {
		input = append(input, byte(op*7), 0, 0, 0, byte(op), 0, byte(op), 0x80)
	}
	input = append(input, 1, 2, 3)
	edits := mutate.Decode(blob, o, input)
	if len(edits) != mutate.MaxRecords {
		t.Fatalf("%d edits of %d bytes", len(edits), len(input))
	}
	if !slices.Equal(edits, mutate.Decode(blob, o, input)) {
		t.Error("decoding again gives other edits")
	}
	ops := make(map[mutate.Op]bool)
	var undo []mutate.Undo
	for _, e := range edits {
		ops[e.Op] = true
		_, u := e.Apply(blob)
		undo = append(undo, u)
	}
	if bytes.Equal(blob, orig) {
		t.Error("the edits changed nothing")
	}
	for _, u := range slices.Backward(undo) {
		u.Undo(blob)
	}
	if !bytes.Equal(blob, orig) {
		t.Error("the edits are not undone")
	}
	if !ops[mutate.Truncate] || !ops[mutate.Flip] || !ops[mutate.Word] {
		t.Errorf("operations %v", ops)
	}
	if got := mutate.Decode(blob[:3], nil, input); got != nil {
		t.Errorf("three bytes have edits: %v", got)
	}
}

// TestApplyOutside checks that an edit made for a longer blob is harmless.
func TestApplyOutside(t *testing.T) {
	blob := slices.Clone(tiny)
	for _, e := range []mutate.Edit{
		{Op: mutate.Word, Offset: len(blob) - 3}, {Op: mutate.Byte, Offset: len(blob)},
		{Op: mutate.Truncate, Offset: len(blob) + 1}, {Op: mutate.Flip, Offset: -1},
	} {
		view, undo := e.Apply(blob)
		if !bytes.Equal(view, tiny) {
			t.Errorf("%v changed the bytes", e)
		}
		undo.Undo(blob)
		if !bytes.Equal(blob, tiny) {
			t.Errorf("undoing %v changed the bytes", e)
		}
	}
}

func BenchmarkSweep(b *testing.B) {
	blob := small(b, "fixtures/gcc-s390x")
	n := mutate.Count(blob, nil)
	for b.Loop() {
		for range mutate.Sweep(blob, nil) {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/edit")
}
