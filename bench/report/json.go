package report

import (
	"encoding/json"
	"io"
	"math"

	"github.com/btfkit/btfkit/bench/session"
)

// document is the form of JSON output. Durations are in seconds, sizes in bytes.
type document struct {
	Environment session.Environment `json:"environment"`
	Sources     []jsonSource        `json:"sources"`
	Backends    []jsonBackend       `json:"backends"`
	Results     []jsonResult        `json:"results"`
	Verdict     []string            `json:"verdict"`
	Notes       []string            `json:"notes"`
	Seconds     float64             `json:"seconds"`
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
func JSON(out io.Writer, r *session.Results) error {
	cells := Collect(r.Samples)
	d := document{
		Environment: r.Environment,
		Verdict:     append([]string{}, Verdict(cells, r)...),
		Notes:       append(append([]string{}, r.Notes...), Noise(cells)...),
		Seconds:     r.Elapsed.Seconds(),
	}
	for _, s := range r.Sources {
		source := jsonSource{s.Name, s.Origin, s.Format, "", s.Size, s.SHA256}
		if s.Base != nil {
			source.Base = s.Base.Name
		}
		d.Sources = append(d.Sources, source)
	}
	for _, s := range r.Subjects {
		d.Backends = append(d.Backends, jsonBackend{s.Name, s.Library, s.About, s.Own})
	}
	for _, c := range cells.List {
		d.Results = append(d.Results, cells.result(c))
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

func (cells *Cells) result(c *Cell) jsonResult {
	j := jsonResult{
		Source: c.Source, Row: c.Row, Backend: c.Backend, Unit: c.Unit, N: c.N,
		Median: c.Center, Samples: c.Sample.Values,
	}
	if !math.IsInf(c.Lo, 0) && !math.IsInf(c.Hi, 0) {
		j.Low, j.High = &c.Lo, &c.Hi
	}
	for _, best := range cells.Best(c.Source, c.Row, c.Unit, cells.Backends(c.Source)) {
		j.Best = j.Best || best == c.Backend
	}
	return j
}
