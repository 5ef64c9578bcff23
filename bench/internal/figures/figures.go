// Package figures makes statistics of results: medians and confidence intervals, ratios of
// backends, comparisons of two runs, rankings over many. The statistics are those of x/perf's
// benchmath, which assumes nothing about the distribution of samples.
package figures

import (
	"math"
	"slices"

	"github.com/btfkit/btfkit/bench/internal/row"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// confidence is the level of the intervals in reports.
const confidence = 0.95

// A Figure is one quantity of one row, backend and source, with all its samples.
type Figure struct {
	row.Name
	Unit string // in base form: sec/op, B/op, private-B, ...
	// N is the number of operations of a sample.
	N int
	// Values are in the order in which they were taken. Those at one index, in all backends, were
	// taken next to each other, in one round.
	Values []float64
	Sample *benchmath.Sample // the same, sorted
	benchmath.Summary
}

// Spread is the half width of the confidence interval relative to the median; 0 for a zero median.
func (f *Figure) Spread() float64 {
	if f.Center == 0 {
		return 0
	}
	return max(f.Hi-f.Center, f.Center-f.Lo) / f.Center
}

// Bounded reports whether there were enough samples for a confidence interval.
func (f *Figure) Bounded() bool { return !math.IsInf(f.Lo, 0) && !math.IsInf(f.Hi, 0) }

// QuartileSpread is the distance of the quartiles relative to the median. Unlike the confidence
// interval, which spans all of six samples, it forgives one that was disturbed.
func (f *Figure) QuartileSpread() float64 {
	n := len(f.Sample.Values)
	if n == 0 || f.Center == 0 {
		return 0
	}
	return (f.Sample.Values[3*(n-1)/4] - f.Sample.Values[(n-1)/4]) / f.Center
}

// Ratio returns how many times the other figure this one is: the median over rounds of the ratio
// within the round. What slows the machine down for a while slows both, and does not change the
// ratio.
func (f *Figure) Ratio(other *Figure) float64 {
	ratios := make([]float64, min(len(f.Values), len(other.Values)))
	for i := range ratios {
		switch {
		case other.Values[i] > 0:
			ratios[i] = max(f.Values[i], 0) / other.Values[i]
		case f.Values[i] > 0:
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

// A Sheet holds figures in the order in which they first appear in the results.
type Sheet struct {
	List  []*Figure
	index map[key]*Figure
}

type key struct {
	row.Name
	unit string
}

// Collect groups results by name and unit.
func Collect(results []*benchfmt.Result) *Sheet {
	s := &Sheet{index: make(map[key]*Figure)}
	for _, result := range results {
		name := row.ParseName(result.Name)
		for _, v := range result.Values {
			k := key{name, v.Unit}
			f := s.index[k]
			if f == nil {
				f = &Figure{Name: name, Unit: v.Unit, N: result.Iters}
				s.index[k] = f
				s.List = append(s.List, f)
			}
			f.Values = append(f.Values, v.Value)
		}
	}
	for _, f := range s.List {
		sorted := slices.Clone(f.Values)
		f.Sample = benchmath.NewSample(sorted, &benchmath.DefaultThresholds)
		f.Summary = benchmath.AssumeNothing.Summary(f.Sample, confidence)
	}
	return s
}

// Get returns a figure, or nil.
func (s *Sheet) Get(name row.Name, unit string) *Figure { return s.index[key{name, unit}] }

// Sources lists the sources in order of appearance.
func (s *Sheet) Sources() []string {
	return distinct(s, func(f *Figure) (string, bool) { return f.Source, true })
}

// Backends lists the backends of a source in order of appearance.
func (s *Sheet) Backends(source string) []string {
	return distinct(s, func(f *Figure) (string, bool) { return f.Backend, f.Source == source })
}

// Rows lists the rows of a source that have a value in the unit, in order of appearance.
func (s *Sheet) Rows(source, unit string) []row.Row {
	return distinct(s, func(f *Figure) (row.Row, bool) {
		return f.Row, f.Source == source && f.Unit == unit
	})
}

// distinct lists the values of the figures that have one.
func distinct[T comparable](s *Sheet, of func(*Figure) (T, bool)) []T {
	var list []T
	for _, f := range s.List {
		if value, ok := of(f); ok && !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// Tolerance is how many times the best value another may be to count as equally good: smaller
// differences depend on where the linker puts a loop.
const Tolerance = 1.1

// Best returns the backends that are best in a row: the one with the lowest median, and those whose
// Ratio to it is within Tolerance.
func (s *Sheet) Best(source string, r row.Row, unit string, among []string) []string {
	best := s.Least(source, r, unit, among)
	var winners []string
	for _, backend := range among {
		f := s.Get(row.Name{Row: r, Backend: backend, Source: source}, unit)
		if f != nil && (f == best || f.Ratio(best) <= Tolerance) {
			winners = append(winners, backend)
		}
	}
	return winners
}

// Least returns the figure with the lowest median of a row, or nil if no backend has one.
func (s *Sheet) Least(source string, r row.Row, unit string, among []string) *Figure {
	var least *Figure
	for _, backend := range among {
		f := s.Get(row.Name{Row: r, Backend: backend, Source: source}, unit)
		if f != nil && (least == nil || f.Center < least.Center) {
			least = f
		}
	}
	return least
}
