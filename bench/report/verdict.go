package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
)

// noisy is the distance of the quartiles above which a figure does not rank, unsure the half width
// of the interval above which a figure says little by itself.
const (
	noisy  = 0.2
	unsure = 0.5
)

// Notes returns the notes of a run. It adds warnings if the machine was too busy to rank backends,
// or if there are too few samples.
func Notes(run *results.Run) []string {
	return append(slices.Clone(run.Notes), noiseNotes(figures.Collect(run.Samples))...)
}

func noiseNotes(sheet *figures.Sheet) []string {
	var warnings []string
	var times, wide int
	few := false
	for _, f := range sheet.List {
		if f.Unit != "sec/op" || f.Row.Op == row.OpenCold {
			continue
		}
		times++
		few = few || len(f.Values) < 6
		if f.QuartileSpread() > noisy {
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
	return append(warnings, unsureFigures(sheet)...)
}

// unsureFigures warns of figures that are shown with a wide interval, and names the widest.
func unsureFigures(sheet *figures.Sheet) []string {
	var worst *figures.Figure
	shown, wide := 0, 0
	for _, f := range sheet.List {
		if f.Unit != "sec/op" && memoryLabel(f.Unit) == "" {
			continue
		}
		shown++
		if !f.Bounded() || f.Spread() <= unsure {
			continue
		}
		wide++
		if worst == nil || f.Spread() > worst.Spread() {
			worst = f
		}
	}
	if worst == nil {
		return nil
	}
	what := worst.Row.String()
	if label := memoryLabel(worst.Unit); label != "" {
		what += ", " + label
	}
	return []string{fmt.Sprintf("%d of %d figures are uncertain by more than %.0f %%; the widest, %s "+
		"of %s on %s, is %s", wide, shown, 100*unsure, what, worst.Backend, worst.Source, format(worst))}
}

// An advice says which backends to choose for a use.
type advice struct {
	Source string
	// Use is what one does, such as "many lookups by id and name".
	Use string
	// Backends are the best, equally good, in the order of the run.
	Backends []string
	// All is set if no backend is worse than these.
	All bool
	// Unknown is set if the figures are too unsure to say anything.
	Unknown bool
	// Figures says why.
	Figures string
}

// String returns the advice as a sentence.
func (a advice) String() string {
	if a.Unknown {
		return fmt.Sprintf("%s: for %s, cannot tell: %s", a.Source, a.Use, a.Figures)
	}
	if a.All {
		return fmt.Sprintf("%s: for %s, all are equal: %s", a.Source, a.Use, a.Figures)
	}
	return fmt.Sprintf("%s: for %s, choose %s: %s", a.Source, a.Use,
		strings.Join(a.Backends, " or "), a.Figures)
}

// verdict says in sentences which of our backends to choose for which use.
func verdict(sheet *figures.Sheet, run *results.Run) []string {
	var sentences []string
	for _, a := range advise(sheet, run) {
		sentences = append(sentences, a.String())
	}
	return sentences
}

// uses are what people choose a backend for, each with the rows that tell. Several rows count
// by the geometric mean of their ratios.
var uses = []struct {
	use, unit string
	tells     func(row.Row) bool
}{
	{"a tool that opens, asks for one name and exits", "sec/op",
		isOneOf(row.OpenFirstName, row.CollectionOpenFirstName)},
	{"many lookups by id and name", "sec/op",
		isOneOf(row.TypeByID, row.IDsByName, row.CollectionTypesByName)},
	{"regular expressions", "sec/op", isOneOf(row.IDsByRegex, row.CollectionTypesByRegex)},
	{"the least private memory, queries included", "private-B", isAnyOf(memoryAfterQueries)},
}

// advise compares our own backends, if there are several.
func advise(sheet *figures.Sheet, run *results.Run) []advice {
	var all []advice
	for _, src := range run.Sources {
		if src.Growth {
			continue
		}
		source := src.Name
		var ours []string
		for _, s := range run.Subjects {
			if !s.Peer && slices.Contains(sheet.Backends(source), s.Name) {
				ours = append(ours, s.Name)
			}
		}
		if len(ours) < 2 {
			continue
		}
		for _, u := range uses {
			rows := slices.DeleteFunc(sheet.Rows(source, u.unit),
				func(r row.Row) bool { return !u.tells(r) })
			if a, ok := adviseFor(sheet, source, rows, u.unit, ours); ok {
				a.Use = u.use
				all = append(all, a)
			}
		}
		if a, ok := adviseOnLookups(sheet, source, ours); ok {
			all = append(all, a)
		}
	}
	return all
}

// adviseFor ranks backends by one or several rows.
func adviseFor(sheet *figures.Sheet, source string, rows []row.Row, unit string, ours []string) (
	a advice, ok bool) {
	scores := make([]float64, len(ours))
	for _, r := range rows {
		first := sheet.Get(row.Name{Row: r, Backend: ours[0], Source: source}, unit)
		for i, backend := range ours {
			f := sheet.Get(row.Name{Row: r, Backend: backend, Source: source}, unit)
			if f == nil || first == nil {
				return a, false
			}
			scores[i] += math.Log(f.Ratio(first)) / float64(len(rows))
		}
	}
	if len(rows) == 0 {
		return a, false
	}
	least := slices.Min(scores)
	first := ours[slices.Index(scores, least)]
	var best, others []string
	for i, backend := range ours {
		figure := backend + " " + formatRange(sheet, source, rows, unit, backend)
		if math.Exp(scores[i]-least) <= figures.Tolerance {
			a.Backends = append(a.Backends, backend)
			best = append(best, figure)
		} else {
			others = append(others, fmt.Sprintf("%s, %s that of %s", figure,
				formatFactors(sheet, source, rows, unit, backend, first), first))
		}
	}
	a.Source, a.All = source, len(others) == 0
	a.Figures = strings.Join(append(best, others...), "; ")
	return a, true
}

// formatFactors says how many times another backend's figures one's are: "10 times", or "1.0 to
// 4000 times" if rows differ much in it.
func formatFactors(sheet *figures.Sheet, source string, rows []row.Row, unit, one, other string,
) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		f := sheet.Get(row.Name{Row: r, Backend: one, Source: source}, unit)
		that := sheet.Get(row.Name{Row: r, Backend: other, Source: source}, unit)
		ratio := f.Ratio(that)
		if that.Center > 0 { // of the medians that are shown, even if those within rounds differ
			ratio = f.Center / that.Center
		}
		low, high = min(low, ratio), max(high, ratio)
	}
	if twoDigits(low) == twoDigits(high) {
		return twoDigits(low) + " times"
	}
	return twoDigits(low) + " to " + twoDigits(high) + " times"
}

