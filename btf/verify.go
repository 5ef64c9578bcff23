package btf

import (
	"errors"
	"fmt"
)

// Verify checks what Open leaves out: that every string offset and type id of every
// record exists, and that there is no cycle along single targets (pointers, typedefs,
// modifiers, array elements) nor of structs that contain themselves by value. Such
// input is harmless to this package's views, but not to code that follows references
// on its own. It covers the sections that s covers, the root first, and returns the
// first fault as a *FormatError with ErrCorrupt. Time and memory are linear in the
// input; it does not recurse.
func (s *Spec) Verify() error {
	if s.closed.Load() {
		return ErrClosed
	}
	for _, sec := range s.chain {
		if err := sec.verify(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Section) verify() error {
	for i := range s.Len() {
		if err := s.TypeAt(i).verifyReferences(); err != nil {
			return err
		}
	}
	if err := s.verifyTargets(); err != nil {
		return err
	}
	return s.verifyContainment()
}

// fault places err at word i of t's record.
func (t Type) fault(i uint32, err error) error {
	return &FormatError{Section: "types", Offset: t.Offset() + int64(i)*4,
		Start: t.sec.header.TypesOff, ID: t.id, Class: ErrCorrupt, Err: err}
}

// references describes where a kind keeps ids and string offsets besides its name: the
// header's third word, words of the fixed trailer, and words of each element.
// -1 stands for none.
type references struct {
	header      bool
	fixed       [2]int8 // words of the record
	id, name    int8    // words of an element
	description string
}

func (k Kind) references() (r references) {
	r = references{header: k.in(setTyped), fixed: [2]int8{-1, -1}, id: -1, name: -1}
	switch k {
	case KindArray:
		r.fixed = [2]int8{3, 4}
	case KindStruct, KindUnion:
		r.name, r.id, r.description = 0, 1, "member"
	case KindFuncProto:
		r.name, r.id, r.description = 0, 1, "parameter"
	case KindEnum, KindEnum64:
		r.name, r.description = 0, "enumerator"
	case KindDatasec:
		r.id, r.description = 0, "variable"
	}
	return r
}

// verifyReferences checks the ids and string offsets of one record.
func (t Type) verifyReferences() error {
	kind := t.Kind()
	r := kind.references()
	ids, names := t.sec.end(), max(t.sec.strEnd(), 1)
	if r.header && ID(t.word(2)) >= ids {
		return t.fault(2, fmt.Errorf("%v refers to missing type %d", kind, t.word(2)))
	}
	for _, w := range r.fixed {
		if w >= 0 && ID(t.word(uint32(w))) >= ids {
			return t.fault(uint32(w), fmt.Errorf("%v refers to missing type %d",
				kind, t.word(uint32(w))))
		}
	}
	if r.description == "" {
		return nil
	}
	e, _, n := t.elements(setElements)
	step := elementWords(kind)
	for i := range n {
		at := headerSize/4 + i*step
		if r.name >= 0 && e.word(uint32(r.name)) >= names {
			return t.fault(at+uint32(r.name), fmt.Errorf(
				"%s %d: name offset %#x beyond the strings' end %#x",
				r.description, i, e.word(uint32(r.name)), names))
		}
		if r.id >= 0 && ID(e.word(uint32(r.id))) >= ids {
			return t.fault(at+uint32(r.id), fmt.Errorf("%s %d refers to missing type %d",
				r.description, i, e.word(uint32(r.id))))
		}
		e.off += step * 4
	}
	return nil
}

// setLinks holds the kinds whose single target must not lead back to themselves.
const setLinks = setModifier | 1<<KindPtr | 1<<KindTypedef | 1<<KindArray

// verifyTargets follows single targets. Each own type has one at most, so marking each
// with the walk that first came by finds all cycles in linear time. A base cannot refer
// to this section, so walks that leave it are done.
func (s *Section) verifyTargets() error {
	seen := make([]uint32, s.count) // the walk, counted from 1
	for i := range s.count {
		for t := s.TypeAt(int(i)); ; {
			if t.sec != s || !t.Kind().in(setLinks) {
				break
			}
			mark := &seen[t.id-s.first]
			if *mark == i+1 {
				return t.fault(2, fmt.Errorf("%v refers to itself through its targets", t.Kind()))
			}
			if *mark != 0 {
				break
			}
			*mark = i + 1
			t, _ = t.Target()
		}
	}
	return nil
}

var errContainsItself = errors.New("type contains itself by value")

// verifyContainment searches, depth first with a stack of its own, for a type that
// contains itself through members, array elements, typedefs and modifiers.
func (s *Section) verifyContainment() error {
	const (
		unseen = iota
		open
		done
	)
	type frame struct {
		t    Type
		next uint32 // member to look at
	}
	state := make([]uint8, s.count)
	var stack []frame
	for i := range s.count {
		if state[i] != unseen || !s.TypeAt(int(i)).Kind().in(setComposite) {
			continue
		}
		state[i] = open
		stack = append(stack[:0], frame{t: s.TypeAt(int(i))})
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			part, ok := top.t.part(top.next)
			if !ok {
				state[top.t.id-s.first] = done
				stack = stack[:len(stack)-1]
				continue
			}
			top.next++
			if part.sec != s {
				continue // void, or in a base
			}
			switch state[part.id-s.first] {
			case open:
				return part.fault(0, errContainsItself)
			case unseen:
				state[part.id-s.first] = open
				stack = append(stack, frame{t: part})
			}
		}
	}
	return nil
}

// part returns the i-th type that a value of type t holds; ok is false behind the last.
func (t Type) part(i uint32) (part Type, ok bool) {
	switch k := t.Kind(); {
	case k.in(setComposite):
		m, ok := t.Member(int(i))
		if !ok {
			return Type{}, false
		}
		part, _ = m.Target()
		return part, true
	case i == 0 && (k.IsModifier() || k == KindTypedef || k == KindArray):
		part, _ = t.Target()
		return part, true
	}
	return Type{}, false
}
