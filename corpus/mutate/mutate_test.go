package mutate

import (
	"bytes"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/corpus"
)

// tiny is a little-endian blob with one type, "typedef void x".
var tiny = []byte("\x9f\xeb\x01\x00\x18\x00\x00\x00" +
	"\x00\x00\x00\x00\x0c\x00\x00\x00\x0c\x00\x00\x00\x03\x00\x00\x00" +
	"\x01\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00" + "\x00x\x00")

// count returns how many edits the full sweep of blob has.
func count(blob []byte) int { return newMap(blob, new(Options)).count() }

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
		seen := make(map[Edit]bool)
		for e, view := range Sweep(blob, nil) {
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
			if again, _ := e.apply(slices.Clone(orig)); !bytes.Equal(again, view) {
				t.Fatalf("%s: applying %v to a copy gives other bytes", name, e)
			}
		}
		if !bytes.Equal(blob, orig) {
			t.Errorf("%s: the sweep left edits behind", name)
		}
		if n := count(blob); n != len(seen) || n < 10*len(blob) {
			t.Errorf("%s: %d edits, Count says %d", name, len(seen), n)
		}
	}
}

func TestSweepStopsUndone(t *testing.T) {
	blob := slices.Clone(tiny)
	for e := range Sweep(blob, nil) {
		if e.op == setWord {
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
	for e := range edits(tiny, &Options{BaseTypes: 100, BaseStrings: 1000}) {
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
	total := count(blob)
	draw := func(seed uint64, limit int) []Edit {
		return slices.Collect(edits(blob, &Options{Seed: seed, Max: limit}))
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
	ops := make(map[op]int)
	for _, e := range one {
		ops[e.op]++
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
		for e := range edits(raw, nil) {
			if e.op == setWord && e.field == fieldInfo {
				infos[e.offset] = true
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
	for e, view := range Sweep(blob, nil) {
		n := 0
		for range edits(view, nil) {
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
		for range Sweep(blob, nil) {
			n++
		}
	})
	if allocs > 20 {
		t.Errorf("%v allocations for %d edits", allocs, n/11)
	}
}

// TestDamage damages a blob by a list of all operations, and undoes it.
func TestDamage(t *testing.T) {
	blob := small(t, "fixtures/gcc-i386")
	orig := slices.Clone(blob)
	o := &Options{BaseTypes: 5, BaseStrings: 7}
	var input []byte
	for op := range 24 {
		input = append(input, byte(op*7), 0, 0, 0, byte(op), 0, byte(op), 0x80)
	}
	input = append(input, 1, 2, 3)
	list := decode(blob, o, input)
	if len(list) != maxRecords {
		t.Fatalf("%d edits of %d bytes", len(list), len(input))
	}
	if !slices.Equal(list, decode(blob, o, input)) {
		t.Error("decoding again gives other edits")
	}
	ops := make(map[op]bool)
	cut := 0
	for _, e := range list {
		ops[e.op] = true
		if e.op == truncate {
			cut = e.offset
		}
	}
	if !ops[truncate] || !ops[flip] || !ops[setWord] {
		t.Errorf("operations %v", ops)
	}
	data, undo := Damage(blob, o, input)
	if len(data) != cut || bytes.Equal(blob, orig) || bytes.Equal(data, orig[:cut]) {
		t.Errorf("%d bytes, want %d, all damaged", len(data), cut)
	}
	undo()
	if !bytes.Equal(blob, orig) {
		t.Error("the edits are not undone")
	}
	if data, undo := Damage(blob, nil, input[:RecordSize]); len(data) != len(blob) {
		t.Errorf("without a truncation, %d bytes of %d", len(data), len(blob))
	} else {
		undo()
	}
	if got := decode(blob[:3], nil, input); got != nil {
		t.Errorf("three bytes have edits: %v", got)
	}
}

// TestApplyOutside checks that an edit made for a longer blob is harmless.
func TestApplyOutside(t *testing.T) {
	blob := slices.Clone(tiny)
	for _, e := range []Edit{
		{op: setWord, offset: len(blob) - 3}, {op: setByte, offset: len(blob)},
		{op: truncate, offset: len(blob) + 1}, {op: flip, offset: -1},
	} {
		view, undo := e.apply(blob)
		if !bytes.Equal(view, tiny) {
			t.Errorf("%v changed the bytes", e)
		}
		undo.restore(blob)
		if !bytes.Equal(blob, tiny) {
			t.Errorf("undoing %v changed the bytes", e)
		}
	}
}

func BenchmarkSweep(b *testing.B) {
	blob := small(b, "fixtures/gcc-s390x")
	n := count(blob)
	for b.Loop() {
		for range Sweep(blob, nil) {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/edit")
}
