package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"golang.org/x/perf/benchfmt"
)

// A Comparison holds all changes between two runs.
type Comparison struct {
	// Changes are in the order of the older run.
	Changes []Change

	limit            float64
	pairs            bool
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
	// Significant is set if chance alone would seldom make such a difference: the probability that
	// any figure of two equal programs is called significant is less than 5 %, by the Mann-Whitney
	// U test, or for pairs the sign test, with Holm's correction for the number of tests.
	Significant bool

	figures figures.Change
}

// Compare compares each figure of one run with that of the other. It tests the figures that can
// differ by more than limit, a fraction; 0 tests all. It fails if the runs have no figure in
// common.
func Compare(before, after []*benchfmt.Result, limit float64) (*Comparison, error) {
	c := &Comparison{limit: limit}
	changes, onlyOld, onlyNew := figures.Compare(figures.Collect(before), figures.Collect(after),
		limit)
	return c, c.fill(changes, onlyOld, onlyNew)
}

// ComparePairs does the same for runs that were taken in turns: the first sample of a figure in one
// run is held against the first one in the other, and so on, by the sign test.
func ComparePairs(before, after []*benchfmt.Result, limit float64) (*Comparison, error) {
	c := &Comparison{limit: limit, pairs: true}
	changes, onlyOld, onlyNew := figures.ComparePairs(figures.Collect(before),
		figures.Collect(after), limit)
	return c, c.fill(changes, onlyOld, onlyNew)
}

// PairsWanted returns how many pairs it takes to tell a difference among so many tests although
// three pairs were disturbed, where the probability of an error is to be less than risk.
func PairsWanted(tests int, risk float64) int { return figures.PairsWanted(tests, risk, 3) }

func (c *Comparison) fill(changes []figures.Change, onlyOld, onlyNew []*figures.Figure) error {
	if len(changes) == 0 {
		return errors.New("nothing in common: no row of the same backend and source")
	}
	c.onlyOld, c.onlyNew = onlyOld, onlyNew
	for _, change := range changes {
		c.Changes = append(c.Changes, Change{
			Name: change.Old.Name.String(), Row: change.Old.Row.String(), Unit: change.Old.Unit,
			Worse: change.Worse(), Significant: change.Significant(), figures: change,
		})
	}
	return nil
}

// Worse returns the changes for the worse by more than the limit. risk bounds the probability that
// chance alone makes any of them.
func (c *Comparison) Worse(risk float64) []Change {
	return c.selectChanges(func(change Change) bool {
		f := change.figures
		return f.Tested && f.P < risk && change.Worse > c.limit && f.Counts()
	})
}

// significance is the probability of a wrong finding that Significant allows.
const significance = 0.05

// suspicion is the P value of a test by itself below which a change is suspect. At 6 pairs a slower
// row is still suspect if one pair was disturbed.
const suspicion = 0.25

// Suspects returns the changes that may be for the worse by more than the limit, and are worth new
// samples: by more than half of it, and seldom by chance. Without new samples they prove nothing,
// since among many figures some are suspect by chance.
func (c *Comparison) Suspects() []Change {
	return c.selectChanges(func(change Change) bool {
		f := change.figures
		return f.Tested && f.Alone < suspicion && change.Worse > c.limit/2 && f.Counts()
	})
}

func (c *Comparison) selectChanges(want func(Change) bool) (picked []Change) {
	for _, change := range c.Changes {
		if want(change) {
			picked = append(picked, change)
		}
	}
	return picked
}

// Write writes the comparison as a table, with "~" where the difference is not significant.
func (c *Comparison) Write(out io.Writer) error {
	var b strings.Builder
	t := grid{{"", "old", "new", "change", "p"}}
	for i, change := range c.Changes {
		if i == 0 || change.Name != c.Changes[i-1].Name {
			t = append(t, []string{change.Name})
		}
		f := change.figures
		p := "-"
		if f.Tested {
			p = f.Comparison.String()
		}
		t = append(t, []string{
			"  " + change.Unit,
			format(f.Old),
			format(f.New),
			f.FormatDelta(f.Centers()),
			p,
		})
	}
	t.write(&b)
	for _, f := range c.onlyOld {
		writeWrapped(&b, fmt.Sprintf("only in old: %s %s", f.Name, f.Unit))
	}
	for _, f := range c.onlyNew {
		writeWrapped(&b, fmt.Sprintf("only in new: %s %s", f.Name, f.Unit))
	}
	for _, note := range c.notes() {
		writeWrapped(&b, "note: "+note)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// notes says how many figures were tested, and whether the samples suffice for so many tests.
func (c *Comparison) notes() []string {
	tested, fewest := 0, 0
	for _, change := range c.Changes {
		f := change.figures
		if least := min(f.N1, f.N2); f.Tested && (tested == 0 || least < fewest) {
			fewest = least
		}
		if f.Tested {
			tested++
		}
	}
	text := fmt.Sprintf("%d of %d figures tested", tested, len(c.Changes))
	if tested < len(c.Changes) {
		text += ", the others differ by too little to count"
	}
	notes := []string{text + "; p is corrected for the number of tests (Holm)"}
	wanted := figures.SamplesWanted(tested)
	if c.pairs {
		notes[0] += "; samples are pairs, the change is their median one"
		wanted = figures.PairsWanted(tested, significance, 0)
	}
	if tested > 0 && fewest < wanted {
		notes = append(notes, fmt.Sprintf("%d samples a side cannot tell any difference among so many "+
			"tests: take %d (--count, or --turns), or fewer rows (--rows)", fewest, wanted))
	}
	return notes
}

// String says in a line what changed, and by how much.
func (c Change) String() string {
	text := fmt.Sprintf("%s: %s -> %s", c.Name, formatValue(c.figures.Old.Center, c.Unit),
		formatValue(c.figures.New.Center, c.Unit))
	if before, after := c.figures.Centers(); before != 0 {
		text += fmt.Sprintf(", %+.2f%%", 100*(after/before-1))
	}
	return text
}

// IsOf reports whether the change is about results of a name.
func (c Change) IsOf(name benchfmt.Name) bool { return row.ParseName(name) == c.figures.Old.Name }
