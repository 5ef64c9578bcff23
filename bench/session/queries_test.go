package session_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/session"
	"github.com/btfkit/btfkit/btf"
)

// rowsOf runs our first backend and returns the names of the rows that have results.
func rowsOf(t *testing.T, c session.Config) []string {
	t.Helper()
	ws, kernel, _ := prepare(t)
	c.Sources = []*session.Source{kernel}
	c.Subjects = session.Ours(bench.Backends()[:1], program("serve"))
	c.Count, c.Iterations = 2, 1
	run, err := session.Run(t.Context(), ws, c)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, f := range figures.Collect(run.Samples).List {
		if name := f.Row.String(); !slices.Contains(rows, name) {
			rows = append(rows, name)
		}
	}
	return rows
}

// Only rows that are selected are measured, those of fresh processes included.
func TestSelect(t *testing.T) {
	for _, want := range [][]string{
		{"TypeByID"}, {"OpenCold", "Open"}, {"Memory/stage=open", "TypeByID"}, {"Memory/stage=queries"},
	} {
		got := rowsOf(t, session.Config{Select: func(row string) bool {
			return slices.Contains(want, row)
		}})
		if !slices.Equal(got, want) {
			t.Errorf("rows %q, want %q", got, want)
		}
	}
}

// Chosen queries take the place of the random workload, and of rows that ask nothing.
func TestQueries(t *testing.T) {
	random := session.Queries{Seed: 7}
	chosen := session.Queries{Names: []string{"sk_buff"}, Patterns: []string{"^sk_"}}
	if random.Chosen() || !chosen.Chosen() {
		t.Error("a seed alone chooses no queries")
	}
	got := rowsOf(t, session.Config{Queries: chosen})
	want := []string{"OpenCold", "Memory/stage=open", "Memory/stage=queries", "Open", "OpenFirstName",
		"IDsByName/hit", "TypesByName/hit", "IDsByRegex/pattern=^sk_", "TypesByRegex/pattern=^sk_"}
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

func TestQueryError(t *testing.T) {
	ws, kernel, module := prepare(t)
	in := " in " + kernel.Origin
	for want, q := range map[string]session.Queries{
		"id 99999: no such type" + in:                               {IDs: []btf.TypeID{1, 99999}},
		"name nope: no such type" + in:                              {Names: []string{"sk_buff", "nope"}},
		"regex ^nope$: matches no name" + in:                        {Patterns: []string{"^nope$", "sk"}},
		"name no: no such type" + in + " and what is split from it": {Names: []string{"no"}},
	} {
		sources := []*session.Source{kernel}
		if len(want) > len(in)+30 {
			sources = append(sources, module)
		}
		_, err := session.Run(t.Context(), ws, session.Config{
			Sources: sources, Subjects: session.Ours(bench.Backends(), nil), Queries: q,
		})
		var e *session.QueryError
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
