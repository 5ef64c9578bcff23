package figures

import (
	"math"

	"golang.org/x/perf/benchmath"
)

// ComparePairs does what Compare does for runs that were taken in turns: samples at one index are a
// pair, taken next to each other. What slows the machine down for a while slows both of a pair, so
// the sign of their difference is what is tested, and Ratio what is shown. The sign test asks for
// more samples than others do, and does not care how much a disturbed one is off.
func ComparePairs(before, after *Sheet, limit float64) (
	changes []Change, onlyOld, onlyNew []*Figure) {
	return compare(before, after, limit, func(a, b *Figure) Change {
		test := benchmath.Comparison{Alpha: benchmath.DefaultThresholds.CompareAlpha}
		test.N1 = min(len(a.Values), len(b.Values))
		test.N2 = test.N1
		more, less := 0, 0
		for i := range test.N1 {
			if a.Values[i] < b.Values[i] {
				more++
			} else if a.Values[i] > b.Values[i] {
				less++
			}
		}
		test.P = signTest(more+less, min(more, less))
		return Change{Comparison: test, ratio: b.Ratio(a)}
	})
}

// signTest returns how likely it is that of n fair coins at most few, or all but few, show heads.
func signTest(n, few int) float64 {
	p, way := 0.0, math.Exp2(1-float64(n)) // both tails
	for i := range few + 1 {
		p += way
		way *= float64(n-i) / float64(i+1)
	}
	return min(p, 1)
}

// PairsWanted returns how many pairs there have to be for a difference to be significant at a level
// among so many tests although some of the pairs say the opposite.
func PairsWanted(tests int, level float64, disturbed int) int {
	n := 2*disturbed + 1
	for float64(tests)*signTest(n, disturbed) >= level {
		n++
	}
	return n
}
