package diff

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
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
// in the two kernels and in what is returned, some hundred milliseconds; it needs some tens of
// megabytes while it runs. For that, there are limits to what C cannot express and no kernel has: a
// cycle in which no type has a name counts for some references only, and where thousands share an
// anonymous type or a prototype that changed, the changes of the last have no Elements.
func Between(old, new Source, which ...btf.Kind) []Change {
	if len(which) == 0 {
		which = kinds
	}
	c := comparison{digester: newDigester()}
	before, after := c.declarations(old, which), c.declarations(new, which)
	c.settle()
	for key, olds := range before {
		c.compare(olds, after[key])
		delete(after, key)
	}
	for _, news := range after {
		c.compare(nil, news)
	}
	slices.SortStableFunc(c.changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.Name, b.Name))
	})
	return c.changes
}

// A comparison is a run of Between.
type comparison struct {
	*digester
	changes []Change
	listed  int // how many more elements may be listed; negative if it was too many
}

// maxListed is how many elements are listed at most, for each type and each element of one.
const maxListed = 8

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
	name      uint64 // a hash
}

// declarations returns what a kernel declares, by kind and name.
func (c *comparison) declarations(src Source, which []btf.Kind) map[key][]btf.Type {
	all := map[key][]btf.Type{}
	single := make([]btf.Type, 0, 1024) // memory for many lists of one
	for t := range src.TypesByKind(which...) {
		c.listed += maxListed * (1 + t.Vlen())
		k := key{kind: group(t.Kind()), name: c.nameHash(nameOffset(t))}
		if k.name == 0 {
			if k.kind != btf.KindEnum || t.Vlen() == 0 {
				continue
			}
			k.name, k.anonymous = c.nameHash(elementNameOffset(t, 0)), true
		}
		c.visit(t)
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

// compare notes how the definitions of one name differ.
func (c *comparison) compare(olds, news []btf.Type) {
	if len(olds) == 1 && len(news) == 1 {
		if c.digest(olds[0]) == c.digest(news[0]) {
			return
		}
	} else if olds, news = c.withoutCommon(olds, news); len(olds)+len(news) == 0 {
		return
	}
	name := declaredName(olds, news)
	for i := range max(len(olds), len(news)) {
		change := Change{Name: name}
		switch {
		case i >= len(news):
			change.Old, change.What = olds[i], Removed
		case i >= len(olds):
			change.New, change.What = news[i], Added
		default:
			change.Old, change.New = olds[i], news[i]
			c.explain(&change)
		}
		c.changes = append(c.changes, change)
	}
}

// declaredName returns what the definitions of one name are told by.
func declaredName(olds, news []btf.Type) string {
	if len(olds) == 0 {
		olds = news
	}
	s := name(olds[0])
	if s == "" {
		s = elementName(olds[0], 0)
	}
	return strings.Clone(s)
}

// withoutCommon drops the types that are declared alike on both sides, one for one.
func (c *comparison) withoutCommon(olds, news []btf.Type) (onlyOld, onlyNew []btf.Type) {
	if len(olds) == 0 || len(news) == 0 {
		return olds, news
	}
	count := map[uint64]int{}
	for _, t := range news {
		count[c.digest(t)]++
	}
	for _, t := range olds {
		if h := c.digest(t); count[h] > 0 {
			count[h]--
		} else {
			onlyOld = append(onlyOld, t)
		}
	}
	for _, t := range slices.Backward(news) {
		if h := c.digest(t); count[h] > 0 {
			count[h]--
			onlyNew = append(onlyNew, t)
		}
	}
	slices.Reverse(onlyNew)
	return onlyOld, onlyNew
}

// explain says how the types of a change differ.
func (c *comparison) explain(change *Change) {
	old, new := change.Old, change.New
	oldSize, _ := old.Size()
	newSize, _ := new.Size()
	if oldSize != newSize {
		change.What |= Resized
	}
	items := enumerators
	switch new.Kind() {
	case btf.KindFunc:
		if !c.sameReference(old.Return(), new.Return()) {
			change.What |= Retyped
		}
		items = params
	case btf.KindStruct, btf.KindUnion:
		items = fields
	case btf.KindEnum, btf.KindEnum64:
	default:
		if !c.sameReference(old.Target(), new.Target()) {
			change.What |= Retyped
		}
		return
	}
	olds, news := c.list(items(old)), c.list(items(new))
	if c.listed >= 0 {
		change.Elements = c.compareElements(olds, news)
	}
}

// sameReference reports whether two types are the same to who refers to them.
func (c *comparison) sameReference(a, b btf.Type) bool {
	if a == b {
		return true
	}
	if ka, kb := family(a), family(b); ka != 0 || kb != 0 {
		return ka == kb && c.nameHash(nameOffset(a)) == c.nameHash(nameOffset(b))
	}
	return c.digest(a) == c.digest(b)
}

// An item is an element, in the words that all kinds of them share.
type item struct {
	sec   *raw.Section // that of the name; nil for a parameter that has none
	name  uint32       // the offset of the name, or the number of the parameter
	typ   btf.Type
	place uint64 // Moved if it differs
	width uint64 // Resized
	value uint64 // Revalued
}

// text returns what the element is told by.
func (n *item) text() string {
	if n.sec == nil {
		return fmt.Sprint("#", n.name)
	}
	return strings.Clone(prefix(n.sec, n.name))
}

// list collects elements, as long as any may be listed.
func (c *comparison) list(seq iter.Seq[item]) (items []item) {
	for n := range seq {
		if c.listed--; c.listed < 0 {
			return nil
		}
		items = append(items, n)
	}
	return items
}

func params(fn btf.Type) iter.Seq[item] {
	return func(yield func(item) bool) {
		for i, p := range fn.Params() {
			n := item{typ: p.Target(), place: uint64(i)}
			if n.sec, n.name = elementNameOffset(fn.Target(), i); n.sec.NamePrefix(n.name, 1) == "" {
				n.sec, n.name = nil, uint32(i)
			}
			if !yield(n) {
				return
			}
		}
	}
}

func fields(t btf.Type) iter.Seq[item] {
	return func(yield func(item) bool) {
		for f := range path.Members(t) {
			n := item{typ: f.Type, place: f.BitOffset, width: f.BitSize}
			n.sec, n.name = btf.Internal.MemberName(f.Member)
			if !yield(n) {
				return
			}
		}
	}
}

func enumerators(t btf.Type) iter.Seq[item] {
	return func(yield func(item) bool) {
		for i, e := range t.Enumerators() {
			n := item{value: e.Uint64()}
			n.sec, n.name = elementNameOffset(t, i)
			if !yield(n) {
				return
			}
		}
	}
}

// nameOf returns what tells the names of elements apart.
func (c *comparison) nameOf(n *item) uint64 {
	if n.sec == nil {
		return ^uint64(n.name) // no hash is as large
	}
	return c.nameHash(n.sec, n.name)
}

// compareElements compares elements by name. Of several with one name, the first counts.
func (c *comparison) compareElements(olds, news []item) (changed []Element) {
	byName := make(map[uint64]*item, len(olds))
	for i := range olds {
		if o := &olds[i]; byName[c.nameOf(o)] == nil {
			byName[c.nameOf(o)] = o
		}
	}
	met := make(map[uint64]bool, len(news))
	for i := range news {
		n := &news[i]
		name := c.nameOf(n)
		if met[name] {
			continue
		}
		met[name] = true
		if what := c.compareItems(byName[name], n); what != 0 {
			changed = append(changed, Element{n.text(), what})
		}
	}
	for i := range olds {
		if name := c.nameOf(&olds[i]); !met[name] {
			met[name] = true
			changed = append(changed, Element{olds[i].text(), Removed})
		}
	}
	return changed
}

// compareItems says how an element differs from the old one, which may be nil.
func (c *comparison) compareItems(o, n *item) (what What) {
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
	if !c.sameReference(o.typ, n.typ) {
		what |= Retyped
	}
	return what
}
