package matrix

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/btfkit/btfkit/fuzz/conformance/internal/suite"
)

// count returns how often a column has a result, and how many answers it gave in all.
func (t *Table) count(col int) (n map[suite.Result]int, answers int) {
	n = map[suite.Result]int{}
	for _, r := range t.Rows {
		n[r.Cells[col].Result]++
		answers += r.Cells[col].Answers
	}
	return n, answers
}

// A Group is rows whose cells have the same results.
type Group struct {
	Rows []Row
}

// First is the row that stands for the group.
func (g Group) First() Row { return g.Rows[0] }

// Pruned merges the rows of one rule whose cells have the same results, and leaves out rows in
// which all are right.
func (t *Table) Pruned() (groups []*Group) {
	at := map[string]*Group{}
	for _, r := range t.Rows {
		key, wrong := r.Case.Rule+string(r.Case.Verdict), false
		for _, c := range r.Cells {
			key += "|" + string(c.Result)
			wrong = wrong || c.Result.IsWrong()
		}
		switch g := at[key]; {
		case !wrong:
		case g == nil:
			at[key] = &Group{Rows: []Row{r}}
			groups = append(groups, at[key])
		default:
			g.Rows = append(g.Rows, r)
		}
	}
	return groups
}

// marks are what cells of Markdown show.
var marks = map[suite.Result]string{
	suite.Right: "·", suite.NotAsked: "n/a", suite.ShouldHaveAccepted: "refuses",
	suite.ShouldHaveRefused: "accepts", suite.WrongAnswer: "wrong",
	suite.Crash: "CRASH", suite.Timeout: "TIMEOUT",
}

// Markdown writes the counts of each column, and the pruned table.
func (t *Table) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Suite %d, %s: %d cases in %.0f s.\n\n| implementation | version |",
		t.Suite, t.Date, len(t.Rows), t.Seconds)
	for _, r := range suite.Results {
		fmt.Fprintf(&b, " %s |", r)
	}
	for _, s := range Speeds {
		fmt.Fprintf(&b, " %s |", s.Title)
	}
	fmt.Fprintf(&b, " answers | s |\n|---|---|%s---|---|\n",
		strings.Repeat("---|", len(suite.Results)+len(Speeds)))
	for col, c := range t.Columns {
		n, answers := t.count(col)
		fmt.Fprintf(&b, "| %s | %s |", c.Name, c.Version)
		for _, r := range suite.Results {
			fmt.Fprintf(&b, " %d |", n[r])
		}
		for _, s := range Speeds {
			fmt.Fprintf(&b, " %s |", c.Time(s.Title))
		}
		fmt.Fprintf(&b, " %d | %.0f |\n", answers, c.Seconds)
	}
	if t.SpeedSource != "" {
		fmt.Fprintf(&b, "\nTimes are those of the benchmark, from %s.\n", t.SpeedSource)
	}
	b.WriteString("\nCases that not all do right; equal rows of a rule are one. `refuses` stands " +
		"for should have\naccepted, `accepts` for should have refused.\n\n| case | of | verdict |")
	for _, c := range t.Columns {
		fmt.Fprintf(&b, " %s |", c.Name)
	}
	fmt.Fprintf(&b, "\n|---|---|---|%s\n", strings.Repeat("---|", len(t.Columns)))
	for _, g := range t.Pruned() {
		fmt.Fprintf(&b, "| %s | %d | %s |", g.First().Case.Name, len(g.Rows), g.First().Case.Verdict)
		for _, c := range g.First().Cells {
			fmt.Fprintf(&b, " %s |", marks[c.Result])
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// A finding is a cell that is not right.
type finding struct {
	Case    string        `json:"case"`
	Rule    string        `json:"rule"`
	Source  string        `json:"source"`
	Verdict suite.Verdict `json:"verdict"`
	Adapter string        `json:"adapter"`
	Cell
}

// JSON writes versions and every cell that is not right.
func (t *Table) JSON(w io.Writer) error {
	findings := []finding{}
	for _, r := range t.Rows {
		for col, c := range r.Cells {
			if c.Result.IsWrong() {
				findings = append(findings, finding{r.Case.Name, r.Case.Rule, r.Case.Source,
					r.Case.Verdict, t.Columns[col].Name, c})
			}
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(map[string]any{"suite": t.Suite, "date": t.Date, "seconds": t.Seconds,
		"cases": len(t.Rows), "columns": t.Columns, "skipped": t.Skipped, "speed_source": t.SpeedSource,
		"not_right": findings})
}

//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"class":   func(r suite.Result) string { return strings.ReplaceAll(string(r), " ", "-") },
	"results": func() []suite.Result { return suite.Results },
	"speeds":  func() any { return Speeds },
	"mark":    func(r suite.Result) string { return marks[r] },
	"dict": func(k1 string, v1 any, k2 string, v2 any) map[string]any {
		return map[string]any{k1: v1, k2: v2}
	},
}).Parse(page))

// HTML writes one page that needs nothing else: the counts, the pruned table, all rows.
func (t *Table) HTML(w io.Writer) error {
	var all []*Group
	for _, r := range t.Rows {
		all = append(all, &Group{Rows: []Row{r}})
	}
	counts := make([]map[suite.Result]int, len(t.Columns))
	for col := range counts {
		counts[col], _ = t.count(col)
	}
	return pageTemplate.Execute(w, map[string]any{"Table": t, "Pruned": t.Pruned(), "All": all,
		"Counts": counts})
}
