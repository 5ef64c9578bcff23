package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench/session"
)

// noisy is the spread above which a figure does not rank.
const noisy = 0.2

// Noise returns warnings if the machine was too busy to rank backends, or samples too few.
func Noise(cells *Cells) []string {
	var warnings []string
	var times, wide int
	few := false
	for _, c := range cells.List {
		if c.Unit != "sec/op" || c.Row == "OpenCold" {
			continue
		}
		times++
		few = few || len(c.Values) < 6
		if c.quartileSpread() > noisy {
			wide++
		}
	}
	if few {
		warnings = append(warnings,
			"fewer than 6 samples: no interval is certain, and no difference significant for benchstat")
	}
	if wide*4 > times {
		warnings = append(warnings, fmt.Sprintf("the machine is too noisy to rank: half of the samples "+
			"of %d of %d figures lie more than %.0f %% apart; run again when it is quiet",
			wide, times, 100*noisy))
	}
	return warnings
}

// quartileSpread is the distance of the quartiles relative to the median. Unlike the confidence
// interval, which spans all of six samples, it forgives one that was disturbed.
func (c *Cell) quartileSpread() float64 {
	n := len(c.Sample.Values)
	if n == 0 || c.Center == 0 {
		return 0
	}
	return (c.Sample.Values[3*(n-1)/4] - c.Sample.Values[(n-1)/4]) / c.Center
}

// An Advice says which backends to choose for a use.
type Advice struct {
	Source string
	// Use is what one does, such as "many lookups by id and name".
	Use string
	// Backends are the best, equally good, in the order of the run.
	Backends []string
	// All is set if no backend is worse than these.
	All bool
	// Figures says why.
	Figures string
}

// String returns the advice as a sentence.
func (a Advice) String() string {
	if a.All {
		return fmt.Sprintf("%s: for %s, all are equal: %s", a.Source, a.Use, a.Figures)
	}
	return fmt.Sprintf("%s: for %s, choose %s: %s", a.Source, a.Use,
		strings.Join(a.Backends, " or "), a.Figures)
}

// Verdict says in sentences which of our backends to choose for which use.
func Verdict(cells *Cells, r *session.Results) []string {
	var sentences []string
	for _, a := range Advise(cells, r) {
		sentences = append(sentences, a.String())
	}
	return sentences
}

// uses are what people choose a backend for, each with the rows that tell. Several rows count
// by the geometric mean of their ratios.
var uses = []struct {
	use, unit string
	row       func(string) bool
}{
	{"a tool that opens, asks for one name and exits", "sec/op",
		is("OpenFirstName", "CollectionOpenFirstName")},
	{"many lookups by id and name", "sec/op", is("TypeByID", "IDsByName/hit",
		"IDsByName/miss", "CollectionTypesByName/hit", "CollectionTypesByName/miss")},
	{"regular expressions", "sec/op",
		func(row string) bool {
			return strings.HasPrefix(row, "IDsByRegex/") ||
				strings.HasPrefix(row, "CollectionTypesByRegex/")
		}},
	{"the least private memory, queries included", "private-B", is("Memory/stage=queries")},
}

func is(rows ...string) func(string) bool {
	return func(row string) bool { return slices.Contains(rows, row) }
}

// Advise compares our own backends, if there are several.
func Advise(cells *Cells, r *session.Results) []Advice {
	var all []Advice
	for _, src := range r.Sources {
		if src.Growth {
			continue
		}
		source := src.Name
		var own []string
		for _, s := range r.Subjects {
			if s.Own && slices.Contains(cells.Backends(source), s.Name) {
				own = append(own, s.Name)
			}
		}
		if len(own) < 2 {
			continue
		}
		for _, u := range uses {
			rows := slices.DeleteFunc(cells.Rows(source, u.unit),
				func(row string) bool { return !u.row(row) })
			if a, ok := cells.advise(source, rows, u.unit, own); ok {
				a.Use = u.use
				all = append(all, a)
			}
		}
		if a, ok := cells.breakEven(source, own); ok {
			all = append(all, a)
		}
	}
	return all
}

// advise ranks backends by one or several rows.
func (c *Cells) advise(source string, rows []string, unit string, own []string) (
	a Advice, ok bool) {
	scores := make([]float64, len(own))
	for _, row := range rows {
		first := c.Get(Key{source, row, own[0]}, unit)
		for i, backend := range own {
			cell := c.Get(Key{source, row, backend}, unit)
			if cell == nil || first == nil {
				return a, false
			}
			scores[i] += math.Log(cell.Ratio(first)) / float64(len(rows))
		}
	}
	if len(rows) == 0 {
		return a, false
	}
	least := slices.Min(scores)
	var best, others []string
	for i, backend := range own {
		factor := math.Exp(scores[i] - least)
		figure := c.figures(source, rows, unit, backend)
		if factor <= tolerance {
			a.Backends = append(a.Backends, backend)
			best = append(best, backend+" "+figure)
		} else {
			others = append(others, fmt.Sprintf("%s %s, %s times that", backend, figure,
				twoDigits(factor)))
		}
	}
	a.Source, a.All = source, len(others) == 0
	a.Figures = strings.Join(append(best, others...), "; ")
	return a, true
}

// figures shows the one row's value, or the range of several.
func (c *Cells) figures(source string, rows []string, unit, backend string) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		v := c.Get(Key{source, row, backend}, unit).Center
		low, high = min(low, v), max(high, v)
	}
	if low == high {
		return Value(low, unit)
	}
	return Value(low, unit) + " to " + Value(high, unit)
}

// breakEven says after how many lookups by name the backend with the fastest lookup has made
// up for opening more slowly than the one that opens fastest.
func (c *Cells) breakEven(source string, own []string) (a Advice, ok bool) {
	least := func(row string) *Cell {
		var best *Cell
		for _, backend := range own {
			cell := c.Get(Key{source, row, backend}, "sec/op")
			if cell != nil && (best == nil || cell.Center < best.Center) {
				best = cell
			}
		}
		return best
	}
	quick, steady := least("Open"), least("IDsByName/hit")
	if quick == nil || steady == nil || quick.Backend == steady.Backend {
		return a, false
	}
	open := c.Get(Key{source, "Open", steady.Backend}, "sec/op")
	hit := c.Get(Key{source, "IDsByName/hit", quick.Backend}, "sec/op")
	if open == nil || hit == nil || hit.Center <= steady.Center {
		return a, false
	}
	lookups := (open.Center - quick.Center) / (hit.Center - steady.Center)
	return Advice{
		Source:   source,
		Use:      "more than about " + twoDigits(lookups) + " lookups by name",
		Backends: []string{steady.Backend},
		Figures: fmt.Sprintf("opening takes %s instead of %s (%s), a lookup %s instead of %s",
			Value(open.Center, "sec"), Value(quick.Center, "sec"), quick.Backend,
			Value(steady.Center, "sec"), Value(hit.Center, "sec")),
	}, true
}
