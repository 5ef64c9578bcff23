package oracle

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// CheckFault compares an error with the oracle's fault: its class, its offset and the type at
// fault.
func CheckFault(err error, want *Fault) error {
	if err == nil {
		return fmt.Errorf("accepted, want %v", want)
	}
	class, other := btf.ErrCorrupt, btf.ErrUnsupported
	if want.Unsupported {
		class, other = other, class
	}
	var at *btf.FormatError
	switch {
	case !errors.Is(err, class) || errors.Is(err, other):
		return fmt.Errorf("class of %q is not that of %v", err, want)
	case !errors.As(err, &at):
		return fmt.Errorf("%q tells no offset, want %v", err, want)
	case at.Offset != want.Offset || uint32(at.ID) != want.ID:
		return fmt.Errorf("%q lies at %#x, type %d; want %v", err, at.Offset, at.ID, want)
	case !strings.Contains(err.Error(), "offset 0x"+strconv.FormatInt(want.Offset, 16)+")"):
		return fmt.Errorf("%q does not say the offset %#x", err, want.Offset)
	}
	return nil
}

// CheckSpec compares all that the own section of each of specs says with the oracle, except for
// queries by name. All of specs are want, opened in several backends. It takes time linear in the
// input, even if types are cyclic.
func CheckSpec(want *Blob, specs ...*btf.Spec) error {
	i, err := checkSpecs(want, specs)
	if err != nil && len(specs) > 1 {
		return fmt.Errorf("%s: %w", specs[i].Info().Backend, err)
	}
	return err
}

// checkSpecs is CheckSpec, with the index of the Spec that the error is about.
func checkSpecs(want *Blob, specs []*btf.Spec) (int, error) {
	for i, spec := range specs {
		if err := checkSection(spec, want); err != nil {
			return i, err
		}
	}
	var w wanted
	steps := 8*len(want.Types) + 1<<14 // of chains, in all
	for k, n := range want.Types {
		w.set(n, steps > 0)
		for i, spec := range specs {
			if err := w.check(store.SectionOf(spec).TypeAt(k)); err != nil {
				return i, err
			}
		}
		steps -= w.steps()
	}
	return 0, nil
}

// checkSection compares what is not about a single type.
func checkSection(spec *btf.Spec, want *Blob) error {
	if err := CheckRecords(spec, want); err != nil {
		return err
	}
	if got, want := spec.PointerSize(), want.PointerSize(); got != want {
		return fmt.Errorf("pointer size %d, want %d", got, want)
	}
	if err := checkNothing(spec); err != nil {
		return err
	}
	if err := checkText(spec, want); err != nil {
		return err
	}
	return checkVerify(spec, want)
}

// checkText compares the descriptions of the first and the last own type, and ends loops over
// all types at the first.
func checkText(spec *btf.Spec, want *Blob) error {
	for _, i := range []int{0, len(want.Types) - 1} {
		if i < 0 || i >= len(want.Types) {
			continue
		}
		if got, want := store.SectionOf(spec).TypeAt(i).String(), want.Types[i].String(); got != want {
			return fmt.Errorf("description %q, want %q", got, want)
		}
	}
	for _, s := range []*btf.Spec{spec, spec.Own()} {
		n := 0
		first, end := s.IDs()
		for id := range s.All() {
			if n++; id != first {
				return fmt.Errorf("the first type has id %d, want %d", id, first)
			}
			break
		}
		if n != int(min(1, end-first)) {
			return fmt.Errorf("%d first types of [%d, %d)", n, first, end)
		}
	}
	return nil
}

