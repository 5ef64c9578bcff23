package measured

import (
	"bufio"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/bench/internal/row"
)

// A counted is a target that notes what it is asked.
type counted struct {
	measurable
	runs []int
}

func (c *counted) Run(_ row.Row, n int) (Sample, error) {
	c.runs = append(c.runs, n)
	return Sample{N: n, AllocBytes: 77}, nil
}

// A sample of several operations comes after one that fills pools; a sample of one does not, since
// that one may be long, and a cold open comes once.
func TestPoolsAreFilled(t *testing.T) {
	c := new(counted)
	s := server{target: c}
	for _, count := range []string{"1", "5"} {
		if _, err := s.measure(row.Row{Op: row.TypeByID}, count); err != nil {
			t.Fatal(err)
		}
	}
	if want := []int{1, 1, 5}; !slices.Equal(c.runs, want) {
		t.Errorf("samples of %d operations, want %d", c.runs, want)
	}
}

// Figures per operation are not rounded to whole numbers, which a seldom empty pool would decide.
func TestFractions(t *testing.T) {
	var out strings.Builder
	s := server{target: new(counted), backend: mmap.Backend{}, name: "x", out: bufio.NewWriter(&out)}
	if err := s.sample("TypeByID", "50"); err != nil {
		t.Fatal(err)
	}
	s.out.Flush()
	if !strings.Contains(out.String(), "\t1.54 B/op\t") {
		t.Errorf("77 bytes in 50 operations: %s", &out)
	}
}
