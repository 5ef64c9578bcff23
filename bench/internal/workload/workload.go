// Package workload prepares what a benchmark asks: ids, names and regular expressions, and the rows
// that can be measured with them. All subjects are asked the same.
package workload

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
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

// Size is the number of ids, of names that exist and of names that do not exist that Generate
// draws. Together they touch far more memory than the first-level caches hold, so that a row does
// not measure a single cache line.
const Size = 4096

// Generate draws a workload from the BTF itself. The same seed and BTF give the same workload.
// Generate draws ids of all types but void. It draws a name by drawing a type that has one, so a
// name that many types share comes up more often. If the Spec is split, half of the draws are from
// its last section. A name that does not exist is one that does with a few letters changed.
// Generate leaves out names that the workload file or a peer cannot express (newlines, NUL, not
// UTF-8).
func Generate(spec *btf.Spec, seed uint64) *Workload {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	w := &Workload{Patterns: DefaultPatterns()}
	ranges := idRanges(spec)
	for i := range Size {
		r := ranges[i%len(ranges)]
		if r.first < r.end {
			w.IDs = append(w.IDs, r.first+btf.TypeID(rng.Uint32N(uint32(r.end-r.first))))
		}
	}
	for i := range Size {
		if name := drawName(spec, rng, ranges[i%len(ranges)]); name != "" {
			w.Hits = append(w.Hits, name)
			if miss := absent(spec, rng, name); miss != "" {
				w.Misses = append(w.Misses, miss)
			}
		}
	}
	return w
}

// GenerateCollection draws names as Generate does, from a kernel with its modules: half of them
// from the kernel and half from random modules.
func GenerateCollection(c *modules.Collection, seed uint64) *Workload {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	w := &Workload{Patterns: DefaultPatterns()}
	specs := []*btf.Spec{c.Base()}
	for _, spec := range c.Specs() {
		if first, end := spec.IDs(); spec != c.Base() && end > first {
			specs = append(specs, spec)
		}
	}
	for i := range Size {
		spec := specs[0]
		if i%2 == 1 {
			spec = specs[rng.IntN(len(specs))]
		}
		first, end := spec.IDs()
		name := drawName(spec, rng, idRange{max(first, 1), end})
		if name == "" {
			continue
		}
		w.Hits = append(w.Hits, name)
		miss := absent(c, rng, name)
		if miss != "" {
			w.Misses = append(w.Misses, miss)
		}
	}
	return w
}

// An idRange holds the ids from first up to but not including end.
type idRange struct{ first, end btf.TypeID }

// idRanges returns the ids of a Spec: those of its base, if it has one, and those of its last
// section.
func idRanges(spec *btf.Spec) []idRange {
	_, end := spec.IDs()
	split, _ := spec.Own().IDs()
	if spec.Base() == nil {
		return []idRange{{1, end}}
	}
	return []idRange{{1, split}, {split, end}}
}

// drawName returns the name of a random type, or "" if it has tried a few types that have no name.
func drawName(spec *btf.Spec, rng *rand.Rand, r idRange) string {
	if r.first >= r.end {
		return ""
	}
	for range 64 {
		t, err := spec.TypeByID(r.first + btf.TypeID(rng.Uint32N(uint32(r.end-r.first))))
		if err != nil {
			return ""
		}
		if name := t.Name(); name != "" && expressible(name) {
			return strings.Clone(name)
		}
	}
	return ""
}

// expressible reports whether the workload file and all peers can express a name. A name that
// begins or ends with a blank would be cut short.
func expressible(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsAny(name, "\r\n\x00") &&
		strings.TrimSpace(name) == name
}

// lookup is what a Spec and a Collection have in common.
type lookup interface {
	TypeByName(name string, kinds ...btf.Kind) (btf.Type, error)
}

// absent changes letters of name until no type in there has it.
func absent(in lookup, rng *rand.Rand, name string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz_0123456789"
	b := []byte(name)
	for range 64 {
		b[rng.IntN(len(b))] = letters[rng.IntN(len(letters))]
		if !expressible(string(b)) {
			continue
		}
		if _, err := in.TypeByName(string(b)); err != nil {
			return string(b)
		}
	}
	return ""
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
