package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// near is the ratio of two backends' medians over all runs up to which they share a rank: which
// of them is ahead may change from run to run, and matters to nobody.
const near = 1.25

// A Ranking orders the backends of one row by their figures in several runs.
type Ranking struct {
	Key  // without a backend
	Unit string
	// Ranks holds the backends from best to worst, those near each other together.
	Ranks [][]string
	// Against lists the runs, from 0, in which a backend is ahead of one of a better rank.
	Against []int
}

// Rank compares the order of backends in several runs, row by row, for times and private memory.
// Their figures in a run are medians of ratios within its rounds, so that what slows the machine
// for a while slows all of them. Rows that some run lacks are left out.
func Rank(runs []*Cells) []Ranking {
	var rankings []Ranking
	for _, source := range runs[0].Sources() {
		for _, unit := range []string{"sec/op", "private-B"} {
			for _, row := range runs[0].Rows(source, unit) {
				r := rank(runs, Key{Source: source, Row: row}, unit)
				if len(r.Ranks) > 0 {
					rankings = append(rankings, r)
				}
			}
		}
	}
	return rankings
}

func rank(runs []*Cells, key Key, unit string) Ranking {
	r := Ranking{Key: key, Unit: unit}
	medians := make(map[string][]float64)
	var order []string
	backends := runs[0].Backends(key.Source)
	for _, backend := range backends {
		for _, run := range runs {
			c := run.Get(Key{key.Source, key.Row, backend}, unit)
			first := run.Get(Key{key.Source, key.Row, backends[0]}, unit)
			if c != nil && first != nil {
				medians[backend] = append(medians[backend], c.Ratio(first))
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
		if !r.holds(func(backend string) float64 { return medians[backend][run] }) {
			r.Against = append(r.Against, run)
		}
	}
	return r
}

// holds reports whether every backend of a rank is ahead of all of the ranks behind it.
func (r *Ranking) holds(value func(backend string) float64) bool {
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

// WriteRankings writes a line for each row, and returns how many rows some run contradicts.
func WriteRankings(out io.Writer, rankings []Ranking, runs int) (contradicted int, err error) {
	t := grid{{"row", "ranking", "runs that agree"}}
	for _, r := range rankings {
		var ranks []string
		for _, equal := range r.Ranks {
			ranks = append(ranks, strings.Join(equal, " = "))
		}
		if len(r.Against) > 0 {
			contradicted++
		}
		t = append(t, []string{
			name(&Cell{Key: r.Key}), strings.Join(ranks, " < "),
			fmt.Sprintf("%d of %d", runs-len(r.Against), runs),
		})
	}
	var b strings.Builder
	t.write(&b)
	fmt.Fprintf(&b, "%d of %d rows agree in all runs\n", len(rankings)-contradicted, len(rankings))
	_, err = io.WriteString(out, b.String())
	return contradicted, err
}
