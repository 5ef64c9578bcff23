package diff

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/path"
)

// A Source is one of the two sides to compare: a *btf.Spec, or a *modules.Collection for a
// kernel with its modules.
type Source interface {
	TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type]
}

// What is a set of ways in which something changed.
type What uint8

// The ways.
const (
	// Added and Removed: it is there only in the new or the old kernel.
	Added What = 1 << iota
	Removed
	// Moved: a member lies elsewhere, a parameter has another place.
	Moved
	// Resized: a type has another size, a member another width.
	Resized
	// Retyped: a function returns, and a member, a parameter, a typedef or a variable has, another
	// type.
	Retyped
	// Revalued: an enumerator has another value.
	Revalued
)

// String lists the ways, as in "moved, retyped"; "" for none.
func (w What) String() string {
	var s []string
	for i, name := range []string{"added", "removed", "moved", "resized", "retyped", "revalued"} {
		if w&(1<<i) != 0 {
			s = append(s, name)
		}
	}
	return strings.Join(s, ", ")
}

// A Change is a declaration that differs between two kernels.
type Change struct {
	// Name is the declaration's name; for an enum without one, the name of its first
	// enumerator.
	Name string
	// Old and New are the types, void if What is Added or Removed.
	Old, New btf.Type
	// What says how the type itself changed. It is 0 if only its elements changed, or something
	// else, such as the kind or the signedness of an enum.
	What What
	// Elements are the members, enumerators or parameters that changed, in the order of the new
	// kernel, then the removed ones. Members of anonymous members are among them. It is nil if the
	// whole declaration was added or removed.
	Elements []Element
}

// An Element is a member, enumerator or parameter that changed.
type Element struct {
	Name string
	What What
}

// String returns a line such as "STRUCT sock: resized; sk_gso_type removed; sk_flags moved".
func (c Change) String() string {
	t := c.New
	if t.IsVoid() {
		t = c.Old
	}
	var parts []string
	if c.What != 0 {
		parts = append(parts, c.What.String())
	}
	for _, e := range c.Elements {
		parts = append(parts, e.Name+" "+e.What.String())
	}
	if parts == nil {
		parts = []string{"changed"}
	}
	return fmt.Sprintf("%v %s: %s", t.Kind(), c.Name, strings.Join(parts, "; "))
}

// kinds are those that Between compares if it is not told: what has a name of its own in C.
var kinds = []btf.Kind{btf.KindFunc, btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64,
	btf.KindTypedef, btf.KindVar}

// Between returns the declarations in which two kernels differ, as SameDeclaration tells. It
// compares functions, structs, unions, enums, typedefs and variables, or only the given kinds, and
// sorts by kind and name. ENUM and ENUM64 are one kind here. An anonymous struct or union is a
// part of the type that contains it; an anonymous enum is identified by its first enumerator.
//
// If a name has several definitions, Between drops those that both kernels have, and compares the
// first of the remaining ones of one kernel with the first of the other, and so on. Time is linear
// in the two kernels, some hundred milliseconds; it needs some tens of megabytes while it runs.
func Between(old, new Source, which ...btf.Kind) []Change {
	if len(which) == 0 {
		which = kinds
	}
	before, after := declarations(old, which), declarations(new, which)
	var changes []Change
	for key, olds := range before {
		changes = appendChanges(changes, key.name, olds, after[key])
		delete(after, key)
	}
	for key, news := range after {
		changes = appendChanges(changes, key.name, nil, news)
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.Name, b.Name))
	})
	return changes
}

// kind orders changes: functions first, then as kinds are numbered.
func (c *Change) kind() btf.Kind {
	t := c.New
	if t.IsVoid() {
		t = c.Old
	}
	if k := t.Kind(); k != btf.KindFunc {
		return group(k)
	}
	return 0
}

// group makes one kind of both enums.
func group(k btf.Kind) btf.Kind {
	if k == btf.KindEnum64 {
		return btf.KindEnum
	}
	return k
}

// A key is what a declaration is found by in the other kernel.
type key struct {
	kind      btf.Kind
	anonymous bool
	name      string
}

// declarations returns what a kernel declares, by kind and name.
func declarations(src Source, which []btf.Kind) map[key][]btf.Type {
	all := map[key][]btf.Type{}
	single := make([]btf.Type, 0, 1024) // memory for many lists of one
	for t := range src.TypesByKind(which...) {
		k := key{kind: group(t.Kind()), name: name(t)}
		if k.name == "" {
			if k.kind != btf.KindEnum || t.Vlen() == 0 {
				continue
			}
			k.name, k.anonymous = elementName(t, 0), true
		}
		list, ok := all[k]
		if !ok {
			if len(single) == cap(single) {
				single = make([]btf.Type, 0, cap(single))
			}
			single = append(single, t)
			all[k] = single[len(single)-1 : len(single) : len(single)]
			continue
		}
		all[k] = append(list, t)
	}
	return all
}

