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

// A barChart is one row of one source. Numbers are percent of its width.
type barChart struct {
	Title, From, To string
	Ticks           []float64
	Bars            []bar
}

type bar struct {
	Who, Value, Spread  string
	Color               template.CSS
	Best                bool
	Width, Low, Whisker float64
}

type chartBuilder struct {
	sheet    *figures.Sheet
	source   string
	backends []string
	colors   map[string]template.CSS
}

// times charts the rows that are wanted, on logarithmic scales.
func (b *chartBuilder) times(want func(row.Row) bool) []barChart {
	var charts []barChart
	for _, r := range b.sheet.Rows(b.source, "sec/op") {
		if want(r) {
			charts = append(charts, b.chart(r.String(), r, "sec/op", logScale))
		}
	}
	return charts
}

// memory charts both stages of a quantity, on one linear scale.
func (b *chartBuilder) memory(unit string) []barChart {
	return []barChart{
		b.chart("after open", memoryAfterOpen, unit, linearScale),
		b.chart("after one query of each kind", memoryAfterQueries, unit, linearScale),
	}
}

func (b *chartBuilder) chart(title string, r row.Row, unit string,
	newScale func(low, high float64) scaling) barChart {
	var shown []*figures.Figure
	low, high := math.Inf(1), math.Inf(-1)
	for _, backend := range b.backends {
		if f := b.sheet.Get(row.Name{Row: r, Backend: backend, Source: b.source}, unit); f != nil {
			shown = append(shown, f)
			low, high = min(low, f.Center), max(high, f.Center)
		}
	}
	if len(shown) == 0 {
		return barChart{}
	}
	s := newScale(low, high)
	chart := barChart{
		Title: title, From: axisLabel(s.from, unit), To: axisLabel(s.to, unit), Ticks: s.decades(),
	}
	best := b.sheet.Best(b.source, r, unit, b.backends)
	for _, f := range shown {
		v := bar{
			Who: f.Backend, Value: formatValue(f.Center, unit), Color: b.colors[f.Backend],
			Best: len(shown) > 1 && slices.Contains(best, f.Backend), Width: s.at(f.Center),
		}
		if f.Bounded() {
			v.Spread = formatSpread(f)
			v.Low = s.at(f.Lo)
			v.Whisker = round(s.at(f.Hi) - v.Low)
		}
		chart.Bars = append(chart.Bars, v)
	}
	return chart
}

// A scaling maps values to percent.
type scaling struct {
	from, to float64
	log      bool
}

// linearScale starts at zero.
func linearScale(_, high float64) scaling { return scaling{0, max(high, 1), false} }

// logScale spans whole decades. It leaves some room on the left, so that the least value has a bar.
func logScale(low, high float64) scaling {
	if low <= 0 {
		return linearScale(low, high)
	}
	from := math.Pow(10, math.Floor(math.Log10(low/1.5)))
	to := math.Pow(10, math.Ceil(math.Log10(high)))
	return scaling{from, max(to, 10*from), true}
}

// binaryScale spans whole powers of 16.
func binaryScale(low, high float64) scaling {
	from := math.Pow(16, math.Floor(math.Log2(max(low, 1))/4))
	to := math.Pow(16, math.Ceil(math.Log2(max(high, 1))/4))
	return scaling{from, max(to, 16*from), true}
}

func (s scaling) at(v float64) float64 {
	var part float64
	if s.log {
		part = math.Log10(max(v, s.from)/s.from) / math.Log10(s.to/s.from)
	} else {
		part = v / s.to
	}
	return round(100 * min(max(part, 0), 1))
}

// decades returns where the inner powers of ten are.
func (s scaling) decades() (at []float64) {
	if !s.log {
		return nil
	}
	for v := 10 * s.from; v < s.to*0.999; v *= 10 {
		at = append(at, s.at(v))
	}
	return at
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
		{"Open", "sec/op", is(row.Row{Op: row.Open})},
		{"TypeByID", "sec/op", is(row.Row{Op: row.TypeByID})},
		{"IDsByName/hit", "sec/op", is(row.Row{Op: row.IDsByName, Names: row.Hit})},
		{"IDsByRegex", "sec/op", func(r row.Row) bool { return r.Op == row.IDsByRegex }},
		{"Private memory", "private-B", is(memoryAfterQueries)},
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
		c, ok := plot(chart.title+" by number of types", chart.unit, curves, colors)
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
			if c, ok := plot(title, "sec/op", curves, colors); ok {
				charts = append(charts, c)
			}
		}
	}
	return charts
}

// plot draws curves with two or more points.
func plot(title, unit string, curves []curve, colors map[string]template.CSS) (lineChart, bool) {
	var xs, ys []float64
	for _, c := range curves {
		if len(c.x) > 1 {
			xs, ys = append(xs, c.x...), append(ys, c.y...)
		}
	}
	if len(xs) == 0 {
		return lineChart{}, false
	}
	x := scaling{slices.Min(xs), slices.Max(xs), true}
	y, step := logScale(slices.Min(ys), slices.Max(ys)), 10.0
	if benchunit.ClassOf(unit) == benchunit.Binary {
		y, step = binaryScale(slices.Min(ys), slices.Max(ys)), 16
	}
	chart := lineChart{Title: title}
	atX := func(v float64) float64 { return round(62 + 3.88*x.at(v)) }
	atY := func(v float64) float64 { return round(215 - 2.05*y.at(v)) }
	slices.Sort(xs)
	for _, v := range slices.Compact(xs) {
		chart.GridX = append(chart.GridX, tick{atX(v), axisLabel(v, "")})
	}
	for v := y.from; v <= y.to*1.001; v *= step {
		chart.GridY = append(chart.GridY, tick{atY(v), axisLabel(v, unit)})
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
