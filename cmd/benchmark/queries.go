package main

import (
	"fmt"
	"iter"

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
		workload := o.workload
		if src.Set {
			workload = o.setWorkload
		}
		w, err := workload(src, answered)
		if err != nil {
			return nil, err
		}
		workloads[src] = w
	}
	if err := o.unanswered(sources, answered); err != nil {
		return nil, err
	}
	return func(s *session.Source) (*bench.Workload, error) { return workloads[s], nil }, nil
}

// workload prepares that of one Spec, and notes the queries that it answers, by value.
func (o *options) workload(src *session.Source, answered map[any]bool) (*bench.Workload, error) {
	spec, err := src.Open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	if !o.chosen() || src.Growth {
		return bench.Generate(spec, o.seed), nil
	}
	w := new(bench.Workload)
	for _, id := range o.ids {
		if _, err := spec.TypeByID(id); err == nil {
			w.IDs = append(w.IDs, id)
			answered[id] = true
		}
	}
	return w, o.choose(w, spec, answered)
}

// setWorkload does the same for a kernel with its modules.
func (o *options) setWorkload(src *session.Source, answered map[any]bool) (*bench.Workload, error) {
	c, err := src.Collection()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if !o.chosen() {
		return bench.GenerateSet(c, o.seed), nil
	}
	w := new(bench.Workload)
	return w, o.choose(w, c, answered)
}

// A queried answers names and patterns: a Spec or a Collection.
type queried interface {
	TypeByName(name string, kinds ...btf.Kind) (btf.Type, error)
	TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// choose takes the names and patterns that are answered.
func (o *options) choose(w *bench.Workload, in queried, answered map[any]bool) error {
	for _, name := range o.names {
		if _, err := in.TypeByName(name); err == nil {
			w.Hits = append(w.Hits, name)
			answered[name] = true
		}
	}
	for _, p := range bench.Patterns(o.patterns) {
		m, err := btf.NewMatcher(p.Expr)
		if err != nil {
			return fmt.Errorf("--regex: %w", err)
		}
		for range in.TypesByMatch(m) {
			w.Patterns = append(w.Patterns, p)
			answered[p] = true
			break
		}
	}
	return nil
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
