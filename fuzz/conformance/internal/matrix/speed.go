package matrix

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Speeds are the columns of times, each with the row of cmd/benchmark that it shows.
var Speeds = []struct{ Title, Row string }{
	{"open", "Open"},
	{"id", "TypeByID"},
	{"name", "IDsByName/hit"},
	{"regex", "IDsByRegex/pattern=sk_buff"},
}

// AddSpeed takes times from a file that cmd/benchmark wrote with --peers and --format bench: it
// calls implementations as adapters do here, and measures them in turns, in processes that stay. A
// time is the median of the file's runs on the first source in it.
func (t *Table) AddSpeed(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	times, source := map[string][]float64{}, ""
	r := benchfmt.NewReader(f, path)
	for r.Scan() {
		result, ok := r.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		row, backend, of := splitName(result.Name)
		if source == "" {
			source = of
			t.SpeedSource = fmt.Sprintf("%s: %s of Linux %s, %s, %s", filepath.Base(path), of,
				result.GetConfig("kernel"), result.GetConfig("cpu"), result.GetConfig("go"))
		}
		if seconds, ok := result.Value("sec/op"); ok && of == source {
			times[backend+" "+row] = append(times[backend+" "+row], seconds)
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	if len(times) == 0 {
		return fmt.Errorf("%s: no times: wants what benchmark --format bench writes", path)
	}
	for i, c := range t.Columns {
		t.Columns[i].Speed = map[string]float64{}
		for _, s := range Speeds {
			if all := times[c.Name+" "+s.Row]; len(all) > 0 {
				slices.Sort(all)
				t.Columns[i].Speed[s.Title] = all[len(all)/2]
			}
		}
	}
	return nil
}

// splitName takes a result's name apart: row/backend=B/source=S.
func splitName(name benchfmt.Name) (row, backend, source string) {
	base, parts := name.Parts()
	row = string(base)
	for _, p := range parts {
		part := string(p)
		if v, ok := strings.CutPrefix(part, "/backend="); ok {
			backend = v
		} else if v, ok := strings.CutPrefix(part, "/source="); ok {
			source = v
		} else if part[0] == '/' { // not GOMAXPROCS
			row += part
		}
	}
	return row, backend, source
}

// Time shows a time of a column, or n/a where there is none.
func (c Column) Time(title string) string {
	units := []struct {
		seconds float64
		name    string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}
	for _, u := range units {
		if v := c.Speed[title] / u.seconds; v >= 1 || v > 0 && u.name == "ns" {
			digits := 0
			if v < 10 {
				digits = 1
			}
			return fmt.Sprintf("%.*f %s", digits, v, u.name)
		}
	}
	return "n/a"
}
