package session

import (
	"fmt"
	"iter"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/workload"
	"github.com/btfkit/btfkit/btf"
)

// Queries are what a run asks of each source: the ids, names and regular expressions that are
// chosen here, or a random workload if none is.
type Queries struct {
	IDs   []btf.TypeID
	Names []string
	// Patterns are regular expressions in Go's syntax.
	Patterns []string
	// Seed is the seed of the random workload.
	Seed uint64
}

// A QueryError says that no source answers a query.
type QueryError struct {
	// Query is the kind of query and what it asks, such as "id 4711".
	Query string
	// Reason says what no source has.
	Reason string
}

// Error returns the query and the reason.
func (e *QueryError) Error() string { return e.Query + ": " + e.Reason }

// Chosen reports whether any query is chosen.
func (q *Queries) Chosen() bool { return len(q.IDs)+len(q.Names)+len(q.Patterns) > 0 }

// String lists the queries that are chosen, in the order of their kinds; "" for a random workload.
func (q *Queries) String() string {
	var list []string
	for _, id := range q.IDs {
		list = append(list, fmt.Sprintf("id %d", id))
	}
	for _, name := range q.Names {
		list = append(list, "name "+name)
	}
	for _, expr := range q.Patterns {
		list = append(list, "regex "+expr)
	}
	return strings.Join(list, ", ")
}

// workloads prepares the workload of each source: random, or the chosen queries that the source
// answers. A query that no source answers is a QueryError.
func (q *Queries) workloads(sources []*Source) (map[*Source]*workload.Workload, error) {
	workloads := make(map[*Source]*workload.Workload)
	answered := make(map[any]bool)
	for _, src := range sources {
		prepare := q.ofSpec
		if src.collection {
			prepare = q.ofCollection
		}
		w, err := prepare(src, answered)
		if err != nil {
			return nil, err
		}
		workloads[src] = w
	}
	return workloads, q.checkAnswered(sources, answered)
}

// ofSpec prepares the workload of one Spec, and notes the queries that it answers, by value.
func (q *Queries) ofSpec(src *Source, answered map[any]bool) (*workload.Workload, error) {
	spec, err := src.open()
	if err != nil {
		return nil, err
	}
	defer spec.Close()
	if !q.Chosen() || src.Growth {
		return workload.Generate(spec, q.Seed), nil
	}
	w := new(workload.Workload)
	for _, id := range q.IDs {
		if _, err := spec.TypeByID(id); err == nil {
			w.IDs = append(w.IDs, id)
			answered[id] = true
		}
	}
	return w, q.choose(w, spec, answered)
}

// ofCollection does the same for a kernel with its modules, which share ids: they are not asked.
func (q *Queries) ofCollection(src *Source, answered map[any]bool) (*workload.Workload, error) {
	c, err := src.openCollection()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if !q.Chosen() {
		return workload.GenerateCollection(c, q.Seed), nil
	}
	w := new(workload.Workload)
	return w, q.choose(w, c, answered)
}

// A queried answers names and patterns: a Spec or a Collection.
type queried interface {
	TypeByName(name string, kinds ...btf.Kind) (btf.Type, error)
	TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// choose adds the names and patterns that are answered to a workload.
func (q *Queries) choose(w *workload.Workload, in queried, answered map[any]bool) error {
	for _, name := range q.Names {
		if _, err := in.TypeByName(name); err == nil {
			w.Hits = append(w.Hits, name)
			answered[name] = true
		}
	}
	for _, p := range workload.Patterns(q.Patterns) {
		m, err := btf.NewMatcher(p.Expr)
		if err != nil {
			return &QueryError{"regex " + p.Expr, err.Error()}
		}
		for range in.TypesByMatch(m) {
			w.Patterns = append(w.Patterns, p)
			answered[p] = true
			break
		}
	}
	return nil
}

func (q *Queries) checkAnswered(sources []*Source, answered map[any]bool) error {
	if !q.Chosen() || len(sources) == 0 {
		return nil
	}
	where := "in " + sources[0].Origin
	if len(sources) > 1 {
		where += " and what is split from it"
	}
	for _, id := range q.IDs {
		if !answered[id] {
			return &QueryError{fmt.Sprintf("id %d", id), "no such type " + where}
		}
	}
	for _, name := range q.Names {
		if !answered[name] {
			return &QueryError{"name " + name, "no such type " + where}
		}
	}
	for _, p := range workload.Patterns(q.Patterns) {
		if !answered[p] {
			return &QueryError{"regex " + p.Expr, "matches no name " + where}
		}
	}
	return nil
}