// CheckRecords compares the ids, offsets and bytes of the own records of spec with the oracle's.
// That is enough where several backends share the code of all other accessors.
func CheckRecords(spec *btf.Spec, want *Blob) error {
	if err := checkIDs(spec, want); err != nil {
		return err
	}
	own := spec.Own()
	next, end := own.IDs()
	for id, t := range own.All() {
		if id != next {
			return fmt.Errorf("range over All yields id %d instead of %d", id, next)
		}
		next++
		byID, err := spec.TypeByID(id)
		if err != nil || byID != t {
			return fmt.Errorf("type %d is %v (%v), but All yields %v", id, byID, err, t)
		}
		n, _ := want.ByID(uint32(id))
		if n.IsVoid() {
			if t != (btf.Type{}) {
				return fmt.Errorf("%v instead of void", t)
			}
			continue
		}
		r := store.RecordOf(t)
		if t.ID() != id || r.Offset != n.Offset || r.Bytes != string(n.Rec) {
			return fmt.Errorf("%v at %#x: record % x, want at %#x % x",
				t, r.Offset, r.Bytes, n.Offset, n.Rec)
		}
	}
	if next != end {
		return fmt.Errorf("range over All ends behind id %d instead of %d", next-1, end-1)
	}
	return nil
}

func checkIDs(spec *btf.Spec, want *Blob) error {
	if first, end := spec.IDs(); first != 0 || end != btf.TypeID(want.End()) {
		return fmt.Errorf("ids [%d, %d), want [0, %d)", first, end, want.End())
	}
	own := spec.Own()
	first, end := own.IDs()
	wantFirst := btf.TypeID(want.First)
	if want.Base == nil {
		wantFirst = 0
	}
	if first != wantFirst || end != btf.TypeID(want.End()) {
		return fmt.Errorf("own ids [%d, %d), want [%d, %d)", first, end, wantFirst, want.End())
	}
	for _, id := range []btf.TypeID{end, end + 1, 1<<32 - 1} {
		if _, err := spec.TypeByID(id); !errors.Is(err, btf.ErrNotFound) {
			return fmt.Errorf("type %d behind the end: %v", id, err)
		}
	}
	if _, err := own.TypeByID(wantFirst - 1); want.Base != nil && !errors.Is(err, btf.ErrNotFound) {
		return fmt.Errorf("own type %d of the base: %v", wantFirst-1, err)
	}
	return nil
}

// CheckType compares one type, and its elements, with the oracle's of the same id.
func CheckType(t btf.Type, want naive.Type) error {
	var w wanted
	w.set(want, false)
	return w.check(t)
}

// wanted is what the oracle says of one type. It is worked out once for all backends, and its
// memory serves the next type.
type wanted struct {
	naive.Type
	facts     naive.Facts
	elems     []naive.Elem
	withChain bool // whether chain is compared
	chain     chain

	got answers
}

// answers is memory for what a backend says.
type answers struct {
	elems []naive.Elem
	chain []uint32
	name  []byte
}

func (w *wanted) set(n naive.Type, withChain bool) {
	w.Type, w.facts, w.elems = n, n.Facts(), n.AppendElems(w.elems[:0])
	if w.withChain = withChain; withChain {
		w.chain.set(n)
	}
}

// steps is how many following the chain takes.
func (w *wanted) steps() int {
	switch {
	case !w.withChain:
		return 0
	case w.chain.whole:
		return len(w.chain.ids)
	}
	return len(w.chain.ids) + len(w.chain.long) + 2*int(w.Blob.End())
}

// check compares t with w.
func (w *wanted) check(t btf.Type) error {
	if got := factsOf(t); got != w.facts {
		return fmt.Errorf("%v: got  %+v\nwant %+v", t, got, w.facts)
	}
	if err := checkName(t, &w.got.name); err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	if got := t.NameOffset(); got != w.NameOffset() {
		return fmt.Errorf("%v: name offset %d, want %d", t, got, w.NameOffset())
	}
	if i, ok := t.Int(); ok && i.Encoding.String() != w.EncodingName() {
		return fmt.Errorf("%v: encoding %v, want %s", t, i.Encoding, w.EncodingName())
	}
	if l, ok := t.Linkage(); ok && l.String() != w.LinkageName() {
		return fmt.Errorf("%v: linkage %v, want %s", t, l, w.LinkageName())
	}
	if err := w.got.ask(t); err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	elems := w.got.elems
	n := len(elems)
	if n != len(w.elems) || findsOutside(t, n) || countFirst(t) != min(1, n) {
		return fmt.Errorf("%v: %d elements, want %d", t, n, len(w.elems))
	}
	for i := range elems {
		if elems[i] != w.elems[i] {
			return fmt.Errorf("%v element %d: got  %+v\nwant %+v", t, i, elems[i], w.elems[i])
		}
	}
	if !w.withChain {
		return nil
	}
	return w.chain.check(t, &w.got.chain)
}

