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

// CheckSpec compares all that the own section of spec says with the oracle, except for queries by
// name. It takes time linear in the input, even if types are cyclic.
func CheckSpec(spec *btf.Spec, want *Blob) error {
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
	steps := 8*len(want.Types) + 1<<14 // of chains, in all
	for i, n := range want.Types {
		t := store.SectionOf(spec).TypeAt(i)
		if err := CheckType(t, n); err != nil {
			return err
		}
		if steps > 0 {
			used, err := checkChain(t, n)
			if steps -= used; err != nil {
				return err
			}
		}
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
	if got, want := factsOf(t), want.Facts(); got != want {
		return fmt.Errorf("%v: got  %+v\nwant %+v", t, got, want)
	}
	if err := checkName(t); err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	if got := t.NameOffset(); got != want.NameOffset() {
		return fmt.Errorf("%v: name offset %d, want %d", t, got, want.NameOffset())
	}
	if i, ok := t.Int(); ok && i.Encoding.String() != want.EncodingName() {
		return fmt.Errorf("%v: encoding %v, want %s", t, i.Encoding, want.EncodingName())
	}
	if l, ok := t.Linkage(); ok && l.String() != want.LinkageName() {
		return fmt.Errorf("%v: linkage %v, want %s", t, l, want.LinkageName())
	}
	elems, err := elemsOf(nil, t)
	if err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	wantElems := want.Elems()
	if len(elems) != len(wantElems) || findsOutside(t, len(elems)) ||
		countFirst(t) != min(1, len(elems)) {
		return fmt.Errorf("%v: %d elements, want %d", t, len(elems), len(wantElems))
	}
	for i := range elems {
		if elems[i] != wantElems[i] {
			return fmt.Errorf("%v element %d: got  %+v\nwant %+v", t, i, elems[i], wantElems[i])
		}
	}
	return nil
}

// checkChain compares what follows targets, and returns the steps that it took.
func checkChain(t btf.Type, want naive.Type) (steps int, err error) {
	const limit = 64
	ids, whole := want.Chain(limit)
	var buf [limit]uint32
	got := buf[:0]
	for link := range t.Targets() {
		if got = append(got, uint32(link.ID())); len(got) == limit {
			break
		}
	}
	switch {
	case whole && !slices.Equal(got, ids), len(got) > len(ids), !slices.Equal(got, ids[:len(got)]):
		return 0, fmt.Errorf("%v: chain %v, want %v (all of it: %v)", t, got, ids, whole)
	case !whole:
		if steps, err = checkLongChain(t, want); err != nil {
			return steps, err
		}
	}
	if s, w := t.Underlying(), want.SkipModifiers(); uint32(s.ID()) != w.ID {
		return steps, fmt.Errorf("%v: Underlying %v, want %d", t, s, w.ID)
	}
	size, ok := t.Sizeof()
	if wantSize, wantOK := want.Sizeof(); size != wantSize || ok != wantOK {
		return steps, fmt.Errorf("%v: Sizeof %d %v, want %d %v", t, size, ok, wantSize, wantOK)
	}
	return steps + len(got), nil
}

// checkLongChain follows a chain that is long or does not end. On a cycle, Targets may stop
// anywhere behind the first round, as long as it stops.
func checkLongChain(t btf.Type, want naive.Type) (steps int, err error) {
	types := int(want.Blob.End())
	ids, whole := want.Chain(types + 1)
	got := 0
	for range t.Targets() {
		if got++; got > 4*types+4 {
			return got, fmt.Errorf("%v: chain does not end", t)
		}
	}
	if whole && got != len(ids) {
		return got, fmt.Errorf("%v: chain of %d, want %d", t, got, len(ids))
	}
	return got + 2*types, nil
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
