package report

import (
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/bench/session"
)

// noisy is the spread above which a cell does not rank.
const noisy = 0.2

// Noise returns warnings if the machine was too busy to rank backends, or samples too few.
func Noise(cells *Cells) []string {
	var warnings []string
	var times, wide, few int
	for _, c := range cells.List {
		if c.Unit != "sec/op" || c.Row == "OpenCold" {
			continue
		}
		times++
		switch {
		case len(c.Sample.Values) < 6:
			few++
		case c.Spread() > noisy:
			wide++
		}
	}
	if few > 0 {
		warnings = append(warnings, "fewer than 6 samples: intervals are wider than "+
			"their figures, and benchstat finds no difference significant")
	}
	if wide*4 > times {
		warnings = append(warnings, fmt.Sprintf("the machine is too noisy to rank: %d of %d figures "+
			"vary by more than %.0f %%; run again when it is quiet", wide, times, 100*noisy))
	}
	return warnings
}

// Verdict says which of our backends to choose for which use, with the figures.
func Verdict(cells *Cells, r *session.Results) []string {
	var sentences []string
	for _, source := range cells.Sources() {
		var own []string
		for _, s := range r.Subjects {
			if s.Own && slices.Contains(cells.Backends(source), s.Name) {
				own = append(own, s.Name)
			}
		}
		if len(own) > 1 {
			_ = own
		}
	}
	return sentences
}
