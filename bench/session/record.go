package session

import (
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

// A record collects what a run measures.
type record struct {
	run      *results.Run
	settings []benchfmt.Config            // the environment, as every result carries it
	handOn   func(*benchfmt.Result) error // may be nil
}

// newRecord describes the environment, the sources and the subjects.
func newRecord(c *Config) *record {
	environment := readEnvironment(c.Sources)
	r := &record{
		run:      &results.Run{Environment: environment},
		settings: configuration(environment),
		handOn:   c.Result,
	}
	for _, s := range c.Sources {
		r.run.Sources = append(r.run.Sources, s.Source)
	}
	for _, s := range c.Subjects {
		s.Storage = make(map[string]string)
		r.run.Subjects = append(r.run.Subjects, s.Subject)
	}
	return r
}

// addNote keeps a sentence for the reader of the results, once.
func (r *record) addNote(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(r.run.Notes, text) {
		r.run.Notes = append(r.run.Notes, text)
	}
}

// addResult stores a result, and hands it on.
func (r *record) addResult(result *benchfmt.Result) error {
	result.Config = r.settings
	r.run.Samples = append(r.run.Samples, result)
	if r.handOn != nil {
		return r.handOn(result)
	}
	return nil
}

// setStorage notes where a subject keeps the bytes of a source.
func (r *record) setStorage(subject, source, storage string) {
	for _, s := range r.run.Subjects {
		if s.Name == subject {
			s.Storage[source] = storage
		}
	}
}
