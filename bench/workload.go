package bench

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

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
)

// A Workload is what the rows ask for: prepared once, the same for all subjects.
type Workload struct {
	IDs    []btf.TypeID
	Hits   []string // names that exist
	Misses []string // names that do not
	// Patterns are regular expressions in Go's syntax.
	Patterns []Pattern
}

// A Pattern is a regular expression and the label that rows show for it.
type Pattern struct{ Label, Expr string }

// DefaultPatterns is the set of regular expressions that is measured unless others are asked for:
// anchored at either end and not, literal and not, many matches and few.
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

// Patterns labels expressions: an expression is its own label unless it has blanks or slashes,
// which the names of benchmarks cannot hold.
func Patterns(exprs []string) []Pattern {
	patterns := make([]Pattern, len(exprs))
	for i, expr := range exprs {
		label := expr
		if label == "" || strings.ContainsFunc(expr, breaksLabel) || !utf8.ValidString(expr) {
			label = "p" + strconv.Itoa(i+1)
		}
		patterns[i] = Pattern{label, expr}
	}
	return patterns
}

func breaksLabel(r rune) bool { return r == '/' || r <= ' ' || r == 0x7f }

// Size is the number of ids, of present and of absent names that Generate draws: together they
// touch far more memory than the first-level caches hold, so that no single line is measured.
const Size = 4096

// Generate draws a workload from the BTF itself, the same for the same seed and BTF. Ids are
// drawn from all types but void, names from those of named types, so common names of many types
// come up more often; if the Spec is split, half of each is drawn from its own section. Absent
// names are present ones with a few letters changed. Names that the workload file or a peer cannot
// express (newlines, NUL, not UTF-8) are left out.
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

// GenerateSet draws names as Generate does from a kernel with its modules, half of them from the
// kernel and half from random modules.
func GenerateSet(c *modules.Collection, seed uint64) *Workload {
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

type idRange struct{ first, end btf.TypeID }

func idRanges(spec *btf.Spec) []idRange {
	_, end := spec.IDs()
	own, _ := spec.Own().IDs()
	if spec.Base() == nil {
		return []idRange{{1, end}}
	}
	return []idRange{{1, own}, {own, end}}
}

// drawName tries a few random types; where few have names, it may find none.
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

// expressible also leaves out names of blanks, whose line would end early.
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

// ReadWorkload reads a workload file. Errors name the line.
func ReadWorkload(in io.Reader) (*Workload, error) {
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
		if _, err := regexp.Compile(expr); err != nil {
			return fmt.Errorf("regex %s: %w", label, err)
		}
		w.Patterns = append(w.Patterns, Pattern{label, expr})
	default:
		return fmt.Errorf("keyword %q: unknown", keyword)
	}
	return nil
}
