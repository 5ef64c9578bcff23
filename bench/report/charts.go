package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchunit"
)

// A dotChart is one row of one source. Numbers are percent of its width.
type dotChart struct {
	Title, Meaning string // in words
	Row            string // its name in results
	Ticks          []tick
	Dots           []value
}

// A value is that of one backend, with its confidence interval if there is one.
type value struct {
	Who, Value, Spread string
	Color              template.CSS
	Best               bool
	At, Low, Width     float64
}

type chartBuilder struct {
	sheet    *figures.Sheet
	source   string
	backends []string
	colors   map[string]template.CSS
}

// times charts the rows that are wanted.
func (b *chartBuilder) times(want func(row.Row) bool) []dotChart {
	var charts []dotChart
	for _, r := range b.sheet.Rows(b.source, "sec/op") {
		if want(r) {
			charts = append(charts, b.chart(r, "sec/op"))
		}
	}
	return charts
}

// memory charts both stages of a quantity.
func (b *chartBuilder) memory(unit string) []dotChart {
	return []dotChart{b.chart(memoryAfterOpen, unit), b.chart(memoryAfterQueries, unit)}
}

func (b *chartBuilder) chart(r row.Row, unit string) dotChart {
	var shown []*figures.Figure
	var values []float64
	for _, backend := range b.backends {
		if f := b.sheet.Get(row.Name{Row: r, Backend: backend, Source: b.source}, unit); f != nil {
			shown = append(shown, f)
			values = append(values, f.Center)
		}
	}
	if len(shown) == 0 {
		return dotChart{}
	}
	s := newScaling(values, unit)
	title, meaning := inWords(r)
	chart := dotChart{Title: title, Meaning: meaning, Row: r.String(), Ticks: s.ticks(unit)}
	best := b.sheet.Best(b.source, r, unit, b.backends)
	for _, f := range shown {
		v := value{
			Who: f.Backend, Value: formatValue(f.Center, unit), Color: b.colors[f.Backend],
			Best: len(shown) > 1 && slices.Contains(best, f.Backend), At: s.at(f.Center),
			Spread: formatSpread(f),
		}
		if f.Bounded() {
			v.Low = s.at(f.Lo)
			v.Width = round(s.at(f.Hi) - v.Low)
		}
		chart.Dots = append(chart.Dots, v)
	}
	return chart
}

// A scaling maps values to percent, logarithmically. What is not above zero is at the left end.
type scaling struct{ from, to, step float64 }

// newScaling spans the values by whole powers of ten, or of 16 for bytes.
func newScaling(values []float64, unit string) scaling {
	step := 10.0
	if benchunit.ClassOf(unit) == benchunit.Binary {
		step = 16
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v > 0 {
			low, high = min(low, v), max(high, v)
		}
	}
	if math.IsInf(low, 1) { // no value at all is above zero
		return scaling{1, step, step}
	}
	power := func(v float64, whole func(float64) float64) float64 {
		return math.Pow(step, whole(math.Log(v)/math.Log(step)))
	}
	// A value at the very end of the scale would have half a dot.
	return scaling{power(low/1.1, math.Floor), power(high*1.1, math.Ceil), step}
}

func (s scaling) at(v float64) float64 {
	part := math.Log(max(v, s.from)/s.from) / math.Log(s.to/s.from)
	return round(100 * min(max(part, 0), 1))
}

// ticks returns where the powers are, both ends included, with a label at each.
func (s scaling) ticks(unit string) (ticks []tick) {
	for v := s.from; v < s.to*1.001; v *= s.step {
		ticks = append(ticks, tick{s.at(v), axisLabel(v, unit)})
	}
	return ticks
}

func round(v float64) float64 { return math.Round(100*v) / 100 }

// A lineChart has its own coordinates: 480 by 250, of which the plot is 62 to 450 by 10 to 215.
type lineChart struct {
	Title        string
	GridX, GridY []tick
	Series       []series
}

type tick struct {
	At    float64
	Label string
}

type series struct {
	Name   string
	Color  template.CSS
	Points string
	Dots   []dot
}

type dot struct {
	X, Y  float64
	Label string
}

// A curve is the measured form of a series: x and a value each.
type curve struct {
	name string
	x, y []float64
}

