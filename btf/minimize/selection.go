package minimize

import (
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/core"
)

// A selection has the types of a kernel that are needed.
type selection struct {
	kernel *btf.Spec
	// pointers says that what pointers lead to is needed, always.
	pointers bool
	uses     []use // by id
	// members says which members of structs and unions are needed.
	members map[btf.TypeID][]bool
	// ids are those in the result.
	ids []btf.TypeID
}

// A use is how a type is needed, a set of bits.
type use uint8

const (
	asField   use = 1 << iota // of a struct: for its size; pointers may lead nowhere
	asType                    // to be found compatible: what pointers lead to, without members
	asPattern                 // to be matched: with all members, and theirs
	asPointee                 // to be matched behind a pointer: structs without members
)

func newSelection(kernel *btf.Spec, pointers bool) *selection {
	_, end := kernel.IDs()
	return &selection{kernel: kernel, pointers: pointers, uses: make([]use, end),
		members: map[btf.TypeID][]bool{}, ids: make([]btf.TypeID, end)}
}

// need adds what an answer is taken from.
func (s *selection) need(kind core.Kind, v core.Value) {
	switch kind {
	case core.TypeIDTarget, core.TypeExists, core.TypeSize:
		s.add(v.Candidate, asType)
	case core.TypeMatches:
		s.add(v.Candidate, asPattern)
	case core.EnumvalExists, core.EnumvalValue:
		s.add(v.Candidate, asField)
	default:
		s.addField(v.Candidate, v.Access)
	}
}

// addField adds a type and the members on a way from there.
func (s *selection) addField(t btf.Type, access string) {
	s.add(t, asField)
	_, access, more := strings.Cut(access, ":")
	for more {
		var part string
		part, access, more = strings.Cut(access, ":")
		t = t.Underlying()
		i, err := strconv.Atoi(part)
		if m, ok := t.Member(i); ok && err == nil {
			s.addMember(t, i)
			t = m.Target()
		} else {
			t = t.Target() // of an array
		}
		s.add(t, asField)
	}
}

func (s *selection) addMember(t btf.Type, i int) {
	if s.members[t.ID()] == nil {
		s.members[t.ID()] = make([]bool, t.Vlen())
	}
	s.members[t.ID()][i] = true
}

// add adds a type and all that its use needs, each of which it looks at once.
func (s *selection) add(t btf.Type, u use) {
	type needed struct {
		t btf.Type
		use
	}
	todo := []needed{{t, u}}
	push := func(t btf.Type, u use) { todo = append(todo, needed{t, u}) }
	for len(todo) > 0 {
		t, u := todo[len(todo)-1].t, todo[len(todo)-1].use
		todo = todo[:len(todo)-1]
		if t.IsVoid() || s.uses[t.ID()]&u != 0 {
			continue
		}
		s.uses[t.ID()] |= u
		switch k := t.Kind(); {
		case k == btf.KindPtr && u == asField && !s.pointers:
		case k == btf.KindPtr && u == asPattern:
			push(t.Target(), asPointee)
		case k == btf.KindPtr, k == btf.KindTypedef, k.IsModifier():
			push(t.Target(), u)
		case k == btf.KindArray:
			push(t.Target(), u)
			push(t.IndexType(), u)
		case k == btf.KindFuncProto:
			push(t.Return(), u)
			for _, p := range t.Params() {
				push(p.Target(), u)
			}
		case isComposite(k) && u == asPattern:
			for i, m := range t.Members() {
				s.addMember(t, i)
				push(m.Target(), u)
			}
		}
	}
}

func isComposite(k btf.Kind) bool { return k == btf.KindStruct || k == btf.KindUnion }

// write writes the types that were added.
func (s *selection) write() ([]byte, error) {
	b := builder.New(builder.Options{ByteOrder: s.kernel.ByteOrder(), Limits: builder.LimitsFormat})
	next := b.NextID()
	for id, u := range s.uses {
		if u != 0 {
			s.ids[id] = next
			next++
		}
	}
	idOf := func(id btf.TypeID) btf.TypeID {
		if int(id) < len(s.ids) {
			return s.ids[id]
		}
		return 0
	}
	for id, u := range s.uses {
		if u == 0 {
			continue
		}
		t, err := s.kernel.TypeByID(btf.TypeID(id))
		switch {
		case err != nil:
			return nil, err
		case isComposite(t.Kind()):
			members := s.members[t.ID()]
			b.CopyStruct(t, func(i int) bool { return members != nil && members[i] }, idOf)
		default:
			b.Copy(t, idOf)
		}
	}
	return b.Bytes()
}
