// Package workload prepares what a benchmark asks: ids, names and regular expressions, and the rows
// that can be measured with them. All subjects are asked the same.
package workload

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/btf"
)

// A Workload holds the entries that rows ask for, each list in the order in which it is asked.
type Workload struct {
	IDs    []btf.TypeID
	Hits   []string // names that exist
	Misses []string // names that do not
	// Patterns are regular expressions in Go's syntax.
	Patterns []Pattern
}

// A Pattern is a regular expression and the label that rows show for it.
type Pattern struct{ Label, Expr string }

// DefaultPatterns lists the regular expressions that are measured unless the user names others.
// Some are anchored and some literal, some match many names and some few.
func DefaultPatterns() []Pattern {
	return Patterns([]string{
		`^[[:alnum:]]+_drop_reason$`,
		`_drop_reason$`,
		`^tcp_`,
		`^(tcp|udp)_.*_(send|recv)`,
		`sk_buff`,
		`.*`,
		`^[a-z]{3}_[a-z]{3}$`,
		`(?i)SKB`,
		`^__x64_sys_.*`,
	})
}

// Patterns labels expressions. An expression is its own label, unless the name of a row cannot hold
// it.
func Patterns(exprs []string) []Pattern {
	patterns := make([]Pattern, len(exprs))
	for i, expr := range exprs {
		label := expr
		if label == "" || !row.Fits(expr) {
			label = "p" + strconv.Itoa(i+1)
		}
		patterns[i] = Pattern{label, expr}
	}
	return patterns
}

// WriteTo writes the workload file that bench/peers/README.md defines.
func (w *Workload) WriteTo(out io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, id := range w.IDs {
		fmt.Fprintf(&b, "id %d\n", id)
	}
	for _, name := range w.Hits {
		fmt.Fprintf(&b, "hit %s\n", name)
	}
	for _, name := range w.Misses {
		fmt.Fprintf(&b, "miss %s\n", name)
	}
	for _, p := range w.Patterns {
		fmt.Fprintf(&b, "regex %s %s\n", p.Label, p.Expr)
	}
	return b.WriteTo(out)
}

// Read reads a workload file. Errors name the line.
func Read(in io.Reader) (*Workload, error) {
	w := new(Workload)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		if err := w.add(line); err != nil {
			return nil, fmt.Errorf("workload line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	return w, nil
}

func (w *Workload) add(line string) error {
	keyword, rest, _ := strings.Cut(line, " ")
	if rest == "" {
		return fmt.Errorf("%q: keyword without a value", line)
	}
	switch keyword {
	case "id":
		id, err := strconv.ParseUint(rest, 10, 32)
		if err != nil {
			return fmt.Errorf("id: %w", err)
		}
		w.IDs = append(w.IDs, btf.TypeID(id))
	case "hit":
		w.Hits = append(w.Hits, rest)
	case "miss":
		w.Misses = append(w.Misses, rest)
	case "regex":
		label, expr, _ := strings.Cut(rest, " ")
		if !row.Fits(label) {
			return fmt.Errorf("regex: label %q cannot be part of a row's name", label)
		}
		if _, err := regexp.Compile(expr); err != nil {
			return fmt.Errorf("regex %s: %w", label, err)
		}
		w.Patterns = append(w.Patterns, Pattern{label, expr})
	default:
		return fmt.Errorf("keyword %q: unknown", keyword)
	}
	return nil
}
