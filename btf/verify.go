package btf

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Verify checks what opening does not: that every string offset and type id in every record
// exists, that every FUNC refers to a FUNC_PROTO, that no chain of single targets (pointers,
// typedefs, modifiers, array elements) is a cycle, that no struct contains itself by value, and
// that a layout section is aligned to four bytes and overlaps no other section. Such input is
// harmless to this package's views, but not to code that follows references on its own. It
// checks the sections that s covers, the root first, and returns the first fault as a
// *FormatError with ErrCorrupt. Time and memory are linear in the input; it does not recurse.
func (s *Spec) Verify() error {
	if s.live.closed.Load() {
		return ErrClosed
	}
	for _, sec := range s.chain {
		if err := sec.verify(); err != nil {
			return err
		}
	}
	return nil
}

func (s *section) verify() error {
	if err := s.raw.Header.CheckLayout(); err != nil {
		return formatError(err)
	}
	for i := range s.raw.Count {
		if err := s.typeAt(i).verifyReferences(); err != nil {
			return err
		}
	}
	if err := s.verifyTargets(); err != nil {
		return err
	}
	return s.verifyContainment()
}

// typeAt returns own type i, which must exist.
func (s *section) typeAt(i uint32) Type {
	return Type{s.raw, s.raw.IDs.At(i), TypeID(s.raw.First + i)}
}

// offset returns where the record starts, in bytes from the start of the blob.
func (t Type) offset() int64 { return t.sec.Header.TypesOff + int64(t.off) }

// fault places err at word i of t's record.
func (t Type) fault(i uint32, err error) error {
	return &FormatError{Part: "types", Offset: t.offset() + int64(i)*4,
		Start: t.sec.Header.TypesOff, ID: t.id, Class: ErrCorrupt, Err: err}
}

// verifyReferences checks the ids and string offsets of one record.
func (t Type) verifyReferences() error {
	kind := t.Kind()
	r := raw.Kind(kind).References()
	ids, names := TypeID(t.sec.End()), max(t.sec.StrEnd(), 1)
	if r.Header && TypeID(t.word(2)) >= ids {
		return t.fault(2, fmt.Errorf("%v refers to missing type %d", kind, t.word(2)))
	}
	if kind == KindFunc && t.Target().Kind() != KindFuncProto {
		return t.fault(2, fmt.Errorf("FUNC refers to type %d, a %v", t.word(2), t.Target().Kind()))
	}
	for _, w := range r.Fixed {
		if w >= 0 && TypeID(t.word(uint32(w))) >= ids {
			return t.fault(uint32(w), fmt.Errorf("%v refers to missing type %d",
				kind, t.word(uint32(w))))
		}
	}
	if r.Element == "" {
		return nil
	}
	e, _, n := t.elements(raw.WithElements)
	step := raw.ElementWords(raw.Kind(kind))
	for i := range n {
		at := raw.HeaderSize/4 + i*step
		if r.Name >= 0 && e.word(uint32(r.Name)) >= names {
			return t.fault(at+uint32(r.Name), fmt.Errorf(
				"%s %d: name offset %#x beyond the strings' end %#x",
				r.Element, i, e.word(uint32(r.Name)), names))
		}
		if r.ID >= 0 && TypeID(e.word(uint32(r.ID))) >= ids {
			return t.fault(at+uint32(r.ID), fmt.Errorf("%s %d refers to missing type %d",
				r.Element, i, e.word(uint32(r.ID))))
		}
		e.off += step * 4
	}
	return nil
}

// setLinks holds the kinds whose single target must not lead back to themselves.
const setLinks = raw.Modifiers | 1<<KindPtr | 1<<KindTypedef | 1<<KindArray

// verifyTargets follows single targets. Each own type has one at most, so marking each
// with the walk that first came by finds all cycles in linear time. A base cannot refer
// to this section, so walks that leave it are done.
func (s *section) verifyTargets() error {
	seen := make([]uint32, s.raw.Count) // the walk, counted from 1
	for i := range s.raw.Count {
		for t := s.typeAt(i); ; {
			if t.sec != s.raw || !t.Kind().in(setLinks) {
				break
			}
			mark := &seen[t.id-TypeID(s.raw.First)]
			if *mark == i+1 {
				return t.fault(2, fmt.Errorf("%v refers to itself through its targets", t.Kind()))
			}
			if *mark != 0 {
				break
			}
			*mark = i + 1
			t = t.Target()
		}
	}
	return nil
}

var errContainsItself = errors.New("type contains itself by value")

// verifyContainment searches, depth first with a stack of its own, for a type that
// contains itself through members, array elements, typedefs and modifiers.
func (s *section) verifyContainment() error {
	const (
		unseen = iota
		open
		done
	)
	type frame struct {
		t    Type
		next uint32 // member to look at
	}
	state := make([]uint8, s.raw.Count)
	var stack []frame
	for i := range s.raw.Count {
		if state[i] != unseen || !s.typeAt(i).Kind().in(raw.Composites) {
			continue
		}
		state[i] = open
		stack = append(stack[:0], frame{t: s.typeAt(i)})
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			part, ok := top.t.part(top.next)
			if !ok {
				state[top.t.id-TypeID(s.raw.First)] = done
				stack = stack[:len(stack)-1]
				continue
			}
			top.next++
			if part.sec != s.raw {
				continue // void, or in a base
			}
			switch state[part.id-TypeID(s.raw.First)] {
			case open:
				return part.fault(0, errContainsItself)
			case unseen:
				state[part.id-TypeID(s.raw.First)] = open
				stack = append(stack, frame{t: part})
			}
		}
	}
	return nil
}

// part returns the i-th type that a value of type t holds; ok is false behind the last.
func (t Type) part(i uint32) (part Type, ok bool) {
	switch k := t.Kind(); {
	case k.in(raw.Composites):
		m, ok := t.Member(int(i))
		if !ok {
			return Type{}, false
		}
		return m.Target(), true
	case i == 0 && (k.IsModifier() || k == KindTypedef || k == KindArray):
		return t.Target(), true
	}
	return Type{}, false
}

var errForeign = errors.New("names start inside other strings: it was built for another kernel")

// CheckBase looks for signs that the section of s was built for another base than the one that
// it was opened on. The signs are all faults that Verify finds in the section, and names that
// start in the middle of another string: on a wrong base, ids and offsets may well exist, but
// mean something else. It returns nil, ErrClosed or a *[FormatError] with ErrCorrupt. Time and
// memory are linear in the section.
func (s *Spec) CheckBase() error {
	if s.live.closed.Load() {
		return ErrClosed
	}
	if err := s.sec.verify(); err != nil {
		return err
	}
	sec := s.raw
	named, inside := 0, 0
	for i := range int(sec.Count) {
		if off := sec.NameOffset(i); off != 0 {
			named++
			if before := sec.Tail(off - 1); before != "" && before[0] != 0 {
				inside++
			}
		}
	}
	if inside > named/2 {
		return &FormatError{Part: "types", Offset: sec.Header.TypesOff,
			Start: sec.Header.TypesOff, Class: ErrCorrupt, Err: errForeign}
	}
	return nil
}