// appendChanges appends how the definitions of one name differ.
func appendChanges(dst []Change, name string, olds, news []btf.Type) []Change {
	if len(olds) == 1 && len(news) == 1 && SameDeclaration(olds[0], news[0]) {
		return dst
	}
	if len(olds)+len(news) > 2 {
		olds, news = withoutCommon(olds, news)
	}
	name = strings.Clone(name)
	for i := range max(len(olds), len(news)) {
		c := Change{Name: name}
		switch {
		case i >= len(news):
			c.Old, c.What = olds[i], Removed
		case i >= len(olds):
			c.New, c.What = news[i], Added
		default:
			c.Old, c.New = olds[i], news[i]
			c.explain()
		}
		dst = append(dst, c)
	}
	return dst
}

// withoutCommon drops the types that are declared alike on both sides, one for one. Hashes tell
// them apart, so that many definitions of one name do not take quadratic time.
func withoutCommon(olds, news []btf.Type) (onlyOld, onlyNew []btf.Type) {
	count := map[uint64]int{}
	for _, t := range news {
		count[Hash(t)]++
	}
	for _, t := range olds {
		if h := Hash(t); count[h] > 0 {
			count[h]--
		} else {
			onlyOld = append(onlyOld, t)
		}
	}
	for _, t := range slices.Backward(news) {
		if h := Hash(t); count[h] > 0 {
			count[h]--
			onlyNew = append(onlyNew, t)
		}
	}
	slices.Reverse(onlyNew)
	return onlyOld, onlyNew
}

// explain says how Old and New differ.
func (c *Change) explain() {
	oldSize, _ := c.Old.Size()
	newSize, _ := c.New.Size()
	if oldSize != newSize {
		c.What |= Resized
	}
	switch k := c.New.Kind(); k {
	case btf.KindFunc:
		if !sameReference(c.Old.Return(), c.New.Return()) {
			c.What |= Retyped
		}
		c.Elements = compareElements(params(c.Old), params(c.New))
	case btf.KindStruct, btf.KindUnion:
		c.Elements = compareElements(fields(c.Old), fields(c.New))
	case btf.KindEnum, btf.KindEnum64:
		c.Elements = compareElements(enumerators(c.Old), enumerators(c.New))
	default:
		if !sameReference(c.Old.Target(), c.New.Target()) {
			c.What |= Retyped
		}
	}
}

// sameReference reports whether two types are the same to who refers to them.
func sameReference(a, b btf.Type) bool {
	var c comparer
	if !c.refer(a, b) {
		return false
	}
	return len(c.todo) == 0 || SameDeclaration(a, b)
}

// An item is an element, in the words that all kinds of them share.
type item struct {
	name  string
	typ   btf.Type
	place uint64 // Moved if it differs
	width uint64 // Resized
	value uint64 // Revalued
}

func params(fn btf.Type) (items []item) {
	for i, p := range fn.Params() {
		name := p.Name()
		if name == "" {
			name = fmt.Sprint("#", i)
		}
		items = append(items, item{name: name, typ: p.Target(), place: uint64(i)})
	}
	return items
}

func fields(t btf.Type) (items []item) {
	for f := range path.Members(t) {
		items = append(items, item{name: f.Member.Name(), typ: f.Type, place: f.BitOffset,
			width: f.BitSize})
	}
	return items
}

func enumerators(t btf.Type) (items []item) {
	for _, e := range t.Enumerators() {
		items = append(items, item{name: e.Name(), value: e.Uint64()})
	}
	return items
}

// compareElements compares elements by name. Of several with one name, the first counts.
func compareElements(olds, news []item) (changed []Element) {
	byName := make(map[string]*item, len(olds))
	for i := range olds {
		if o := &olds[i]; byName[o.name] == nil {
			byName[o.name] = o
		}
	}
	met := make(map[string]bool, len(news))
	for _, n := range news {
		if met[n.name] {
			continue
		}
		met[n.name] = true
		if what := n.compare(byName[n.name]); what != 0 {
			changed = append(changed, Element{n.name, what})
		}
	}
	for _, o := range olds {
		if !met[o.name] {
			met[o.name] = true
			changed = append(changed, Element{o.name, Removed})
		}
	}
	return changed
}

// compare says how an element differs from the old one, which may be nil.
func (n *item) compare(o *item) (what What) {
	if o == nil {
		return Added
	}
	if n.place != o.place {
		what |= Moved
	}
	if n.width != o.width {
		what |= Resized
	}
	if n.value != o.value {
		what |= Revalued
	}
	if !sameReference(o.typ, n.typ) {
		what |= Retyped
	}
	return what
}
