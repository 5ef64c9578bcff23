package session

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/btfkit/btfkit/bench/results"
	"golang.org/x/perf/benchfmt"
)

// A record collects what a run measures. It may be read while work that was left behind goes on.
type record struct {
	mu       sync.Mutex
	ended    bool
	run      *results.Run
	settings []benchfmt.Config            // the environment, as every result carries it
	handOn   func(*benchfmt.Result) error // may be nil
	doing    string
	part     float64 // of the least that a run does: one sample of each row
}

// newRecord describes the environment, the sources and the subjects.
func newRecord(c *Config) *record {
	environment := readEnvironment(c)
	r := &record{
		run:      &results.Run{Environment: environment},
		settings: configuration(environment),
		handOn:   c.Result,
		doing:    "drawing the workload",
		part:     drawing,
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
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.run.Notes, text) {
		r.run.Notes = append(r.run.Notes, text)
	}
}

// addResult stores a result, and hands it on, unless the run has ended.
func (r *record) addResult(result *benchfmt.Result) error {
	result.Config = r.settings
	r.mu.Lock()
	ended := r.ended
	if !ended {
		r.run.Samples = append(r.run.Samples, result)
	}
	r.mu.Unlock()
	if r.handOn != nil && !ended {
		return r.handOn(result)
	}
	return nil
}

// setStorage notes where a subject keeps the bytes of a source.
func (r *record) setStorage(subject, source, storage string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.run.Subjects {
		if s.Name == subject {
			s.Storage[source] = storage
		}
	}
}

// setDoing notes what is done now, for people.
func (r *record) setDoing(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.doing = what
	}
}

// setPart notes which part of the least that a run does is done.
func (r *record) setPart(part float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.part = part
	}
}

// end returns a copy of what was measured. The record takes no more.
func (r *record) end(elapsed time.Duration) *results.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	run := *r.run
	run.Samples, run.Notes = slices.Clone(run.Samples), slices.Clone(run.Notes)
	run.Subjects = slices.Clone(run.Subjects)
	for i := range run.Subjects {
		run.Subjects[i].Storage = maps.Clone(run.Subjects[i].Storage)
	}
	run.Elapsed = elapsed
	return &run
}

// guessWanted guesses how long a run lasts that takes one sample of each row: half as long again
// as the part that was done lets expect, in whole seconds.
func (r *record) guessWanted(elapsed time.Duration) time.Duration {
	expected := time.Duration(1.5 * float64(elapsed) / r.part)
	return expected.Truncate(time.Second) + time.Second
}

// Parts of the least that a run does, when a phase begins or ends. They are guesses: what takes how
// long depends on the source.
const (
	drawing     = 0.05
	answered    = 0.2
	started     = 0.3
	calibrating = 0.4
	calibrated  = 0.75
)
