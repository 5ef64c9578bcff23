package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// CheckFault compares a refusal with the oracle's: the class, the offset and the type.
func CheckFault(err error, want *naive.Fault) error {
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
	}
	return nil
}

// CheckSpec compares everything that spec says outside of queries by name with the oracle.
// It takes time linear in the input, cyclic or not.
func CheckSpec(spec *btf.Spec, want *naive.Blob) error {
	if err := checkIDs(spec, want); err != nil {
		return err
	}
	steps := 1 << 20 // of chains, in all
	next := btf.ID(0)
	for id, t := range spec.All() {
		if id != next {
			return fmt.Errorf("All yields id %d instead of %d", id, next)
		}
		next++
		n, ok := want.ByID(uint32(id))
		if !ok {
			return fmt.Errorf("All yields id %d, of which there is none", id)
		}
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
	if next != btf.ID(want.End()) {
		return fmt.Errorf("All ends behind id %d instead of %d", next-1, want.End()-1)
	}
	return CheckVerify(spec, want)
}

func checkIDs(spec *btf.Spec, want *naive.Blob) error {
	if first, end := spec.IDs(); first != 0 || end != btf.ID(want.End()) {
		return fmt.Errorf("ids [%d, %d), want [0, %d)", first, end, want.End())
	}
	own := spec.Own()
	first, end := own.IDs()
	wantFirst := btf.ID(want.First)
	if want.Base == nil {
		wantFirst = 0
	}
	if first != wantFirst || end != btf.ID(want.End()) {
		return fmt.Errorf("own ids [%d, %d), want [%d, %d)", first, end, wantFirst, want.End())
	}
	for _, id := range []btf.ID{end, end + 1, 1<<32 - 1} {
		if _, err := spec.TypeByID(id); err != btf.ErrNotFound {
			return fmt.Errorf("type %d behind the end: %v", id, err)
		}
	}
	if _, err := own.TypeByID(wantFirst - 1); want.Base != nil && err != btf.ErrNotFound {
		return fmt.Errorf("own type %d of the base: %v", wantFirst-1, err)
	}
	if got, want := spec.PointerSize(), want.PointerSize(); got != want {
		return fmt.Errorf("pointer size %d, want %d", got, want)
	}
	return nil
}

// CheckType compares one type with the oracle's, reached by its id.
func CheckType(t btf.Type, want naive.Type) error {
	if want.IsVoid() {
		if !t.IsVoid() || t != (btf.Type{}) {
			return fmt.Errorf("%v instead of void", t)
		}
		return nil
	}
	if got, want := factsOf(t), want.Facts(); got != want {
		return fmt.Errorf("%v: got  %+v\nwant %+v", t, got, want)
	}
	if got := t.AppendRecord(nil); !bytes.Equal(got, want.Rec) {
		return fmt.Errorf("%v: record % x, want % x", t, got, want.Rec)
	}
	if got := string(t.AppendName(nil)); got != t.Name() || !t.NameIs(got) || t.NameIs(got+"x") {
		return fmt.Errorf("%v: AppendName %q, NameIs disagree with Name", t, got)
	}
	elems, err := elemsOf(nil, t)
	if err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	wantElems := want.Elems()
	if len(elems) != len(wantElems) || beyond(t, len(elems)) {
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
	var got []uint32
	for link := range t.Chain() {
		if got = append(got, uint32(link.ID())); len(got) == limit {
			break
		}
	}
	if whole && !slices.Equal(got, ids) || !whole && !isPrefix(got, ids) {
		return 0, fmt.Errorf("%v: chain %v, want %v (all of it: %v)", t, got, ids, whole)
	}
	if !whole {
		return checkLongChain(t, want)
	}
	if s, w := t.SkipModifiers(), want.SkipModifiers(); uint32(s.ID()) != w.ID {
		return 0, fmt.Errorf("%v: SkipModifiers %v, want %d", t, s, w.ID)
	}
	size, ok := t.Sizeof()
	if wantSize, wantOK := want.Sizeof(); size != wantSize || ok != wantOK {
		return 0, fmt.Errorf("%v: Sizeof %d %v, want %d %v", t, size, ok, wantSize, wantOK)
	}
	return len(got), nil
}

// checkLongChain follows a chain that is long or does not end. On a cycle, Chain may stop
// anywhere behind the first round, as long as it stops.
func checkLongChain(t btf.Type, want naive.Type) (steps int, err error) {
	types := int(want.Blob.End())
	ids, whole := want.Chain(types + 1)
	got := 0
	for range t.Chain() {
		if got++; got > 4*types+4 {
			return got, fmt.Errorf("%v: chain does not end", t)
		}
	}
	if whole && got != len(ids) {
		return got, fmt.Errorf("%v: chain of %d, want %d", t, got, len(ids))
	}
	if s, w := t.SkipModifiers(), want.SkipModifiers(); uint32(s.ID()) != w.ID {
		return got, fmt.Errorf("%v: SkipModifiers %v, want %d", t, s, w.ID)
	}
	size, ok := t.Sizeof()
	if wantSize, wantOK := want.Sizeof(); size != wantSize || ok != wantOK {
		return got, fmt.Errorf("%v: Sizeof %d %v, want %d %v", t, size, ok, wantSize, wantOK)
	}
	return 4 * types, nil
}

func isPrefix(a, b []uint32) bool { return len(a) <= len(b) && slices.Equal(a, b[:len(a)]) }

// CheckVerify compares the verdict on references.
func CheckVerify(spec *btf.Spec, want *naive.Blob) error {
	err, v := spec.Verify(), want.Verify()
	switch {
	case v.Fault != nil:
		return CheckFault(err, v.Fault)
	case !v.Cycle && err != nil:
		return fmt.Errorf("Verify: %w; but nothing is wrong", err)
	case !v.Cycle:
		return nil
	}
	var at *btf.FormatError
	if !errors.Is(err, btf.ErrCorrupt) || !errors.As(err, &at) {
		return fmt.Errorf("Verify: %v; but there is a cycle", err)
	}
	if len(v.OnCycle) > 0 && !v.OnCycle[uint32(at.ID)] {
		return fmt.Errorf("Verify: %v; but the type is on no cycle", err)
	}
	return nil
}
