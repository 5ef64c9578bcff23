package raw

import (
	"math/rand/v2"
	"testing"
)

// buildTable feeds offsets to a tableBuilder in pieces of random length.
func buildTable(rng *rand.Rand, offs []uint32) (IDTable, uint32) {
	b := newTableBuilder(len(offs) * 28)
	for len(offs) > 0 {
		n := rng.IntN(min(len(offs), 50)) + 1
		b.add(offs[:n])
		offs = offs[n:]
	}
	n := b.count
	return b.finish(Heap{}), n
}

func TestIDTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		name     string
		count    int
		huge     int // a record of 100 kB every so many
		wantFull int // blocks
	}{
		{"empty", 0, 0, 0},
		{"one", 1, 0, 0},
		{"block less one", 15, 0, 0},
		{"block", 16, 0, 0},
		{"block and one", 17, 0, 0},
		{"many", 10_001, 0, 0},
		{"all in full", 100, 5, 6},
		{"one in full", 5_000, 4_001, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			offs := make([]uint32, test.count)
			at := uint32(0)
			for i := range offs {
				offs[i] = at
				at += uint32(12 + rng.IntN(14)*4)
				if test.huge != 0 && i%test.huge == test.huge-1 {
					at += 100_000
				}
			}
			table, n := buildTable(rng, offs)
			if full := len(table.Full) / BlockLen; int(n) != test.count || full != test.wantFull {
				t.Fatalf("count %d, %d blocks in full, want %d, %d", n, full, test.count, test.wantFull)
			}
			for i, want := range offs {
				if got := table.At(uint32(i)); got != want {
					t.Fatalf("record %d at %d, want %d", i, got, want)
				}
			}
			checkBlocks(t, &table, offs)
		})
	}
}

// checkBlocks asks for the block of each record.
func checkBlocks(t *testing.T, table *IDTable, offs []uint32) {
	for i := range uint32(len(offs)) + 2*BlockLen {
		var b Block
		n := table.Block(i, &b)
		want := max(0, min(int(i|(BlockLen-1))+1, len(offs))-int(i))
		if n != want && (n != 1 || want == 0) {
			t.Fatalf("%d records from %d on, want %d", n, i, want)
		}
		for k := range n {
			if got, want := b.At(k), offs[int(i)+k]; got != want {
				t.Fatalf("record %d, as %d of a block, at %d, want %d", int(i)+k, k, got, want)
			}
		}
	}
}

// TestIDTableSpan packs a block as long as its last record is at most 255 words from its first.
func TestIDTableSpan(t *testing.T) {
	for last, full := range map[uint32]int{0xff*4 - 4: 0, 0xff * 4: 0, 0xff*4 + 4: BlockLen} {
		var offs [BlockLen]uint32
		offs[BlockLen-1] = last
		b := newTableBuilder(0)
		b.add(offs[:])
		table := b.finish(Heap{})
		if len(table.Full) != full || table.At(BlockLen-1) != last {
			t.Errorf("%d bytes: %d in full, the last at %d", last, len(table.Full), table.At(BlockLen-1))
		}
	}
}
