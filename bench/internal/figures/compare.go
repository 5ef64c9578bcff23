package figures

import (
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"
)

// A Change is the difference of one quantity between two runs.
type Change struct {
	Old, New *Figure
	// Comparison has the P value of the Mann-Whitney U test, corrected for the number of tests. It is
	// 1 where nothing was tested.
	benchmath.Comparison
	// Alone is the P value without the correction: what a single test would say.
	Alone float64
	// Tested reports whether the figures can differ by what counts at all.
	Tested bool

	ratio float64 // of pairs, how many times the old value the new one is; else 0
}

// Significant reports whether chance alone would seldom make such a difference: in less than 5 % of
// comparisons, whatever the number of their figures.
func (c Change) Significant() bool { return c.Tested && c.P < c.Alpha }

// Worse returns by what fraction the new value is worse, 0.1 for a tenth; negative if it is better.
// More is better for rates (units that end in /s), less for everything else.
func (c Change) Worse() float64 {
	before, after := c.Centers()
	if strings.HasSuffix(c.Old.Unit, "/s") {
		before, after = after, before
	}
	if before == after {
		return 0
	}
	return (after - before) / math.Abs(before)
}

// Centers returns the medians, of pairs in such a way that their ratio is that of the pairs.
func (c Change) Centers() (before, after float64) {
	before, after = c.Old.Center, c.New.Center
	if c.ratio > 0 && !math.IsInf(c.ratio, 0) && after > 0 {
		before = after / c.ratio
	}
	return before, after
}

// Counts reports whether the medians differ by more than the floor of their unit.
func (c Change) Counts() bool {
	return math.Abs(c.New.Center-c.Old.Center) > leastDifference(c.Old.Unit)
}

// leastDifference is the least difference of a unit that counts, however small the values are. A
// pool that the garbage collector emptied, a page or a span more or less is chance; an allocation
// more in every operation is not.
func leastDifference(unit string) float64 {
	switch unit {
	case "allocs/op":
		return 0.5
	case "B/op":
		return 64
	case "heap-objects":
		return 100
	case "heap-B", "private-B", "peak-B":
		return 64 << 10
	}
	if informsOnly(unit) {
		return math.Inf(1)
	}
	return 0
}

// informsOnly reports whether a unit only informs, so that no difference of it counts. Resident
// memory holds pages that the system can drop. Totals add what the process held before, and one
// cycle of the garbage collector takes what the scheduler makes of it.
func informsOnly(unit string) bool {
	for _, prefix := range []string{"rss-", "pss-", "mapped-", "gc-"} {
		if strings.HasPrefix(unit, prefix) {
			return true
		}
	}
	return strings.HasSuffix(unit, "-total-B")
}

// Compare pairs the figures of two runs, and tests the pairs that can differ by more than limit, a
// fraction such as 0.1. onlyOld and onlyNew are figures that the other run lacks.
//
// Each test is the Mann-Whitney U test. Of hundreds of tests some find a difference by chance, so
// Holm's step-down correction bounds the probability that any of them does. The correction of
// Benjamini and Hochberg would bound the part of wrong findings among all findings, which says
// nothing about a comparison of equal programs: there, every finding is wrong.
//
// A pair is not tested if all samples of both sides lie so close together that their medians cannot
// differ by more than the limit, or the unit's floor. Since this does not depend on which side a
// sample is from, it makes the rest of the tests neither more nor less likely to err.
func Compare(before, after *Sheet, limit float64) (changes []Change, onlyOld, onlyNew []*Figure) {
	return compare(before, after, limit, func(a, b *Figure) Change {
		return Change{Comparison: benchmath.AssumeNothing.Compare(a.Sample, b.Sample)}
	})
}

func compare(before, after *Sheet, limit float64, test func(before, after *Figure) Change) (
	changes []Change, onlyOld, onlyNew []*Figure) {
	for _, f := range before.List {
		other := after.Get(f.Name, f.Unit)
		if other == nil {
			onlyOld = append(onlyOld, f)
			continue
		}
		c := test(f, other)
		c.Old, c.New, c.Alone, c.Tested = f, other, c.P, canDiffer(f, other, limit)
		if !c.Tested {
			c.P = 1
		}
		changes = append(changes, c)
	}
	for _, f := range after.List {
		if before.Get(f.Name, f.Unit) == nil {
			onlyNew = append(onlyNew, f)
		}
	}
	correctForTests(changes)
	return changes, onlyOld, onlyNew
}

// canDiffer reports whether medians of the samples could differ by more than the limit and the
// floor if the samples were dealt to the two sides in another way.
func canDiffer(a, b *Figure, limit float64) bool {
	all := slices.Concat(a.Values, b.Values)
	least, most := slices.Min(all), slices.Max(all)
	return most-least > leastDifference(a.Unit) && most-least > limit*math.Abs(least)
}

// correctForTests raises the P values of tests by Holm's method: the least of m by m, the next by
// m-1, and so on, each at least as high as the one before.
func correctForTests(changes []Change) {
	var tested []*Change
	for i := range changes {
		if changes[i].Tested {
			tested = append(tested, &changes[i])
		}
	}
	slices.SortStableFunc(tested, func(a, b *Change) int {
		switch {
		case a.Alone < b.Alone:
			return -1
		case a.Alone > b.Alone:
			return 1
		}
		return 0
	})
	var highest float64
	for i, c := range tested {
		highest = max(highest, min(1, c.Alone*float64(len(tested)-i)))
		c.P = highest
	}
}

// SamplesWanted returns how many samples a side has to have for a difference to be significant
// among so many tests: with fewer not even samples that never overlap are.
func SamplesWanted(tests int) int {
	n, ways := 1, 2.0 // how many ways there are to choose n of 2n samples
	for 2*float64(tests)/ways >= benchmath.DefaultThresholds.CompareAlpha {
		n++
		ways *= 2 * float64(2*n-1) / float64(n)
	}
	return n
}
