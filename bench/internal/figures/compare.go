package figures

import (
	"math"
	"strings"

	"golang.org/x/perf/benchmath"
)

// A Change is the difference of one quantity between two runs.
type Change struct {
	Old, New *Figure
	benchmath.Comparison
}

// Significant reports whether chance alone would seldom make such a difference.
func (c Change) Significant() bool { return c.P < c.Alpha }

// Worse returns by what fraction the new value is worse, 0.1 for a tenth; negative if it is better.
// More is better for rates (units that end in /s), less for everything else.
func (c Change) Worse() float64 {
	before, after := c.Old.Center, c.New.Center
	if strings.HasSuffix(c.Old.Unit, "/s") {
		before, after = after, before
	}
	if before == after {
		return 0
	}
	return (after - before) / math.Abs(before)
}

// Compare pairs the figures of two runs and tests each pair with the Mann-Whitney U test. onlyOld
// and onlyNew are figures that the other run lacks.
func Compare(before, after *Sheet) (changes []Change, onlyOld, onlyNew []*Figure) {
	for _, f := range before.List {
		other := after.Get(f.Name, f.Unit)
		if other == nil {
			onlyOld = append(onlyOld, f)
			continue
		}
		test := benchmath.AssumeNothing.Compare(f.Sample, other.Sample)
		changes = append(changes, Change{f, other, test})
	}
	for _, f := range after.List {
		if before.Get(f.Name, f.Unit) == nil {
			onlyNew = append(onlyNew, f)
		}
	}
	return changes, onlyOld, onlyNew
}
