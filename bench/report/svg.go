package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed chart.svg
var svgText string

var svgTemplate = template.Must(template.New("chart.svg").Parse(svgText))

// svgRows are the rows of WriteSVG besides private memory.
var svgRows = []string{"Open", "TypeByID", "IDsByName/hit", "IDsByRegex/pattern=^tcp_",
	"StructWalk"}

// svgPanel is one chart of WriteSVG; numbers are pixels.
type svgPanel struct {
	barChart
	X, Y  int
	Lines []svgLine
}

type svgLine struct {
	bar
	Y, Top int // of the text's base line and of the bar, in the panel
}

// What WriteSVG lays out: two columns of panels with a line for each bar.
const (
	svgColumn = 430
	svgLineY  = 16
	svgHead   = 42 // above the first panel
)

// WriteSVG draws the rows that tell most about the backends of one source, as one picture that
// needs nothing else and suits a light or a dark page.
func WriteSVG(out io.Writer, title string, cells *Cells, source string) error {
	b := chartBuilder{cells: cells, source: source, backends: cells.Backends(source),
		colors: make(map[string]template.CSS)}
	for i, backend := range b.backends {
		b.colors[backend] = template.CSS(fmt.Sprintf("--c%d", i%8))
	}
	charts := append(b.times(is(svgRows...)), b.chart("private memory after queries",
		"Memory/stage=queries", "private-B", linearScale))
	height := 24 + (len(b.backends)+1)*svgLineY
	var panels []svgPanel
	for _, c := range charts {
		if len(c.Bars) == 0 {
			continue
		}
		p := svgPanel{barChart: c, X: len(panels) % 2 * svgColumn, Y: svgHead + len(panels)/2*height}
		for i, bar := range c.Bars {
			y := 14 + (i+1)*svgLineY
			p.Lines = append(p.Lines, svgLine{bar, y, y - 10})
		}
		panels = append(panels, p)
	}
	if len(panels) == 0 {
		return fmt.Errorf("no row to draw for %s", source)
	}
	return svgTemplate.Execute(out, struct {
		Title         string
		Panels        []svgPanel
		Width, Height int
	}{title, panels, 2 * svgColumn, svgHead + (len(panels)+1)/2*height})
}
