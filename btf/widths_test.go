package btf_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/internal/built"
)

// TestWidths compares with Bits and Sizeof, for members whose types lie anywhere on a long chain:
// of an INT that is a bitfield or not, of nothing, of a circle; with arrays of none and of many.
func TestWidths(t *testing.T) {
	for _, bottom := range []string{"int", "narrow", "straight", "void", "circle"} {
		for seed := range uint64(8) {
			rng := rand.New(rand.NewPCG(seed, 1))
			b := builder.New(builder.Options{Limits: builder.LimitsFormat})
			var id btf.TypeID
			switch bottom {
			case "int":
				id = b.Int("int", 4, btf.Int{Bits: 32})
			case "narrow", "straight":
				id = b.Int("narrow", 4, btf.Int{Bits: 3, Offset: 5})
			case "circle":
				id = b.NextID() + 50
			}
			arrays := []uint32{1, 2, math.MaxUint32, 1, 0}[rng.IntN(3):]
			var members []builder.Member
			for range 100 + 1100*int(seed%2) {
				switch {
				case bottom == "straight":
					id = b.Const(id)
				case rng.IntN(10+int(seed)*20) == 0:
					id = b.Array(id, 1, arrays[rng.IntN(len(arrays))])
				case rng.IntN(400) == 0:
					id = b.Var("v", id, btf.LinkageStatic)
				case rng.IntN(40) == 0:
					id = b.Typedef("t", id)
				default:
					id = b.Const(id)
				}
				members = append(members, builder.Member{Name: "m", Type: id, BitOffset: 64})
			}
			rng.Shuffle(len(members), func(i, j int) {
				members[i], members[j] = members[j], members[i]
			})
			b.Struct("s", 64, members...)
			compareWidths(t, bottom, built.Spec(t, b, nil))
		}
	}
}

func compareWidths(t *testing.T, bottom string, spec *btf.Spec) {
	t.Helper()
	s, err := spec.TypeByName("s")
	if err != nil {
		t.Fatal(err)
	}
	w := btf.Internal.Widths()
	for i, m := range s.Members() {
		var shift, size uint64
		off, width, bitfield := m.Bits()
		if bitfield {
			shift, size = uint64(off-m.BitOffset()), uint64(width)
		} else {
			bytes, _ := m.Target().Sizeof()
			size = 8 * min(bytes, math.MaxUint64/8)
		}
		gotShift, gotSize, gotBitfield := w.Of(m, m.Target())
		if gotShift != shift || gotSize != size || gotBitfield != bitfield {
			t.Fatalf("%s, member %d: %d, %d, %v; want %d, %d, %v", bottom, i, gotShift, gotSize,
				gotBitfield, shift, size, bitfield)
		}
	}
}
