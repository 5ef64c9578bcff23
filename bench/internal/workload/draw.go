package workload

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/btf/store"
)

const (
	// Size is the number of ids, of names that exist and of names that do not exist that Generate
	// draws. Together they touch far more memory than the first-level caches hold, so that a row
	// does not measure a single cache line.
	Size = 4096
	// fewNames is how many names are drawn where backends have no index of them, so that each lookup
	// reads all types.
	fewNames = 16
	// longestName is twice as long as what the kernel accepts (KSYM_NAME_LEN is 512).
	longestName = 1024
)

// Generate draws a workload from the BTF itself. The same seed and BTF give the same workload.
// Generate draws ids of all types but void. It draws a name by drawing a type that has one, so a
// name that many types share comes up more often. If the Spec is split, half of the draws are from
// its last section. A name that does not exist is one that does with a few letters changed.
// Generate leaves out names that the workload file or a peer cannot express (newlines, NUL, not
// UTF-8), and names of more than 1,024 bytes. It draws few names where backends cannot index them.
func Generate(spec *btf.Spec, seed uint64) *Workload {
	d := newDrawer(seed, spec)
	w := &Workload{Patterns: DefaultPatterns()}
	ranges := idRanges(spec)
	for i := range Size {
		r := ranges[i%len(ranges)]
		if r.first < r.end {
			w.IDs = append(w.IDs, d.id(r))
		}
	}
	names := Size
	if !indexed(spec) {
		names = fewNames
	}
	for i := range names {
		d.add(w, spec, ranges[i%len(ranges)])
	}
	return w
}

// GenerateCollection draws names as Generate does, from a kernel with its modules: half of them
// from the kernel and half from random modules.
func GenerateCollection(c *modules.Collection, seed uint64) *Workload {
	d := newDrawer(seed, c)
	w := &Workload{Patterns: DefaultPatterns()}
	specs := []*btf.Spec{c.Base()}
	names := Size
	for _, spec := range c.Specs() {
		if first, end := spec.IDs(); spec != c.Base() && end > first {
			specs = append(specs, spec)
		}
		if !indexed(spec) {
			names = fewNames
		}
	}
	for i := range names {
		spec := specs[0]
		if i%2 == 1 {
			spec = specs[d.rng.IntN(len(specs))]
		}
		first, end := spec.IDs()
		d.add(w, spec, idRange{max(first, 1), end})
	}
	return w
}

// indexed reports whether backends have an index of a Spec's names. They have none where names that
// types share, or that lie in each other, are too long to be read for each type.
func indexed(spec *btf.Spec) bool {
	for s := spec; s != nil; s = s.Base() {
		left := store.SectionOf(s).NameBudget()
		lengths := make(map[uint32]int)
		for _, t := range s.Own().All() {
			n, known := lengths[t.NameOffset()]
			if !known {
				n = len(t.Name())
				lengths[t.NameOffset()] = n
			}
			if left -= int64(n); left < 0 {
				return false
			}
		}
	}
	return true
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

// lookup is what a Spec and a Collection have in common.
type lookup interface {
	TypeByName(name string, kinds ...btf.Kind) (btf.Type, error)
}

// A drawer draws at random.
type drawer struct {
	rng *rand.Rand
	in  lookup // what must not have the names that are to be missed
	// unfit has the names that a workload cannot ask for, by Spec and offset: many types may share
	// one that takes long to read.
	unfit map[unfitName]bool
}

type unfitName struct {
	spec   *btf.Spec
	offset uint32
}

func newDrawer(seed uint64, in lookup) *drawer {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	return &drawer{rng, in, make(map[unfitName]bool)}
}

// id draws an id. The range is not empty.
func (d *drawer) id(r idRange) btf.TypeID {
	return r.first + btf.TypeID(d.rng.Uint32N(uint32(r.end-r.first)))
}

// add draws a name of the Spec and one that is missing, and adds what it finds to the workload.
func (d *drawer) add(w *Workload, spec *btf.Spec, r idRange) {
	name := d.name(spec, r)
	if name == "" {
		return
	}
	w.Hits = append(w.Hits, name)
	if miss := d.absent(name); miss != "" {
		w.Misses = append(w.Misses, miss)
	}
}

// name returns the name of a random type, or "" if it has tried a few types that have no name.
func (d *drawer) name(spec *btf.Spec, r idRange) string {
	if r.first >= r.end {
		return ""
	}
	for range 64 {
		t, err := spec.TypeByID(d.id(r))
		if err != nil {
			return ""
		}
		key := unfitName{spec, t.NameOffset()}
		if d.unfit[key] {
			continue
		}
		if name := t.Name(); name != "" && expressible(name) {
			return strings.Clone(name)
		}
		d.unfit[key] = true
	}
	return ""
}

// expressible reports whether the workload file and all peers can express a name. A name that
// begins or ends with a blank would be cut short.
func expressible(name string) bool {
	return len(name) <= longestName && utf8.ValidString(name) &&
		!strings.ContainsAny(name, "\r\n\x00") && strings.TrimSpace(name) == name
}

// absent changes letters of name until no type has it.
func (d *drawer) absent(name string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz_0123456789"
	b := []byte(name)
	for range 64 {
		b[d.rng.IntN(len(b))] = letters[d.rng.IntN(len(letters))]
		if !expressible(string(b)) {
			continue
		}
		if _, err := d.in.TypeByName(string(b)); err != nil {
			return string(b)
		}
	}
	return ""
}
