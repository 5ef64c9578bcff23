package report

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/results"
)

// schema is the version of the form of JSON output. It rises when a reader of the old form would
// misread the new one, which a field more does not make it.
const schema = 1

// document is the form of JSON output. Durations are in seconds, sizes in bytes.
type document struct {
	Schema      int               `json:"schema"`
	Environment map[string]string `json:"environment"`
	Sources     []jsonSource      `json:"sources"`
	Backends    []jsonBackend     `json:"backends"`
	Results     []jsonResult      `json:"results"`
	Verdict     []string          `json:"verdict"`
	Notes       []string          `json:"notes"`
	Seconds     float64           `json:"seconds"`
}

type jsonSource struct {
	Name   string `json:"name"`
	Origin string `json:"origin"`
	Format string `json:"format"`
	Base   string `json:"base,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type jsonBackend struct {
	Name    string `json:"name"`
	Library string `json:"library"`
	About   string `json:"about"`
	Own     bool   `json:"own"`
}

// jsonResult has no interval if there are too few samples for one.
type jsonResult struct {
	Source  string    `json:"source"`
	Row     string    `json:"row"`
	Backend string    `json:"backend"`
	Unit    string    `json:"unit"`
	N       int       `json:"n"`
	Median  float64   `json:"median"`
	Low     *float64  `json:"low,omitempty"`
	High    *float64  `json:"high,omitempty"`
	Samples []float64 `json:"samples"`
	Best    bool      `json:"best"`
}

// JSON writes everything that is known of a run as one JSON object.
func JSON(out io.Writer, run *results.Run) error {
	sheet := figures.Collect(run.Samples)
	d := document{
		Schema:      schema,
		Environment: make(map[string]string),
		Verdict:     append([]string{}, verdict(sheet, run)...),
		Notes:       append([]string{}, Notes(run)...),
		Seconds:     run.Elapsed.Seconds(),
	}
	for _, setting := range run.Environment {
		d.Environment[setting.Key] = setting.Value
	}
	for _, s := range run.Sources {
		d.Sources = append(d.Sources,
			jsonSource{s.Name, s.Origin, s.Format, s.Base, s.Size, s.SHA256})
	}
	for _, s := range run.Subjects {
		d.Backends = append(d.Backends, jsonBackend{s.Name, s.Library, s.About, !s.Peer})
	}
	for _, f := range sheet.List {
		d.Results = append(d.Results, newResult(sheet, f))
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

func newResult(sheet *figures.Sheet, f *figures.Figure) jsonResult {
	j := jsonResult{
		Source: f.Source, Row: f.Row.String(), Backend: f.Backend, Unit: f.Unit, N: f.N,
		Median: f.Center, Samples: f.Sample.Values,
	}
	if f.Bounded() {
		j.Low, j.High = &f.Lo, &f.Hi
	}
	best := sheet.Best(f.Source, f.Row, f.Unit, sheet.Backends(f.Source))
	j.Best = slices.Contains(best, f.Backend)
	return j
}
