package builder

import (
	"cmp"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// sortByName orders a section's own types as CopyOptions.SortByName says, and returns what becomes
// of their ids. The kernel's build does so in tools/bpf/resolve_btfids (sort_btf_by_name, Linux
// 7.0).
func (b *Builder) sortByName(sec *raw.Section, spec *btf.Spec) (sorted []btf.Type,
	ids func(btf.TypeID) btf.TypeID) {
	type named struct {
		name string
		t    btf.Type
	}
	var all []named
	left := max(4*int64(len(sec.Strs)), minLeft) // bytes of names
	for _, t := range spec.Own().All() {
		if t.IsVoid() {
			continue
		}
		off := t.NameOffset()
		name := sec.Storing(off).NameBytes(off)
		if left -= int64(len(name)); left < 0 {
			b.err = errOverlap
			return nil, nil
		}
		all = append(all, named{name, t})
	}
	slices.SortFunc(all, func(x, y named) int {
		return cmp.Or(strings.Compare(x.name, y.name), cmp.Compare(x.t.ID(), y.t.ID()))
	})
	moved := make([]btf.TypeID, len(all))
	for i, n := range all {
		moved[n.t.ID()-b.first] = b.first + btf.TypeID(i)
		sorted = append(sorted, n.t)
	}
	return sorted, func(id btf.TypeID) btf.TypeID {
		if i := int64(id) - int64(b.first); i >= 0 && i < int64(len(moved)) {
			return moved[i]
		}
		return id
	}
}