// formatRange shows the value of one row, or the range of several.
func formatRange(sheet *figures.Sheet, source string, rows []row.Row, unit, backend string) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range rows {
		v := sheet.Get(row.Name{Row: r, Backend: backend, Source: source}, unit).Center
		low, high = min(low, v), max(high, v)
	}
	if low == high {
		return formatValue(low, unit)
	}
	return formatValue(low, unit) + " to " + formatValue(high, unit)
}

// adviseOnLookups says after how many lookups by name the backend with the fastest lookup has made
// up for opening more slowly than the one that opens fastest.
func adviseOnLookups(sheet *figures.Sheet, source string, ours []string) (a advice, ok bool) {
	const unit = "sec/op"
	opening, lookup := row.Row{Op: row.Open}, row.Row{Op: row.IDsByName, Names: row.Hit}
	quick := sheet.Least(source, opening, unit, ours)
	steady := sheet.Least(source, lookup, unit, ours)
	if quick == nil || steady == nil || quick.Backend == steady.Backend {
		return a, false
	}
	open := sheet.Get(row.Name{Row: opening, Backend: steady.Backend, Source: source}, unit)
	hit := sheet.Get(row.Name{Row: lookup, Backend: quick.Backend, Source: source}, unit)
	if open == nil || hit == nil || hit.Center <= steady.Center {
		return a, false
	}
	a = advice{
		Source:   source,
		Backends: []string{steady.Backend},
		Figures: fmt.Sprintf("opening takes %s instead of %s (%s), a lookup %s instead of %s",
			format(open), format(quick), quick.Backend, format(steady), format(hit)),
	}
	least, most, ok := breakEven(open, quick, hit, steady)
	switch {
	case !ok:
		a.Unknown, a.Use = true, "how many lookups by name make up for opening "+steady.Backend
	case twoDigits(least) == twoDigits(most):
		a.Use = "more than about " + twoDigits(most) + " lookups by name"
	default:
		a.Use = "more than " + twoDigits(least) + " to " + twoDigits(most) + " lookups by name"
	}
	return a, true
}

// breakEven returns between what numbers of lookups the slower opening has paid, by the confidence
// intervals of all four figures; not ok if they leave open whether it ever does, or from the start.
func breakEven(open, quick, hit, steady *figures.Figure) (least, most float64, ok bool) {
	for _, f := range []*figures.Figure{open, quick, hit, steady} {
		if !f.Bounded() {
			return 0, 0, false
		}
	}
	if open.Lo <= quick.Hi || hit.Lo <= steady.Hi {
		return 0, 0, false
	}
	least = (open.Lo - quick.Hi) / (hit.Hi - steady.Lo)
	most = (open.Hi - quick.Lo) / (hit.Lo - steady.Hi)
	return least, most, true
}
