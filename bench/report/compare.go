package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// ReadFile reads results in Go's benchmark format. Lines that are none are passed over; a
// file without any result is an error.
func ReadFile(path string) ([]*benchfmt.Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var results []*benchfmt.Result
	r := benchfmt.NewReader(f, path)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.Result:
			results = append(results, rec.Clone())
		case *benchfmt.SyntaxError:
			return nil, rec
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("%s: no benchmark results: wants the output of --format bench", path)
	}
	return results, nil
}

// A Change is the difference of one quantity between two runs.
type Change struct {
	Old, New *Cell
	benchmath.Comparison
}

// Significant reports whether chance alone would seldom make such a difference.
func (c Change) Significant() bool { return c.P < c.Alpha }

// Worse returns by what fraction the new value is worse, 0.1 for a tenth; negative if it is
// better. Of rates (units ending in /s) more is better, of all else less.
func (c Change) Worse() float64 {
	before, after := c.Old.Center, c.New.Center
	if strings.HasSuffix(c.Old.Unit, "/s") {
		before, after = after, before
	}
	if before == after {
		return 0
	}
	return (after - before) / before
}

// A Comparison is all changes between two runs.
type Comparison struct {
	Changes []Change
	// OnlyOld and OnlyNew are what one of the runs lacks.
	OnlyOld, OnlyNew []*Cell
}

// errNothingInCommon says that no quantity is in both runs.
var errNothingInCommon = errors.New("nothing in common: no row of the same backend and source")

// Compare pairs the quantities of two runs and tests each with the Mann-Whitney U test.
func Compare(before, after *Cells) (*Comparison, error) {
	c := new(Comparison)
	for _, cell := range before.List {
		other := after.Get(cell.Key, cell.Unit)
		if other == nil {
			c.OnlyOld = append(c.OnlyOld, cell)
			continue
		}
		test := benchmath.AssumeNothing.Compare(cell.Sample, other.Sample)
		c.Changes = append(c.Changes, Change{cell, other, test})
	}
	for _, cell := range after.List {
		if before.Get(cell.Key, cell.Unit) == nil {
			c.OnlyNew = append(c.OnlyNew, cell)
		}
	}
	if len(c.Changes) == 0 {
		return nil, errNothingInCommon
	}
	return c, nil
}

// Above returns the significant changes for the worse by more than a fraction.
func (c *Comparison) Above(fraction float64) []Change {
	var bad []Change
	for _, change := range c.Changes {
		if change.Significant() && change.Worse() > fraction {
			bad = append(bad, change)
		}
	}
	return bad
}

// Write writes the comparison as a table, "~" where the difference is not significant.
func (c *Comparison) Write(out io.Writer) error {
	t := grid{{"", "unit", "old", "new", "change", "p"}}
	few := false
	for _, change := range c.Changes {
		t = append(t, []string{
			name(change.Old), change.Old.Unit,
			withSpread(change.Old),
			withSpread(change.New),
			change.FormatDelta(change.Old.Center, change.New.Center),
			change.String(),
		})
		few = few || change.N1 < 6 || change.N2 < 6
	}
	var b strings.Builder
	t.write(&b)
	for _, only := range []struct {
		cells []*Cell
		which string
	}{{c.OnlyOld, "old"}, {c.OnlyNew, "new"}} {
		for _, cell := range only.cells {
			fmt.Fprintf(&b, "only in %s: %s %s\n", only.which, name(cell), cell.Unit)
		}
	}
	if few {
		b.WriteString("note: fewer than 6 samples on a side: small differences cannot be told\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func name(c *Cell) string {
	parts := []string{c.Row}
	if c.Backend != "" {
		parts = append(parts, "backend="+c.Backend)
	}
	if c.Source != "" {
		parts = append(parts, "source="+c.Source)
	}
	return strings.Join(parts, "/")
}

// Describe names a change in a line: what, and by how much.
func (c Change) Describe() string {
	return fmt.Sprintf("%s: %s -> %s, %s", name(c.Old), Value(c.Old.Center, c.Old.Unit),
		Value(c.New.Center, c.New.Unit), c.FormatDelta(c.Old.Center, c.New.Center))
}
