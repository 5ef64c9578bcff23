package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"golang.org/x/perf/benchfmt"
)

// Ranking writes how the backends rank in several runs, a line for each row, and in how many runs
// they do. It returns the number of rows that some run contradicts. Backends within 25 % of each
// other share a rank.
func Ranking(out io.Writer, runs ...[]*benchfmt.Result) (contradicted int, err error) {
	var sheets []*figures.Sheet
	for _, samples := range runs {
		sheets = append(sheets, figures.Collect(samples))
	}
	t := grid{{"row", "ranking", "runs that agree"}}
	for _, r := range figures.Rank(sheets) {
		var ranks []string
		for _, equal := range r.Ranks {
			ranks = append(ranks, strings.Join(equal, " = "))
		}
		if len(r.Against) > 0 {
			contradicted++
		}
		t = append(t, []string{
			r.Name.String(), strings.Join(ranks, " < "),
			fmt.Sprintf("%d of %d", len(runs)-len(r.Against), len(runs)),
		})
	}
	var b strings.Builder
	if t.fitsLine() {
		t.write(&b)
	} else {
		for _, line := range t[1:] {
			writeWrapped(&b, fmt.Sprintf("%s: %s; %s runs agree", line[0], line[1], line[2]))
		}
	}
	rows := len(t) - 1
	fmt.Fprintf(&b, "%d of %d rows agree in all runs\n", rows-contradicted, rows)
	_, err = io.WriteString(out, b.String())
	return contradicted, err
}
