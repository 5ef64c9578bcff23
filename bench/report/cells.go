package report

import (
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// Confidence is the level of the intervals in reports.
const Confidence = 0.95

// A Key says what was measured, less the unit.
type Key struct {
	Source, Row, Backend string
}

// A Cell is all samples of one quantity.
type Cell struct {
	Key
	Unit string // tidied: sec/op, B/op, private-B, ...
	// N is the number of operations a sample.
	N      int
	Sample *benchmath.Sample
	benchmath.Summary
}

// Spread is the half width of the confidence interval relative to the median; 0 for a zero median.
func (c *Cell) Spread() float64 {
	if c.Center == 0 {
		return 0
	}
	return max(c.Hi-c.Center, c.Center-c.Lo) / c.Center
}

// Cells are cells in the order in which they first appeared.
type Cells struct {
	List  []*Cell
	index map[cellKey]*Cell
}

type cellKey struct {
	Key
	unit string
}

// Get returns a cell, or nil.
func (c *Cells) Get(k Key, unit string) *Cell { return c.index[cellKey{k, unit}] }

// Sources, Rows and Backends list the values of a key's parts in order of appearance; Rows lists
// those of a source that have the unit.
func (c *Cells) Sources() []string {
	return c.distinct(func(c *Cell) (string, bool) { return c.Source, true })
}

// Backends lists the backends of a source in order of appearance.
func (c *Cells) Backends(source string) []string {
	return c.distinct(func(c *Cell) (string, bool) { return c.Backend, c.Source == source })
}

// Rows lists the rows of a source that have a value in the unit in order of appearance.
func (c *Cells) Rows(source, unit string) []string {
	return c.distinct(func(c *Cell) (string, bool) {
		return c.Row, c.Source == source && c.Unit == unit
	})
}

func (c *Cells) distinct(of func(*Cell) (string, bool)) []string {
	var list []string
	for _, cell := range c.List {
		if value, ok := of(cell); ok && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// Collect groups results.
func Collect(results []*benchfmt.Result) *Cells {
	cells := &Cells{index: make(map[cellKey]*Cell)}
	values := make(map[*Cell][]float64)
	for _, result := range results {
		key := parseName(result.Name)
		for _, v := range result.Values {
			k := cellKey{key, v.Unit}
			cell := cells.index[k]
			if cell == nil {
				cell = &Cell{Key: key, Unit: v.Unit, N: result.Iters}
				cells.index[k] = cell
				cells.List = append(cells.List, cell)
			}
			values[cell] = append(values[cell], v.Value)
		}
	}
	for _, cell := range cells.List {
		cell.Sample = benchmath.NewSample(values[cell], &benchmath.DefaultThresholds)
		cell.Summary = benchmath.AssumeNothing.Summary(cell.Sample, Confidence)
	}
	return cells
}

// parseName takes a name such as IDsByName/hit/backend=cache/source=vmlinux-2 apart.
func parseName(name benchfmt.Name) (k Key) {
	base, parts := name.Parts()
	row := []string{string(base)}
	for _, part := range parts {
		text := string(part)
		if backend, ok := strings.CutPrefix(text, "/backend="); ok {
			k.Backend = backend
		} else if source, ok := strings.CutPrefix(text, "/source="); ok {
			k.Source = source
		} else if strings.HasPrefix(text, "/") {
			row = append(row, text[1:])
		}
	}
	k.Row = strings.Join(row, "/")
	return k
}

// tolerance is how much worse than the best a median may be to count as equally good: below this,
// figures of different runs do not rank.
const tolerance = 0.1

// Best returns the backends with the lowest median of a row, those that are as good as that
// within their confidence intervals and tolerance included.
func (c *Cells) Best(source, row, unit string, among []string) []string {
	var best *Cell
	for _, backend := range among {
		cell := c.Get(Key{source, row, backend}, unit)
		if cell != nil && (best == nil || cell.Center < best.Center) {
			best = cell
		}
	}
	var winners []string
	for _, backend := range among {
		cell := c.Get(Key{source, row, backend}, unit)
		if cell != nil && (cell == best || cell.equals(best)) {
			winners = append(winners, backend)
		}
	}
	return winners
}

// equals reports whether the median is as good as the best one's. Intervals count only if
// there are enough samples for any.
func (c *Cell) equals(best *Cell) bool {
	return c.Center <= best.Center*(1+tolerance) || !math.IsInf(c.Lo, 0) && c.Lo <= best.Hi
}
