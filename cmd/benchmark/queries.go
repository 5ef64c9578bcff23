package main

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
)

// queries prepares the workload of each source: random, or the chosen queries that the source
// answers. A query that no source answers is an error.
func (o *options) queries(sources []*session.Source) (
	func(*session.Source) (*bench.Workload, error), error) {
	workloads := make(map[*session.Source]*bench.Workload)
	answered := make(map[any]bool)
	for _, src := range sources {
		spec, err := src.Open()
		if err != nil {
			return nil, err
		}
		if o.chosen() {
			workloads[src], err = o.choose(spec, answered)
		} else {
			workloads[src] = bench.Generate(spec, o.seed)
		}
		if err = errors.Join(err, spec.Close()); err != nil {
			return nil, err
		}
	}
	if err := o.unanswered(sources, answered); err != nil {
		return nil, err
	}
	return func(s *session.Source) (*bench.Workload, error) { return workloads[s], nil }, nil
}

// choose takes the queries that a source answers and notes them in answered, by value.
func (o *options) choose(spec *btf.Spec, answered map[any]bool) (*bench.Workload, error) {
	w := new(bench.Workload)
	for _, id := range o.ids {
		if _, err := spec.TypeByID(id); err == nil {
			w.IDs = append(w.IDs, id)
			answered[id] = true
		}
	}
	for _, name := range o.names {
		if _, err := spec.TypeByName(name); err == nil {
			w.Hits = append(w.Hits, name)
			answered[name] = true
		}
	}
	for _, p := range bench.Patterns(o.patterns) {
		m, err := btf.Compile(p.Expr)
		if err != nil {
			return nil, fmt.Errorf("--regex: %w", err)
		}
		ids, err := spec.AppendMatches(nil, m)
		if err != nil {
			return nil, fmt.Errorf("--regex %s: %w", p.Expr, err)
		}
		if len(ids) > 0 {
			w.Patterns = append(w.Patterns, p)
			answered[p] = true
		}
	}
	return w, nil
}

func (o *options) unanswered(sources []*session.Source, answered map[any]bool) error {
	where := "in " + sources[0].Origin
	if len(sources) > 1 {
		where += " and what is split from it"
	}
	for _, id := range o.ids {
		if !answered[id] {
			return fmt.Errorf("--id %d: no such type %s", id, where)
		}
	}
	for _, name := range o.names {
		if !answered[name] {
			return fmt.Errorf("--name %s: no such type %s", name, where)
		}
	}
	for _, p := range bench.Patterns(o.patterns) {
		if !answered[p] {
			return fmt.Errorf("--regex %s: matches no name %s", p.Expr, where)
		}
	}
	return nil
}
