package figures

import (
	"cmp"
	"slices"

	"github.com/btfkit/btfkit/bench/internal/row"
)

// near is the ratio of two backends' medians over all runs up to which they share a rank. Which of
// the two is ahead may change from run to run, and matters to nobody.
const near = 1.25

// A Ranking orders the backends of one row by their figures in several runs.
type Ranking struct {
	row.Name // without a backend
	Unit     string
	// Ranks holds the backends from best to worst; those near each other share a rank.
	Ranks [][]string
	// Against lists the runs, from 0, in which a backend is ahead of one of a better rank.
	Against []int
}

// Rank compares the order of backends in several runs, row by row, for times and private memory. It
// takes the medians of ratios within the rounds of a run, since what slows the machine for a while
// slows all backends. It leaves out rows that some run lacks.
func Rank(runs []*Sheet) []Ranking {
	if len(runs) == 0 {
		return nil
	}
	var rankings []Ranking
	for _, source := range runs[0].Sources() {
		for _, unit := range []string{"sec/op", "private-B"} {
			for _, of := range runs[0].Rows(source, unit) {
				r := rank(runs, row.Name{Row: of, Source: source}, unit)
				if len(r.Ranks) > 0 {
					rankings = append(rankings, r)
				}
			}
		}
	}
	return rankings
}

func rank(runs []*Sheet, name row.Name, unit string) Ranking {
	r := Ranking{Name: name, Unit: unit}
	medians := make(map[string][]float64)
	var order []string
	backends := runs[0].Backends(name.Source)
	for _, backend := range backends {
		for _, run := range runs {
			f := run.Get(row.Name{Row: name.Row, Backend: backend, Source: name.Source}, unit)
			first := run.Get(row.Name{Row: name.Row, Backend: backends[0], Source: name.Source}, unit)
			if f != nil && first != nil {
				medians[backend] = append(medians[backend], f.Ratio(first))
			}
		}
		if len(medians[backend]) == len(runs) {
			order = append(order, backend)
		}
	}
	over := make(map[string]float64)
	for _, backend := range order {
		over[backend] = median(slices.Clone(medians[backend]))
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(over[a], over[b]) })
	for i, backend := range order {
		if i > 0 && over[backend] <= near*over[order[i-1]] {
			last := len(r.Ranks) - 1
			r.Ranks[last] = append(r.Ranks[last], backend)
		} else {
			r.Ranks = append(r.Ranks, []string{backend})
		}
	}
	for run := range runs {
		if !r.holdsBy(func(backend string) float64 { return medians[backend][run] }) {
			r.Against = append(r.Against, run)
		}
	}
	return r
}

// holdsBy reports whether every backend of a rank is ahead of every backend of the next rank.
func (r *Ranking) holdsBy(value func(backend string) float64) bool {
	for i := 1; i < len(r.Ranks); i++ {
		for _, ahead := range r.Ranks[i-1] {
			for _, behind := range r.Ranks[i] {
				if value(ahead) >= value(behind) {
					return false
				}
			}
		}
	}
	return true
}
