package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench/session"
)

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Parse(page))

// HTML writes one self-contained page with charts. It loads nothing from elsewhere.
func HTML(out io.Writer, r *session.Results) error {
	cells := Collect(r.Samples)
	return pageTemplate.Execute(out, newPage(cells, r))
}

type pageData struct {
	Count       int
	Elapsed     time.Duration
	Environment session.Environment
	Verdict     []Advice
	Warnings    []string
	Notes       []string
	Subjects    []pageSubject
	Sources     []pageSource
	Lines       []lineChart
	LinesText   string
}

type pageSubject struct {
	Name, Library, About string
	Color                template.CSS
	Storage              []string
}

type pageSource struct {
	Name, About string
	Sections    []pageSection
	Backends    []string
	Table       []tableRow
}

type pageSection struct {
	Title, Text string
	Charts      []barChart
}

type tableRow struct {
	Label  string
	Values []tableValue
}

type tableValue struct {
	Text string
	Best bool
}

func newPage(cells *Cells, r *session.Results) pageData {
	p := pageData{
		Elapsed: r.Elapsed.Round(100 * time.Millisecond), Verdict: Advise(cells, r),
		Warnings: Noise(cells), Notes: r.Notes,
	}
	for _, setting := range r.Environment {
		if setting.Key != "pkg" && !strings.HasPrefix(setting.Key, "source-") {
			p.Environment = append(p.Environment, setting)
		}
	}
	for _, c := range cells.List {
		p.Count = max(p.Count, len(c.Values))
	}
	colors := make(map[string]template.CSS)
	for i, s := range r.Subjects {
		colors[s.Name] = template.CSS(fmt.Sprintf("--c%d", i%8))
		p.Subjects = append(p.Subjects, pageSubject{
			s.Name, s.Library, s.About, colors[s.Name], storage(r, s.Name),
		})
	}
	for _, s := range r.Sources {
		if !s.Growth {
			p.Sources = append(p.Sources, newSource(cells, s, colors))
		}
	}
	p.Lines = append(growthCharts(cells, r, colors), scalingCharts(cells, r, colors)...)
	p.LinesText = "With the number of types of synthetic BTF, and with the number of goroutines " +
		"that ask at once: time per operation, both axes logarithmic."
	return p
}

// storage lists where a backend's bytes are, by source.
func storage(r *session.Results, backend string) []string {
	var list []string
	for _, s := range r.Sources {
		if where := r.Storage[backend+"/"+s.Name]; where != "" && !s.Growth {
			list = append(list, s.Name+" "+where)
		}
	}
	return list
}

func newSource(cells *Cells, s *session.Source, colors map[string]template.CSS) pageSource {
	p := pageSource{
		Name: s.Name, Backends: cells.Backends(s.Name),
		About: fmt.Sprintf("%s (%s), %d bytes, %d types, sha256 %s", s.Origin, s.Format, s.Size,
			s.Types, s.SHA256),
	}
	if s.Base != nil {
		p.About += ", split on " + s.Base.Name
	}
	b := chartBuilder{cells: cells, source: s.Name, backends: p.Backends, colors: colors}
	add := func(title, text string, charts ...barChart) {
		charts = slices.DeleteFunc(charts, func(c barChart) bool { return len(c.Bars) == 0 })
		if len(charts) > 0 {
			p.Sections = append(p.Sections, pageSection{title, text, charts})
		}
	}
	add("Opening", "Cold: the first open of a fresh process.", b.times(
		is("Open", "OpenCold", "OpenFirstName", "SplitOpen"))...)
	add("Private memory", "Private_Dirty in a fresh process, less what it was before the source was "+
		"opened. The scale is linear.", b.memory("private-B")...)
	add("By id and name", "", b.times(is("TypeByID", "NameByID", "IDsByName/hit", "IDsByName/miss",
		"TypesByName/hit"))...)
	add("By regular expression", "Ids of all types whose name matches.", b.times(
		func(row string) bool { return strings.HasPrefix(row, "IDsByRegex/") })...)
	add("Everything at once", "All types; all members of all structs.", b.times(
		is("Iterate", "StructWalk"))...)
	add("Collections", "A kernel with all its modules.", b.times(isCollection)...)
	p.Table = tableRows(cells, s.Name, p.Backends)
	return p
}

func isCollection(row string) bool { return strings.HasPrefix(row, "Collection") }

func tableRows(cells *Cells, source string, backends []string) []tableRow {
	var rows []tableRow
	add := func(label, row, unit string, ranks bool) {
		line := tableRow{Label: label}
		var best []string
		if ranks && len(backends) > 1 {
			best = cells.Best(source, row, unit, backends)
		}
		for _, backend := range backends {
			v := tableValue{Best: slices.Contains(best, backend)}
			if c := cells.Get(Key{source, row, backend}, unit); c != nil {
				v.Text = withSpread(c)
			}
			line.Values = append(line.Values, v)
		}
		rows = append(rows, line)
	}
	for _, row := range cells.Rows(source, "sec/op") {
		add(row, row, "sec/op", true)
	}
	for _, u := range memoryUnits {
		for _, row := range cells.Rows(source, u.Unit) {
			stage := strings.TrimPrefix(row, "Memory/stage=")
			add(u.Label+", after "+stage, row, u.Unit, u.ranks)
		}
	}
	return rows
}