// chainLimit is how many links of a chain are compared by their ids.
const chainLimit = 64

// chain is what the oracle finds by following targets.
type chain struct {
	ids    []uint32 // the first links
	whole  bool     // those are all
	long   []uint32 // if not, as many links as there are types
	ends   bool     // and those are all
	types  int
	skip   uint32 // the type behind modifiers and typedefs
	size   uint64
	sizeOK bool
}

func (c *chain) set(n naive.Type) {
	c.types, c.skip = int(n.Blob.End()), n.SkipModifiers().ID
	if c.ids, c.whole = n.AppendChain(c.ids[:0], chainLimit); !c.whole {
		c.long, c.ends = n.AppendChain(c.long[:0], c.types+1)
	}
	c.size, c.sizeOK = n.Sizeof()
}

// check compares what follows targets of t, which it puts into buf.
func (c *chain) check(t btf.Type, buf *[]uint32) error {
	got := (*buf)[:0]
	for link := range t.Targets() {
		if got = append(got, uint32(link.ID())); len(got) == chainLimit {
			break
		}
	}
	*buf = got
	switch {
	case c.whole && !slices.Equal(got, c.ids), len(got) > len(c.ids),
		!slices.Equal(got, c.ids[:len(got)]):
		return fmt.Errorf("%v: chain %v, want %v (all of it: %v)", t, got, c.ids, c.whole)
	case !c.whole:
		if err := c.checkLong(t); err != nil {
			return err
		}
	}
	if s := t.Underlying(); uint32(s.ID()) != c.skip {
		return fmt.Errorf("%v: Underlying %v, want %d", t, s, c.skip)
	}
	if size, ok := t.Sizeof(); size != c.size || ok != c.sizeOK {
		return fmt.Errorf("%v: Sizeof %d %v, want %d %v", t, size, ok, c.size, c.sizeOK)
	}
	return nil
}

// checkLong follows a chain that is long or does not end. On a cycle, Targets may stop anywhere
// behind the first round, as long as it stops.
func (c *chain) checkLong(t btf.Type) error {
	got := 0
	for range t.Targets() {
		if got++; got > 4*c.types+4 {
			return fmt.Errorf("%v: chain does not end", t)
		}
	}
	if c.ends && got != len(c.long) {
		return fmt.Errorf("%v: chain of %d, want %d", t, got, len(c.long))
	}
	return nil
}

// checkVerify compares the verdict on the references of the own section.
func checkVerify(spec *btf.Spec, want *Blob) error {
	err, v := spec.Own().Verify(), want.Verify()
	switch {
	case v.Fault != nil:
		return CheckFault(err, v.Fault)
	case !v.Cycle && err != nil:
		return fmt.Errorf("%w from Verify, but nothing is wrong", err)
	case !v.Cycle:
		return nil
	}
	var at *btf.FormatError
	if !errors.Is(err, btf.ErrCorrupt) || !errors.As(err, &at) {
		return fmt.Errorf("%v from Verify, but there is a cycle", err)
	}
	if len(v.OnCycle) > 0 && !v.OnCycle[uint32(at.ID)] {
		return fmt.Errorf("%v from Verify, but the type is on no cycle", err)
	}
	return nil
}
