package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
)

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Parse(page))

// HTML writes one page with charts. It is complete in itself: it loads nothing from elsewhere.
func HTML(out io.Writer, run *results.Run) error {
	return pageTemplate.Execute(out, newPage(figures.Collect(run.Samples), run))
}

type pageData struct {
	Host, Date, Version, Command string

	Count       int
	Elapsed     time.Duration
	Environment results.Environment
	Verdict     []advice
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
	Charts      []dotChart
}

type tableRow struct {
	Label, Title string // the name of the row, and its title in words
	Values       []tableValue
}

type tableValue struct {
	Text string
	Best bool
}

func newPage(sheet *figures.Sheet, run *results.Run) pageData {
	e := run.Environment
	p := pageData{
		Host: e.Get("host"), Date: e.Get("date"), Command: e.Get("command"),
		Version: orUnknown(e.Get("btfkit"), "version"),
		Elapsed: run.Elapsed.Round(100 * time.Millisecond), Verdict: advise(sheet, run),
		Warnings: noiseNotes(sheet), Notes: run.Notes,
	}
	for _, setting := range run.Environment {
		if setting.Key != "pkg" && setting.Key != "command" &&
			!strings.HasPrefix(setting.Key, sourcePrefix) {
			p.Environment = append(p.Environment, setting)
		}
	}
	for _, f := range sheet.List {
		p.Count = max(p.Count, len(f.Values))
	}
	colors := make(map[string]template.CSS)
	for i, s := range run.Subjects {
		colors[s.Name] = template.CSS(fmt.Sprintf("--c%d", i%8))
		p.Subjects = append(p.Subjects, pageSubject{
			s.Name, s.Library, s.About, colors[s.Name], storage(run, s),
		})
	}
	for _, s := range run.Sources {
		if !s.Growth {
			p.Sources = append(p.Sources, newSource(sheet, s, colors))
		}
	}
	p.Lines = append(growthCharts(sheet, run, colors), scalingCharts(sheet, run, colors)...)
	p.LinesText = "With the number of types of synthetic BTF, and with the number of goroutines " +
		"that ask at once: time per operation, both axes logarithmic."
	return p
}

// storage lists where a backend's bytes are, by source.
func storage(run *results.Run, backend results.Subject) []string {
	var list []string
	for _, s := range run.Sources {
		if where := backend.Storage[s.Name]; where != "" && !s.Growth {
			list = append(list, s.Name+" "+where)
		}
	}
	return list
}

func newSource(sheet *figures.Sheet, s results.Source, colors map[string]template.CSS,
) pageSource {
	p := pageSource{
		Name: s.Name, Backends: sheet.Backends(s.Name),
		About: fmt.Sprintf("%s (%s), %d bytes, %d types, sha256 %s", s.Origin, s.Format, s.Size,
			s.Types, s.SHA256),
	}
	if s.Base != "" {
		p.About += ", split on " + s.Base
	}
	b := chartBuilder{sheet: sheet, source: s.Name, backends: p.Backends, colors: colors}
	add := func(title, text string, charts ...dotChart) {
		charts = slices.DeleteFunc(charts, func(c dotChart) bool { return len(c.Dots) == 0 })
		if len(charts) > 0 {
			p.Sections = append(p.Sections, pageSection{title, text, charts})
		}
	}
	add("Opening", "", b.times(
		isOneOf(row.Open, row.OpenCold, row.OpenFirstName, row.SplitOpen))...)
	add("Private memory", "Private_Dirty in a fresh process, less what it was before the source was "+
		"opened. Other figures of memory are in the table below.", b.memory("private-B")...)
	add("By id and name", "", b.times(
		isOneOf(row.TypeByID, row.NameByID, row.IDsByName, row.TypesByName))...)
	add("By regular expression", "", b.times(isOneOf(row.IDsByRegex))...)
	add("Everything at once", "", b.times(isOneOf(row.Iterate, row.StructWalk))...)
	add("What tools ask", "", b.times(
		isOneOf(row.FuncsByParam, row.MemberByPath, row.NameOfType))...)
	add("A kernel with all its modules", "", b.times(row.Row.OfCollection)...)
	p.Table = tableRows(sheet, s.Name, p.Backends)
	return p
}

func tableRows(sheet *figures.Sheet, source string, backends []string) []tableRow {
	var rows []tableRow
	add := func(label string, r row.Row, unit string, ranks bool) {
		line := tableRow{Label: label}
		line.Title, _ = inWords(r)
		var best []string
		if ranks && len(backends) > 1 {
			best = sheet.Best(source, r, unit, backends)
		}
		for _, backend := range backends {
			v := tableValue{Best: slices.Contains(best, backend)}
			if f := sheet.Get(row.Name{Row: r, Backend: backend, Source: source}, unit); f != nil {
				v.Text = format(f)
			}
			line.Values = append(line.Values, v)
		}
		rows = append(rows, line)
	}
	for _, r := range sheet.Rows(source, "sec/op") {
		add(r.String(), r, "sec/op", true)
	}
	for _, u := range memoryUnits {
		for _, r := range sheet.Rows(source, u.Unit) {
			add(u.Label+", after "+r.Stage, r, u.Unit, u.ranks)
		}
	}
	return rows
}
