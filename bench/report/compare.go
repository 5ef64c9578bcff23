package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"golang.org/x/perf/benchfmt"
)

// A Comparison holds all changes between two runs.
type Comparison struct {
	// Changes are in the order of the older run.
	Changes []Change

	onlyOld, onlyNew []*figures.Figure // what one of the runs lacks
}

// A Change is the difference of one figure between two runs.
type Change struct {
	// Name holds the row, the backend and the source, such as IDsByName/hit/backend=mmap/source=x.
	// Row is the first part of it.
	Name, Row string
	// Unit is in base form: sec/op, B/op, private-B, …
	Unit string
	// Worse is the fraction by which the newer run is worse, 0.1 for a tenth; negative if it is
	// better. More is better for rates (units that end in /s), less for everything else.
	Worse float64
	// Significant is set if chance alone would seldom make such a difference: in less than 5 % of
	// cases, by the Mann-Whitney U test.
	Significant bool

	figures figures.Change
}

// Compare pairs the figures of two runs. Runs that have none in common are an error.
func Compare(before, after []*benchfmt.Result) (*Comparison, error) {
	changes, onlyOld, onlyNew := figures.Compare(figures.Collect(before), figures.Collect(after))
	if len(changes) == 0 {
		return nil, errors.New("nothing in common: no row of the same backend and source")
	}
	c := &Comparison{onlyOld: onlyOld, onlyNew: onlyNew}
	for _, change := range changes {
		c.Changes = append(c.Changes, Change{
			Name: change.Old.Name.String(), Row: change.Old.Row.String(), Unit: change.Old.Unit,
			Worse: change.Worse(), Significant: change.Significant(), figures: change,
		})
	}
	return c, nil
}

// Above returns the significant changes for the worse by more than a fraction.
func (c *Comparison) Above(fraction float64) []Change {
	var bad []Change
	for _, change := range c.Changes {
		if change.Significant && change.Worse > fraction {
			bad = append(bad, change)
		}
	}
	return bad
}

// Write writes the comparison as a table, with "~" where the difference is not significant.
func (c *Comparison) Write(out io.Writer) error {
	t := grid{{"", "unit", "old", "new", "change", "p"}}
	few := false
	for _, change := range c.Changes {
		f := change.figures
		t = append(t, []string{
			change.Name, change.Unit,
			format(f.Old),
			format(f.New),
			f.FormatDelta(f.Old.Center, f.New.Center),
			f.Comparison.String(),
		})
		few = few || f.N1 < 6 || f.N2 < 6
	}
	var b strings.Builder
	t.write(&b)
	for _, f := range c.onlyOld {
		fmt.Fprintf(&b, "only in old: %s %s\n", f.Name, f.Unit)
	}
	for _, f := range c.onlyNew {
		fmt.Fprintf(&b, "only in new: %s %s\n", f.Name, f.Unit)
	}
	if few {
		b.WriteString("note: fewer than 6 samples on a side: small differences cannot be told\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// String says in a line what changed, and by how much.
func (c Change) String() string {
	before, after := c.figures.Old.Center, c.figures.New.Center
	return fmt.Sprintf("%s: %s -> %s, %s", c.Name, formatValue(before, c.Unit),
		formatValue(after, c.Unit), c.figures.FormatDelta(before, after))
}
