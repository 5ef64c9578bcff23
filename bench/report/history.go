package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"golang.org/x/perf/benchfmt"
)

//go:embed history.html
var historyText string

var historyTemplate = template.Must(template.Must(pageTemplate.Clone()).New("history").
	Parse(historyText))

// pastRun is a run as the page of a history lists it.
type pastRun struct {
	Number              int
	File, Version       string
	Machine, Kernel, Go string
	Differences         []string // from the run before
	samples             []*benchfmt.Result
	sheet               *figures.Sheet
}

// pastSource is what several runs measured of a source.
type pastSource struct {
	Name   string
	Charts []lineChart
}

// History writes one page that draws how the figures changed over several runs, the oldest first: a
// chart for each row and source, a line for each backend. It is complete in itself. Rows, backends
// and sources may come and go; what is in one run only is not drawn.
func History(out io.Writer, runs ...[]*benchfmt.Result) error {
	var past []pastRun
	for i, samples := range runs {
		if len(samples) == 0 {
			return fmt.Errorf("run %d: no samples", i+1)
		}
		file, _ := samples[0].Pos()
		first := func(key string) string { return strings.Join(distinct(samples, key, same), ", ") }
		p := pastRun{
			Number: i + 1, File: filepath.Base(file), Version: first("btfkit"), Machine: first("cpu"),
			Kernel: first("kernel"), Go: first("go"), samples: samples, sheet: figures.Collect(samples),
		}
		if i > 0 {
			p.Differences = Differences(past[i-1].samples, samples)
		}
		past = append(past, p)
	}
	sources := pastSources(past)
	if len(sources) == 0 {
		return errors.New("nothing to draw: no figure is in two runs")
	}
	return historyTemplate.Execute(out, struct {
		Runs    []pastRun
		Sources []pastSource
	}{past, sources})
}

func same(value string) string { return value }

func pastSources(past []pastRun) (sources []pastSource) {
	names := union(past, (*figures.Sheet).Sources)
	for _, name := range names {
		s := pastSource{Name: name}
		backends := union(past, func(sheet *figures.Sheet) []string { return sheet.Backends(name) })
		colors := make(map[string]template.CSS)
		for i, backend := range backends {
			colors[backend] = template.CSS(fmt.Sprintf("--c%d", i%8))
		}
		for _, unit := range []string{"sec/op", "private-B"} {
			rows := union(past, func(sheet *figures.Sheet) []row.Row { return sheet.Rows(name, unit) })
			for _, r := range rows {
				if c, ok := pastChart(past, r, unit, name, backends, colors); ok {
					s.Charts = append(s.Charts, c)
				}
			}
		}
		if len(s.Charts) > 0 {
			sources = append(sources, s)
		}
	}
	return sources
}

// union lists what the runs have, in the order in which it first appears.
func union[T comparable](past []pastRun, of func(*figures.Sheet) []T) (all []T) {
	for _, p := range past {
		for _, v := range of(p.sheet) {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// pastChart draws one row, by the numbers of the runs.
func pastChart(past []pastRun, r row.Row, unit, source string, backends []string,
	colors map[string]template.CSS) (lineChart, bool) {
	curves := make([]curve, len(backends))
	for i, backend := range backends {
		curves[i].name = backend
		for _, p := range past {
			f := p.sheet.Get(row.Name{Row: r, Backend: backend, Source: source}, unit)
			if f != nil {
				curves[i].x = append(curves[i].x, float64(p.Number))
				curves[i].y = append(curves[i].y, f.Center)
			}
		}
	}
	title, _ := inWords(r)
	evenly := func(from, to float64) func(float64) float64 {
		return func(v float64) float64 { return 100 * (v - from) / (to - from) }
	}
	return plot(title, unit, curves, colors, evenly)
}
