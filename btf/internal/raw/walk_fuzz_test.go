package raw

import (
	"encoding/binary"
	"testing"
)

// FuzzWalk compares the walk in lanes with its oracle, the plain loop: the same table, count,
// end and error. A few bytes of input become a type section of many blocks, since the lanes
// only run on whole blocks:
//
//	the number of edits and the byte order; then the edits, of 8 bytes each; then records of
//	4 bytes, repeated
//
// Records hold filler that looks like headers, which is what misleads a guess.
func FuzzWalk(f *testing.F) {
	f.Add([]byte{0, 4, 3, 1, 1, 2, 0, 0, 0, 13, 2, 0, 9, 12, 1, 1, 0})
	f.Add([]byte{1, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f, 4, 200, 1, 1, 6, 255, 0, 2})
	f.Add([]byte{0, 12, 1, 5, 0})
	// A wrong name in the last record of the first lane, which the third one, being a record
	// shorter, leaves over.
	f.Add([]byte{1, 0xfe, 0x1f, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0})
	f.Add([]byte{0x82, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f, 7, 3, 0, 0, 1, 0, 0, 2, 12, 9, 1, 5})
	f.Add([]byte{0, 15, 255, 5, 3, 2, 0, 0, 1, 2, 0, 0, 2})
	f.Fuzz(func(t *testing.T, input []byte) {
		bigEndian := len(input) > 0 && input[0]&0x80 != 0
		types := expand(input, 2*walkBlock+1000, bigEndian)
		if types == "" {
			t.Skip("no records")
		}
		checkWalk(t, types, bigEndian)
	})
}

// TestWalk runs FuzzWalk's check over sections that end at and around the edges of blocks and
// lanes, and over one with each record at a multiple of a lane.
func TestWalk(t *testing.T) {
	ptrs := expand([]byte{0, 2, 0, 0, 0}, 4*walkBlock, false)
	for _, edge := range []int{walkBlock, 2 * walkBlock, 3 * walkBlock, laneLen} {
		for off := -40; off <= 40; off += 4 {
			checkWalk(t, ptrs[:(edge+off)/HeaderSize*HeaderSize], false)
			checkWalk(t, ptrs[:edge+off], false) // ends within a record
		}
	}
	for _, seed := range []byte{1, 2, 3} {
		checkWalk(t, expand([]byte{0, 4, 99, 1, seed, 15, 250, 2, seed, 6, 17, 1, 1},
			5*walkBlock, false), false)
	}
}

// ordinary has functions, integers and structs, one record after the other.
var ordinary = []byte{0, 11, 2, 7, 3, 0, 0, 7, 0, 3, 40, 7, 12, 3, 1, 7, 12, 7, 0, 7, 3}

// TestLanes wants every block of an ordinary section, and of nothing but functions, to be taken
// in lanes: the plain loop would say the same, later.
func TestLanes(t *testing.T) {
	for _, bigEndian := range []bool{false, true} {
		for name, input := range map[string][]byte{
			"mixed": ordinary, "extern functions": {0, 11, 2, 7, 3}, "pointers": {0, 1, 0, 0, 3},
		} {
			types := expand(input, 5*walkBlock, bigEndian)
			w := &walker{types: types, sizes: Builtin.sizes(), bigEndian: bigEndian,
				nameEnd: 1 << 16, table: newTableBuilder(len(types)),
				lanes: new([laneCount][laneRecords]uint32)}
			for w.pos+walkBlock+HeaderSize <= len(types) {
				if at := w.pos; !w.walkLanes() {
					t.Errorf("%s: not in lanes from %#x on", name, at)
					break
				}
			}
		}
	}
}

// TestLaneNames puts a wrong name into each record of a block in turn.
func TestLaneNames(t *testing.T) {
	types := []byte(expand(ordinary, walkBlock+100, false))
	sizes := Builtin.sizes()
	for at := 0; at < len(types); {
		name := types[at : at+4 : at+4]
		was := binary.LittleEndian.Uint32(name)
		binary.LittleEndian.PutUint32(name, 1<<16)
		checkWalk(t, string(types), false)
		binary.LittleEndian.PutUint32(name, was)
		at += int(sizes.of(binary.LittleEndian.Uint32(types[at+4:])))
	}
}

func checkWalk(t *testing.T, types string, bigEndian bool) {
	t.Helper()
	newWalker := func() *walker {
		return &walker{types: types, sizes: Builtin.sizes(), bigEndian: bigEndian,
			nameEnd: 1 << 16, table: newTableBuilder(len(types))}
	}
	lanes, plain := newWalker(), newWalker()
	got, want := lanes.walk(), plain.walkPlain(len(types))
	if !sameError(got, want) {
		t.Fatalf("lanes: %v; plain: %v", got, want)
	}
	if lanes.pos != plain.pos || lanes.table.count != plain.table.count {
		t.Fatalf("lanes end at %d behind %d types, plain at %d behind %d",
			lanes.pos, lanes.table.count, plain.pos, plain.table.count)
	}
	count := plain.table.count
	a, b := lanes.table.finish(Heap{}), plain.table.finish(Heap{})
	for i := range count {
		if a.At(i) != b.At(i) {
			t.Fatalf("record %d at %#x in lanes, at %#x in plain", i, a.At(i), b.At(i))
		}
	}
}

// sameError compares place, class and text.
func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := a.(*recordError), b.(*recordError)
	return x.at == y.at && x.class == y.class && x.Error() == y.Error()
}

// expand makes a type section of size bytes, and what the last record has more, from input.
func expand(input []byte, size int, bigEndian bool) string {
	if len(input) < 5 {
		return ""
	}
	edits, input := int(input[0]%8), input[1:]
	edit := input[:min(edits*8, len(input)/8*8)]
	records := input[len(edit):]
	var order binary.AppendByteOrder = binary.LittleEndian
	if bigEndian {
		order = binary.BigEndian
	}
	out := make([]byte, 0, size+64<<10)
	for i := 0; len(out) < size; i += 4 {
		if len(records) < 4 {
			return ""
		}
		if i+4 > len(records) {
			i = 0
		}
		out = appendRecord(out, order, [4]byte(records[i:]))
	}
	for ; len(edit) >= 8; edit = edit[8:] {
		at := binary.LittleEndian.Uint32(edit) % uint32(len(out)/4) * 4
		copy(out[at:], order.AppendUint32(nil, binary.LittleEndian.Uint32(edit[4:])))
	}
	return string(out)
}

// appendRecord appends one record: kind, vlen, name, and what the filler looks like.
func appendRecord(out []byte, order binary.AppendByteOrder, r [4]byte) []byte {
	kind := Kind(r[0]%19 + 1)
	vlen := uint32(r[1])
	if r[3]&0x80 != 0 {
		vlen <<= 4
	}
	out = order.AppendUint32(out, uint32(r[2]))
	out = order.AppendUint32(out, uint32(kind)<<24|vlen)
	out = order.AppendUint32(out, uint32(r[3]))
	tr := Builtin[kind]
	words := uint32(tr.Info)/4 + uint32(tr.Elem)/4*vlen
	for i := range words {
		// Every filler phase of three words may pass for a PTR, FUNC or small STRUCT.
		w := uint32(r[2])
		if (i+uint32(r[3]))%3 == 1 {
			w = [4]uint32{uint32(Ptr) << 24, uint32(Func)<<24 | 1,
				uint32(Struct)<<24 | i%5, i}[r[3]>>2&3]
		}
		out = order.AppendUint32(out, w)
	}
	return out
}
