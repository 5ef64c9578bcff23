package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"golang.org/x/perf/benchfmt"
)

//go:embed chart.svg
var svgText string

var svgTemplate = template.Must(template.New("chart.svg").Parse(svgText))

// isInSVG selects the rows that SVG draws besides private memory.
var isInSVG = isAnyOf(row.Row{Op: row.Open}, row.Row{Op: row.TypeByID},
	row.Row{Op: row.IDsByName, Names: row.Hit}, row.Row{Op: row.IDsByRegex, Pattern: "^tcp_"},
	row.Row{Op: row.StructWalk})

// svgPanel is one chart of the picture; numbers are pixels.
type svgPanel struct {
	dotChart
	X, Y  int
	Axis  int // top of the axis
	Lines []svgLine
}

type svgLine struct {
	value
	Y, Top int // of the text's base line and of the track, in the panel
}

// The picture has two columns of panels with a line for each dot, and one for the axis.
const (
	svgColumn = 430
	svgLineY  = 16
	svgHead   = 42 // above the first panel
)

// SVG draws the rows that tell most about the backends, for the first source of the samples, as one
// picture. It is complete in itself and suits a light or a dark page. An empty title stands for the
// name of the source.
func SVG(out io.Writer, title string, samples []*benchfmt.Result) error {
	sheet := figures.Collect(samples)
	sources := sheet.Sources()
	if len(sources) == 0 {
		return errors.New("no samples")
	}
	source := sources[0]
	if title == "" {
		title = source
	}
	b := chartBuilder{sheet: sheet, source: source, backends: sheet.Backends(source),
		colors: make(map[string]template.CSS)}
	for i, backend := range b.backends {
		b.colors[backend] = template.CSS(fmt.Sprintf("--c%d", i%8))
	}
	charts := append(b.times(isInSVG), b.chart(memoryAfterQueries, "private-B"))
	height := 24 + (len(b.backends)+2)*svgLineY
	var panels []svgPanel
	for _, c := range charts {
		if len(c.Dots) == 0 {
			continue
		}
		p := svgPanel{dotChart: c, X: len(panels) % 2 * svgColumn, Y: svgHead + len(panels)/2*height}
		for i, v := range c.Dots {
			y := 14 + (i+1)*svgLineY
			p.Lines = append(p.Lines, svgLine{v, y, y - 12})
		}
		p.Axis = 14 + len(c.Dots)*svgLineY
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
