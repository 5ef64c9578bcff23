package malformed_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus/malformed"
)

func Example() {
	for c := range malformed.All() {
		if c.Row == 4 {
			chain := c.Chain(binary.LittleEndian)
			fmt.Println(c, "-", c.Verdict, "-", len(chain[len(chain)-1]), "bytes")
		}
	}
	// Output:
	// 4 flags not 0: flag 1 - Open refuses - 45 bytes
	// 4 flags not 0: flag 0x80 - Open refuses - 45 bytes
}

// open opens a chain; what lies below the last blob must be sound.
func open(t *testing.T, chain [][]byte) (*btf.Spec, error) {
	t.Helper()
	var base *btf.Spec
	for _, raw := range chain[:len(chain)-1] {
		spec, err := cache.Parse(raw, base)
		if err != nil {
			t.Fatalf("base: %v", err)
		}
		if err := spec.Verify(); err != nil {
			t.Fatalf("base: %v", err)
		}
		base = spec
	}
	return cache.Parse(chain[len(chain)-1], base)
}

// TestVerdicts runs the catalogue through the core, in both byte orders.
func TestVerdicts(t *testing.T) {
	for c := range malformed.All() {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprint(c, " ", order), func(t *testing.T) {
				spec, err := open(t, c.Chain(order))
				if opened := err == nil; opened != c.Verdict.Opens() {
					t.Fatalf("Open: %v; want: %v, since %s", err, c.Verdict, c.Why)
				}
				if err != nil {
					if !errors.Is(err, btf.ErrCorrupt) && !errors.Is(err, btf.ErrUnsupported) {
						t.Errorf("Open: %v has no class", err)
					}
					return
				}
				err = spec.Verify()
				if verified := err == nil; verified != c.Verdict.Verifies() {
					t.Errorf("Verify: %v; want: %v, since %s", err, c.Verdict, c.Why)
				}
				if err != nil && !errors.Is(err, btf.ErrCorrupt) {
					t.Errorf("Verify: %v has no class", err)
				}
			})
		}
	}
}

// TestRows checks that no row is missing and that each says what it is about.
func TestRows(t *testing.T) {
	seen := make(map[string]bool)
	rows := make(map[int]malformed.Case)
	last := 0
	for c := range malformed.All() {
		if c.Row < last {
			t.Errorf("row %d behind row %d", c.Row, last)
		}
		last = c.Row
		if seen[c.String()] {
			t.Errorf("%v: twice", c)
		}
		seen[c.String()] = true
		unknown := strings.HasPrefix(c.Verdict.String(), "Verdict(")
		if c.Name == "" || c.Rule == "" || c.Why == "" || unknown {
			t.Errorf("%v: incomplete: %+v", c, c)
		}
		rows[c.Row] = c
	}
	for n := 1; n <= malformed.Rows; n++ {
		if _, ok := rows[n]; !ok {
			t.Errorf("no row %d", n)
		}
	}
	if len(rows) != malformed.Rows {
		t.Errorf("%d rows, want %d", len(rows), malformed.Rows)
	}
}

// TestDistinct checks that blobs with different verdicts differ (equal ones would mean that one
// of them does not show what it claims), and that making a blob twice gives the same bytes.
func TestDistinct(t *testing.T) {
	bySum := make(map[[sha256.Size]byte]malformed.Case)
	for c := range malformed.All() {
		sum := sumOf(c)
		if again := sumOf(c); again != sum {
			t.Errorf("%v: two calls made different bytes", c)
		}
		if prev, ok := bySum[sum]; ok && prev.Verdict != c.Verdict {
			t.Errorf("%v (%v) and %v (%v) are the same bytes", prev, prev.Verdict, c, c.Verdict)
		}
		bySum[sum] = c
	}
}

func sumOf(c malformed.Case) [sha256.Size]byte {
	h := sha256.New()
	for _, raw := range c.Chain(binary.LittleEndian) {
		fmt.Fprintf(h, "%d bytes\n", len(raw))
		h.Write(raw)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
