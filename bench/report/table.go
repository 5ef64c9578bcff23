package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/btfkit/btfkit/bench/session"
)

// memoryUnits are the quantities of the memory table, with what people call them, and whether
// less of it is better in itself: resident memory that is shared or can be dropped is not.
var memoryUnits = []struct {
	Unit, Label string
	ranks       bool
}{
	{"private-B", "private (Private_Dirty)", true},
	{"peak-B", "peak (VmHWM)", true},
	{"rss-B", "resident (Rss)", false},
	{"pss-B", "proportional (Pss)", false},
	{"mapped-B", "mapped", false},
	{"heap-B", "Go heap", false},
	{"heap-objects", "Go heap objects", false},
	{"gc-sec", "GC cycle", false},
}

// Table writes results for people: a table of times and one of memory for each source, the best
// of each row marked, and what to make of them.
func Table(out io.Writer, r *session.Results) error {
	cells := Collect(r.Samples)
	var b strings.Builder
	writeEnvironment(&b, r)
	for _, s := range r.Sources {
		if !s.Growth {
			writeTimes(&b, r, cells, s.Name)
			writeMemory(&b, cells, s.Name)
		}
	}
	writeGrowth(&b, r, cells)
	writeNotes(&b, r, cells)
	_, err := io.WriteString(out, b.String())
	return err
}

func writeEnvironment(b *strings.Builder, r *session.Results) {
	e := r.Environment
	fmt.Fprintf(b, "%s %s/%s, %s, GOMAXPROCS %s", orUnknown(e.Get("cpu"), "CPU"), e.Get("goos"),
		e.Get("goarch"), e.Get("go"), e.Get("gomaxprocs"))
	if k := e.Get("kernel"); k != "" {
		fmt.Fprintf(b, ", kernel %s", k)
	}
	if g := e.Get("governor"); g != "" {
		fmt.Fprintf(b, ", governor %s", g)
	}
	b.WriteString("\n")
	for _, s := range r.Sources {
		if !s.Growth {
			fmt.Fprintf(b, "%s: %s, %s, %d bytes, %d types, sha256 %.16s\n", s.Name, s.Origin, s.Format,
				s.Size, s.Types, s.SHA256)
		}
	}
}

func orUnknown(value, what string) string {
	if value == "" {
		return "unknown " + what
	}
	return value
}

func writeTimes(b *strings.Builder, r *session.Results, cells *Cells, source string) {
	backends := cells.Backends(source)
	t := grid{{source}}
	t[0] = append(t[0], backends...)
	for _, row := range cells.Rows(source, "sec/op") {
		t = append(t, cells.line(row, source, row, "sec/op", backends, true))
	}
	b.WriteString("\nTime per operation, median and 95 % confidence, * best\n")
	t.write(b)
	for _, backend := range backends {
		if where := r.Storage[backend+"/"+source]; where != "" {
			fmt.Fprintf(b, "%s: bytes %s\n", backend, where)
		}
	}
}

func writeMemory(b *strings.Builder, cells *Cells, source string) {
	backends := cells.Backends(source)
	for _, stage := range []struct{ row, title string }{
		{"Memory/stage=open", "after open"},
		{"Memory/stage=queries", "after one query of each kind"},
	} {
		t := grid{append([]string{source}, backends...)}
		for _, u := range memoryUnits {
			line := cells.line(u.Label, source, stage.row, u.Unit, backends, u.ranks)
			if slices.ContainsFunc(line[1:], func(s string) bool { return s != "" }) {
				t = append(t, line)
			}
		}
		if len(t) > 1 {
			fmt.Fprintf(b, "\nMemory in a fresh process %s, * best\n", stage.title)
			t.write(b)
		}
	}
}

// writeGrowth sets the synthetic sources side by side, row by row.
func writeGrowth(b *strings.Builder, r *session.Results, cells *Cells) {
	var t grid
	for _, unit := range []string{"sec/op", "private-B"} {
		for _, c := range cells.List {
			if c.Unit != unit || c.Row == "OpenCold" || c.Row == "Memory/stage=open" {
				continue
			}
			for _, s := range r.Sources {
				label := fmt.Sprintf("%s, %d types", c.Row, s.Types)
				seen := slices.ContainsFunc(t, func(line []string) bool { return line[0] == label })
				if s.Growth && !seen && cells.Get(Key{s.Name, c.Row, c.Backend}, unit) != nil {
					backends := cells.Backends(s.Name)
					if t == nil {
						t = grid{append([]string{"synthetic"}, backends...)}
					}
					t = append(t, cells.line(label, s.Name, c.Row, unit, backends, true))
				}
			}
		}
	}
	if t != nil {
		b.WriteString("\nGrowth with size, on synthetic BTF, * best\n")
		t.write(b)
	}
}

// line formats one row for all backends, the best marked if it ranks.
func (c *Cells) line(label, source, row, unit string, backends []string, ranks bool) []string {
	line := []string{label}
	var best []string
	if ranks && len(backends) > 1 {
		best = c.Best(source, row, unit, backends)
	}
	for _, backend := range backends {
		cell := c.Get(Key{source, row, backend}, unit)
		switch {
		case cell == nil:
			line = append(line, "")
		case slices.Contains(best, backend):
			line = append(line, "* "+withSpread(cell))
		default:
			line = append(line, withSpread(cell))
		}
	}
	return line
}

func writeNotes(b *strings.Builder, r *session.Results, cells *Cells) {
	if v := Verdict(cells, r); len(v) > 0 {
		b.WriteString("\n")
		for _, sentence := range v {
			b.WriteString(sentence + "\n")
		}
	}
	notes := append(slices.Clone(r.Notes), Noise(cells)...)
	if len(notes) > 0 {
		b.WriteString("\n")
		for _, n := range notes {
			b.WriteString("note: " + n + "\n")
		}
	}
}

// A grid is text in columns: the first flush left, the others flush right.
type grid [][]string

func (g grid) write(b *strings.Builder) {
	widths := make([]int, len(g[0]))
	for _, line := range g {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, line := range g {
		var text strings.Builder
		for i, cell := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				text.WriteString(cell + pad)
			} else {
				text.WriteString("  " + pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
}
