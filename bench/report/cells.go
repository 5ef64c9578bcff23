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
	N int
	// Values are in the order they were taken: those of one round, at the same index in all
	// backends, were taken next to each other.
	Values []float64
	Sample *benchmath.Sample // the same, sorted
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
			cell.Values = append(cell.Values, v.Value)
		}
	}
	for _, cell := range cells.List {
		sorted := slices.Clone(cell.Values)
		cell.Sample = benchmath.NewSample(sorted, &benchmath.DefaultThresholds)
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

// Ratio returns how many times other's value c's is: the median over rounds of the ratio
// within the round. What slows the machine down for a while slows both, and leaves this alone.
func (c *Cell) Ratio(other *Cell) float64 {
	ratios := make([]float64, min(len(c.Values), len(other.Values)))
	for i := range ratios {
		switch {
		case other.Values[i] > 0:
			ratios[i] = max(c.Values[i], 0) / other.Values[i]
		case c.Values[i] > 0:
			ratios[i] = math.Inf(1)
		default:
			ratios[i] = 1
		}
	}
	return median(ratios)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// tolerance is how many times the best value another may be to count as equally good: differences
// below that depend on where the linker puts a loop.
const tolerance = 1.1

// Best returns the backends that are best in a row: the one with the lowest median, and those
// whose Ratio to it is within tolerance.
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
		if cell != nil && (cell == best || cell.Ratio(best) <= tolerance) {
			winners = append(winners, backend)
		}
	}
	return winners
}