// growthCharts plots rows of synthetic sources against the number of their types.
func growthCharts(sheet *figures.Sheet, run *results.Run, colors map[string]template.CSS,
) []lineChart {
	var charts []lineChart
	for _, chart := range []struct {
		title, unit string
		want        func(row.Row) bool
	}{
		{"Open", "sec/op", isAnyOf(row.Row{Op: row.Open})},
		{"TypeByID", "sec/op", isAnyOf(row.Row{Op: row.TypeByID})},
		{"IDsByName/hit", "sec/op", isAnyOf(row.Row{Op: row.IDsByName, Names: row.Hit})},
		{"IDsByRegex", "sec/op", func(r row.Row) bool { return r.Op == row.IDsByRegex }},
		{"Private memory", "private-B", isAnyOf(memoryAfterQueries)},
	} {
		curves := make([]curve, len(run.Subjects))
		for i, subject := range run.Subjects {
			curves[i].name = subject.Name
			for _, source := range run.Sources {
				f := firstFigure(sheet, source.Name, subject.Name, chart.unit, chart.want)
				if source.Growth && f != nil {
					curves[i].x = append(curves[i].x, float64(source.Types))
					curves[i].y = append(curves[i].y, f.Center)
				}
			}
		}
		c, ok := plot(chart.title+" by number of types", chart.unit, curves, colors,
			logarithmic)
		if ok {
			charts = append(charts, c)
		}
	}
	return charts
}

// firstFigure returns the first figure of a row that is wanted, or nil.
func firstFigure(sheet *figures.Sheet, source, backend, unit string, want func(row.Row) bool,
) *figures.Figure {
	for _, f := range sheet.List {
		if f.Source == source && f.Backend == backend && f.Unit == unit && want(f.Row) {
			return f
		}
	}
	return nil
}

// scalingCharts plots rows of several goroutines against their number.
func scalingCharts(sheet *figures.Sheet, run *results.Run, colors map[string]template.CSS,
) []lineChart {
	var charts []lineChart
	for _, source := range run.Sources {
		for _, single := range []row.Row{
			{Op: row.TypeByID}, {Op: row.IDsByName, Names: row.Hit},
		} {
			curves := make([]curve, len(run.Subjects))
			for i, subject := range run.Subjects {
				curves[i].name = subject.Name
				for _, f := range sheet.List {
					goroutines, asked := f.Row.Goroutines, f.Row
					asked.Goroutines = 0
					if goroutines > 0 && asked == single && f.Unit == "sec/op" &&
						f.Source == source.Name && f.Backend == subject.Name {
						curves[i].x = append(curves[i].x, float64(goroutines))
						curves[i].y = append(curves[i].y, f.Center)
					}
				}
			}
			title := fmt.Sprintf("%s by goroutines, %s", single, source.Name)
			if c, ok := plot(title, "sec/op", curves, colors, logarithmic); ok {
				charts = append(charts, c)
			}
		}
	}
	return charts
}

// logarithmic maps the values between two to percent.
func logarithmic(from, to float64) func(float64) float64 { return scaling{from, to, 10}.at }

// plot draws curves with two or more points, along a scale between the least and the greatest x.
func plot(title, unit string, curves []curve, colors map[string]template.CSS,
	scale func(from, to float64) func(float64) float64) (lineChart, bool) {
	var xs, ys []float64
	for _, c := range curves {
		if len(c.x) > 1 {
			xs, ys = append(xs, c.x...), append(ys, c.y...)
		}
	}
	if len(xs) == 0 {
		return lineChart{}, false
	}
	x, y := scale(slices.Min(xs), slices.Max(xs)), newScaling(ys, unit)
	chart := lineChart{Title: title}
	atX := func(v float64) float64 { return round(62 + 3.88*x(v)) }
	atY := func(v float64) float64 { return round(215 - 2.05*y.at(v)) }
	slices.Sort(xs)
	for _, v := range slices.Compact(xs) {
		at := atX(v)
		if n := len(chart.GridX); n == 0 || at-chart.GridX[n-1].At > 18 { // labels have room
			chart.GridX = append(chart.GridX, tick{at, axisLabel(v, "")})
		}
	}
	for _, t := range y.ticks(unit) {
		chart.GridY = append(chart.GridY, tick{round(215 - 2.05*t.At), t.Label})
	}
	for _, c := range curves {
		if len(c.x) < 2 {
			continue
		}
		s := series{Name: c.name, Color: colors[c.name]}
		var points []string
		for i := range c.x {
			d := dot{atX(c.x[i]), atY(c.y[i]), c.name + " " + formatValue(c.y[i], unit)}
			s.Dots = append(s.Dots, d)
			points = append(points, fmt.Sprintf("%g,%g", d.X, d.Y))
		}
		s.Points = strings.Join(points, " ")
		chart.Series = append(chart.Series, s)
	}
	return chart, true
}
