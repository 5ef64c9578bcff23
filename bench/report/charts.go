package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/session"
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
	cells    *Cells
	source   string
	backends []string
	colors   map[string]template.CSS
}

// times charts the rows that are wanted, on logarithmic scales.
func (b *chartBuilder) times(want func(row string) bool) []barChart {
	var charts []barChart
	for _, row := range b.cells.Rows(b.source, "sec/op") {
		if want(row) {
			charts = append(charts, b.chart(row, row, "sec/op", logScale))
		}
	}
	return charts
}

// memory charts both stages of a quantity, on one linear scale.
func (b *chartBuilder) memory(unit string) []barChart {
	return []barChart{
		b.chart("after open", "Memory/stage=open", unit, linearScale),
		b.chart("after one query of each kind", "Memory/stage=queries", unit, linearScale),
	}
}

func (b *chartBuilder) chart(title, row, unit string, newScale func(low, high float64) scaling,
) barChart {
	var shown []*Cell
	low, high := math.Inf(1), math.Inf(-1)
	for _, backend := range b.backends {
		if c := b.cells.Get(Key{b.source, row, backend}, unit); c != nil {
			shown = append(shown, c)
			low, high = min(low, c.Center), max(high, c.Center)
		}
	}
	if len(shown) == 0 {
		return barChart{}
	}
	s := newScale(low, high)
	chart := barChart{
		Title: title, From: axisLabel(s.from, unit), To: axisLabel(s.to, unit), Ticks: s.decades(),
	}
	best := b.cells.Best(b.source, row, unit, b.backends)
	for _, c := range shown {
		v := bar{
			Who: c.Backend, Value: Value(c.Center, unit), Color: b.colors[c.Backend],
			Best: len(shown) > 1 && slices.Contains(best, c.Backend), Width: s.at(c.Center),
		}
		if c.bounded() {
			v.Spread = spread(c)
			v.Low = s.at(c.Lo)
			v.Whisker = round(s.at(c.Hi) - v.Low)
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

// logScale spans whole decades, with some room on the left so that the least value shows a bar.
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
func growthCharts(cells *Cells, r *session.Results, colors map[string]template.CSS) []lineChart {
	var charts []lineChart
	for _, row := range []struct{ row, unit string }{
		{"Open", "sec/op"}, {"TypeByID", "sec/op"}, {"IDsByName/hit", "sec/op"},
		{"IDsByRegex", "sec/op"}, {"Memory/stage=queries", "private-B"},
	} {
		curves := make([]curve, len(r.Subjects))
		for i, subject := range r.Subjects {
			curves[i].name = subject.Name
			for _, s := range r.Sources {
				if c := cells.find(s.Name, row.row, subject.Name, row.unit); s.Growth && c != nil {
					curves[i].x = append(curves[i].x, float64(s.Types))
					curves[i].y = append(curves[i].y, c.Center)
				}
			}
		}
		title := row.row + " by number of types"
		if row.unit == "private-B" {
			title = "Private memory by number of types"
		}
		if c, ok := plot(title, row.unit, curves, colors); ok {
			charts = append(charts, c)
		}
	}
	return charts
}

// find gets the first row that is the given one or begins with it and a slash.
func (c *Cells) find(source, row, backend, unit string) *Cell {
	for _, cell := range c.List {
		if cell.Source == source && cell.Backend == backend && cell.Unit == unit &&
			(cell.Row == row || strings.HasPrefix(cell.Row, row+"/")) {
			return cell
		}
	}
	return nil
}

// scalingCharts plots rows of several goroutines against their number.
func scalingCharts(cells *Cells, r *session.Results, colors map[string]template.CSS) []lineChart {
	var charts []lineChart
	for _, source := range r.Sources {
		for _, row := range []string{"TypeByID", "IDsByName/hit"} {
			curves := make([]curve, len(r.Subjects))
			for i, subject := range r.Subjects {
				curves[i].name = subject.Name
				for _, cell := range cells.List {
					count, ok := strings.CutPrefix(cell.Row, row+"/goroutines=")
					n, err := strconv.Atoi(count)
					if ok && err == nil && cell.Unit == "sec/op" &&
						cell.Source == source.Name && cell.Backend == subject.Name {
						curves[i].x = append(curves[i].x, float64(n))
						curves[i].y = append(curves[i].y, cell.Center)
					}
				}
			}
			title := fmt.Sprintf("%s by goroutines, %s", row, source.Name)
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
			d := dot{atX(c.x[i]), atY(c.y[i]), c.name + " " + Value(c.y[i], unit)}
			s.Dots = append(s.Dots, d)
			points = append(points, fmt.Sprintf("%g,%g", d.X, d.Y))
		}
		s.Points = strings.Join(points, " ")
		chart.Series = append(chart.Series, s)
	}
	return chart, true
}
