package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
)

// Table writes results for people: a table of times and one of memory for each source, with the
// best of each row marked, and what to make of them.
func Table(out io.Writer, run *results.Run) error {
	sheet := figures.Collect(run.Samples)
	var b strings.Builder
	writeEnvironment(&b, run)
	for _, s := range run.Sources {
		if !s.Growth {
			writeTimes(&b, run, sheet, s.Name)
			writeMemory(&b, sheet, s.Name)
		}
	}
	writeGrowth(&b, run, sheet)
	writeNotes(&b, run, sheet)
	_, err := io.WriteString(out, b.String())
	return err
}

func writeEnvironment(b *strings.Builder, run *results.Run) {
	e := run.Environment
	fmt.Fprintf(b, "btfkit %s\n", orUnknown(e.Get("btfkit"), "version"))
	machine := fmt.Sprintf("%s %s/%s, %s, GOMAXPROCS %s", orUnknown(e.Get("cpu"), "CPU"),
		e.Get("goos"), e.Get("goarch"), e.Get("go"), e.Get("gomaxprocs"))
	if k := e.Get("kernel"); k != "" {
		machine += ", kernel " + k
	}
	if g := e.Get("governor"); g != "" {
		machine += ", governor " + g
	}
	writeWrapped(b, machine)
	for _, s := range run.Sources {
		if !s.Growth {
			writeWrapped(b, fmt.Sprintf("%s: %s, %s, %d bytes, %d types, sha256 %.16s", s.Name, s.Origin,
				s.Format, s.Size, s.Types, s.SHA256))
		}
	}
}

func orUnknown(value, what string) string {
	if value == "" {
		return "unknown " + what
	}
	return value
}

func writeTimes(b *strings.Builder, run *results.Run, sheet *figures.Sheet, source string) {
	backends := sheet.Backends(source)
	t := grid{append([]string{source}, backends...)}
	for _, r := range sheet.Rows(source, "sec/op") {
		t = append(t, formatLine(sheet, r.String(), source, r, "sec/op", backends, true))
	}
	if len(t) > 1 {
		b.WriteString("\nTime per operation, median and 95 % confidence, * best\n")
		t.write(b)
	}
	for _, s := range run.Subjects {
		if where := s.Storage[source]; where != "" {
			writeWrapped(b, fmt.Sprintf("%s: bytes %s", s.Name, where))
		}
	}
}

func writeMemory(b *strings.Builder, sheet *figures.Sheet, source string) {
	backends := sheet.Backends(source)
	for _, stage := range []struct {
		row   row.Row
		title string
	}{
		{memoryAfterOpen, "after open"},
		{memoryAfterQueries, "after one query of each kind"},
	} {
		t := grid{append([]string{source}, backends...)}
		for _, u := range memoryUnits {
			l := formatLine(sheet, u.Label, source, stage.row, u.Unit, backends, u.ranks)
			if slices.ContainsFunc(l[1:], func(s string) bool { return s != "" }) {
				t = append(t, l)
			}
		}
		if len(t) > 1 {
			fmt.Fprintf(b, "\nMemory in a fresh process %s, * best\n", stage.title)
			t.write(b)
		}
	}
}

// writeGrowth sets the synthetic sources side by side, row by row.
func writeGrowth(b *strings.Builder, run *results.Run, sheet *figures.Sheet) {
	var t grid
	for _, unit := range []string{"sec/op", "private-B"} {
		for _, f := range sheet.List {
			if f.Unit != unit || f.Row.Op == row.OpenCold || f.Row == memoryAfterOpen {
				continue
			}
			for _, s := range run.Sources {
				label := fmt.Sprintf("%s, %d types", f.Row, s.Types)
				seen := slices.ContainsFunc(t, func(line []string) bool { return line[0] == label })
				same := row.Name{Row: f.Row, Backend: f.Backend, Source: s.Name}
				if s.Growth && !seen && sheet.Get(same, unit) != nil {
					backends := sheet.Backends(s.Name)
					if t == nil {
						t = grid{append([]string{"synthetic"}, backends...)}
					}
					t = append(t, formatLine(sheet, label, s.Name, f.Row, unit, backends, true))
				}
			}
		}
	}
	if t != nil {
		b.WriteString("\nGrowth with size, on synthetic BTF, * best\n")
		t.write(b)
	}
}

// formatLine formats one row for all backends. It marks the best of a row that ranks.
func formatLine(sheet *figures.Sheet, label, source string, r row.Row, unit string,
	backends []string, ranks bool) []string {
	texts := []string{label}
	var best []string
	if ranks && len(backends) > 1 {
		best = sheet.Best(source, r, unit, backends)
	}
	for _, backend := range backends {
		f := sheet.Get(row.Name{Row: r, Backend: backend, Source: source}, unit)
		switch {
		case f == nil:
			texts = append(texts, "")
		case slices.Contains(best, backend):
			texts = append(texts, "* "+format(f))
		default:
			texts = append(texts, format(f))
		}
	}
	return texts
}

func writeNotes(b *strings.Builder, run *results.Run, sheet *figures.Sheet) {
	if sentences := verdict(sheet, run); len(sentences) > 0 {
		b.WriteString("\n")
		for _, sentence := range sentences {
			writeWrapped(b, sentence)
		}
	}
	if notes := Notes(run); len(notes) > 0 {
		b.WriteString("\n")
		for _, n := range notes {
			writeWrapped(b, "note: "+n)
		}
	}
}
