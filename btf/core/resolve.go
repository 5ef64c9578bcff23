package core

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// A Source is the kernel that an object shall run on: a *btf.Spec, or a *modules.Collection for a
// kernel with its modules.
type Source interface {
	TypesByName(name string, kinds ...btf.Kind) iter.Seq[btf.Type]
	TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// ErrAmbiguous says that the kernel has several types of the name, and that they give different
// answers.
var ErrAmbiguous = errors.New("core: the kernel's definitions disagree")

// A Value answers a relocation.
type Value struct {
	// Local is the value in the instruction, Target the value that it needs on the kernel.
	Local, Target uint64
	// Poison says that the kernel has no answer: the instruction must not be reached. A program
	// checks first, by a relocation whose Kind AsksExistence, or cannot run on this kernel.
	Poison bool
	// Candidate is the kernel's type that answers; void if none does.
	Candidate btf.Type
	// Access leads from there to what answers, as a Relocation's does from its Type, by way of
	// anonymous members, too; empty if there is no Candidate.
	Access string
}

// String returns "8 -> 16", or "8 -> none".
func (v Value) String() string {
	if v.Poison {
		return fmt.Sprintf("%d -> none", v.Local)
	}
	return fmt.Sprintf("%d -> %d", v.Local, v.Target)
}

// String returns a line such as "FIELD_BYTE_OFFSET of [7] STRUCT task_struct, .se.vruntime".
func (r Relocation) String() string {
	s := fmt.Sprintf("%v of %v", r.Kind, r.Type)
	switch f, err := localField(r.Type, r.Access); {
	case r.Kind.isEnumval():
		i, err := strconv.Atoi(r.Access)
		if _, ok := r.Type.Underlying().Enumerator(i); err == nil && ok {
			return fmt.Sprintf("%s, %.100s", s, elementName(r.Type.Underlying(), i))
		}
		s += fmt.Sprintf(", %.40q", r.Access)
	case !r.Kind.isField():
	case err != nil:
		s += fmt.Sprintf(", %.40q", r.Access)
	default:
		s += ", " + f.String()
	}
	return s
}

// A Resolver answers the relocations of objects on one kernel. As libbpf does, it remembers for
// each type of an object which of the kernel's types gave the answer, so that all relocations
// of the object agree. So the caller passes the relocations in the order of the object. It must
// not be used concurrently.
type Resolver struct {
	kernel     Source
	flavoured  []btf.Type // the kernel's own types with ___ in their names, which are few
	candidates map[btf.Type][]btf.Type
}

var flavour = btf.MustMatcher("[^_]___[^_]")

// NewResolver returns a Resolver for a kernel. It scans the names once.
func NewResolver(kernel Source) *Resolver {
	r := &Resolver{kernel: kernel, candidates: map[btf.Type][]btf.Type{}}
	r.flavoured = slices.Collect(kernel.TypesByMatch(flavour))
	return r
}

// Resolve answers a relocation. If the kernel lacks the field or type, that is no error: the
// Value says so. An error says that the relocation makes no sense, or is ErrAmbiguous.
func (r *Resolver) Resolve(relo Relocation) (v Value, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%.100s+%#x: %v: %w", relo.Section, relo.Offset, relo, err)
		}
	}()
	q, err := newQuestion(relo)
	if err != nil {
		return v, err
	}
	if relo.Kind == TypeIDLocal {
		id := uint64(relo.Type.ID())
		return Value{Local: id, Target: id}, nil
	}
	if v.Local, err = q.askLocal(); err != nil {
		return v, err
	}
	all, err := r.candidatesOf(relo.Type)
	if err != nil {
		return v, err
	}
	matching := all[:0:0]
	for _, c := range all {
		a, err := q.askType(c)
		switch {
		case err != nil:
			return v, err
		case !a.found:
			continue
		case len(matching) == 0:
			v.Target, v.Candidate, v.Access = a.value, c, a.access
			q.bits = a.bits
		case a.value != v.Target || a.bits != q.bits:
			return v, fmt.Errorf("%w: %v and %v", ErrAmbiguous, v.Candidate, c)
		}
		matching = append(matching, c)
	}
	if len(matching) > 0 {
		r.candidates[relo.Type] = matching
		return v, nil
	}
	v.Poison = !relo.Kind.AsksExistence() && relo.Kind != TypeIDTarget && relo.Kind != TypeSize
	return v, nil
}

// candidatesOf returns the kernel's types of the name, those of modules only if the kernel has
// none.
func (r *Resolver) candidatesOf(local btf.Type) ([]btf.Type, error) {
	if all, ok := r.candidates[local]; ok {
		return all, nil
	}
	name := withoutFlavour(typeName(local))
	if typeName(local) == "" {
		return nil, errors.New("types without a name have no candidates")
	}
	var all []btf.Type
	add := func(t btf.Type) {
		if sameKind(t.Kind(), local.Kind()) && (len(all) == 0 || all[0].Spec().Base() != nil ||
			t.Spec().Base() == nil) {
			all = append(all, t)
		}
	}
	for t := range r.kernel.TypesByName(name) {
		add(t)
	}
	for _, t := range r.flavoured {
		long := typeName(t) // perhaps with a flavour
		if strings.HasPrefix(long, name) && withoutFlavour(long) == name {
			add(t)
		}
	}
	r.candidates[local] = all
	return all, nil
}

// A question is a relocation whose local side is understood.
type question struct {
	Relocation
	matcher
	field      *field // of a field's kind
	enumerator string // of an enumerator's kind, its name
	value      uint64 // and its value
	bits       uint64 // of the first answer, where it lies
}

// An answer is what one type of the kernel says.
type answer struct {
	found       bool
	value, bits uint64
	access      string
}

func newQuestion(relo Relocation) (*question, error) {
	q := &question{Relocation: relo, matcher: matcher{maxBudget}}
	switch {
	case relo.Type.IsVoid():
		return nil, errors.New("about no type")
	case relo.Kind.isField():
		var err error
		q.field, err = localField(relo.Type, relo.Access)
		return q, err
	case relo.Kind.isEnumval():
		t, index := relo.Type.Underlying(), -1
		err := indexes(relo.Access, func(i int, v int64) error {
			if index = int(v); i > 0 {
				return errors.New("an enumerator has no parts")
			}
			return nil
		})
		e, ok := t.Enumerator(index)
		if err == nil && !ok {
			err = fmt.Errorf("%v has no enumerator %d", t, index)
		}
		if ok {
			q.enumerator, q.value = elementName(t, index), enumValue(t, e)
		}
		return q, err
	case relo.Kind > TypeMatches:
		return nil, fmt.Errorf("%w: %v", btf.ErrUnsupported, relo.Kind)
	case relo.Access != "0":
		return nil, fmt.Errorf("a type has no part %.40q", relo.Access)
	}
	return q, nil
}

// askLocal returns what the object's own types answer.
func (q *question) askLocal() (uint64, error) {
	switch {
	case q.Kind.isField():
		return q.fieldValue(q.field)
	case q.Kind == EnumvalValue:
		return q.value, nil
	case q.Kind.isEnumval():
		return 1, nil
	}
	return q.typeValue(q.Type)
}

// askType puts the question to a type of the kernel.
func (q *question) askType(t btf.Type) (a answer, err error) {
	switch {
	case q.Kind.isField():
		f, err := q.matcher.field(q.field, t)
		if f == nil || err != nil {
			return a, err
		}
		a.found, a.bits, a.access = true, f.bits, f.accessString()
		a.value, err = q.fieldValue(f)
		return a, err
	case q.Kind.isEnumval():
		i, ok, err := q.matcher.enumerator(q.enumerator, t)
		a.found, a.value, a.access = ok, 1, strconv.Itoa(i)
		if e, _ := t.Underlying().Enumerator(i); ok && q.Kind == EnumvalValue {
			a.value = enumValue(t.Underlying(), e)
		}
		return a, err
	case q.Kind == TypeMatches:
		a.found, err = q.typesMatch(q.Type, t, false, maxDepth)
	default:
		a.found, err = q.typesCompatible(q.Type, t, maxDepth)
	}
	if err == nil && a.found {
		a.access = "0"
		a.value, err = q.typeValue(t)
	}
	return a, err
}

// enumValue returns an enumerator's value as libbpf does: that of an ENUM counts as signed.
func enumValue(t btf.Type, e btf.Enumerator) uint64 {
	if t.Kind() == btf.KindEnum {
		return uint64(int64(int32(e.Uint64())))
	}
	return e.Uint64()
}

// typeValue answers about a type that is there.
func (q *question) typeValue(t btf.Type) (uint64, error) {
	switch q.Kind {
	case TypeIDTarget:
		return uint64(t.ID()), nil
	case TypeSize:
		size, ok := t.Sizeof()
		if !ok {
			return 0, fmt.Errorf("%v has no size", t)
		}
		return size, nil
	}
	return 1, nil
}

// fieldValue answers about a field that is there.
func (q *question) fieldValue(f *field) (uint64, error) {
	if q.Kind == FieldExists {
		return 1, nil
	}
	s := f.last()
	size, ok := s.typ.Sizeof()
	if !ok {
		return 0, fmt.Errorf("%v has no size", s.typ)
	}
	if s.name == "" && q.Kind > FieldByteSize {
		return 0, errors.New("asked of an element of an array")
	}
	byteOff, bits := f.bits/8, 8*size
	if m, _ := s.owner.Member(int(s.index)); s.name != "" && m.BitfieldSize() > 0 {
		bits = uint64(m.BitfieldSize())
		var err error
		if byteOff, size, err = integerAround(f.bits, bits, size); err != nil {
			return 0, err
		}
	}
	switch q.Kind {
	case FieldByteOffset:
		return byteOff, nil
	case FieldByteSize:
		return size, nil
	case FieldSigned:
		if s.typ.IsSigned() {
			return 1, nil
		}
		return 0, nil
	case FieldLShiftU64:
		// The order is the object's, which the kernel has to have, too.
		if q.Type.Spec().ByteOrder() == binary.BigEndian {
			return truncate32((8-size)*8 + f.bits - 8*byteOff), nil
		}
		return truncate32(64 - (f.bits + bits - 8*byteOff)), nil
	}
	return truncate32(64 - bits), nil
}

// truncate32 is how libbpf, which has 32 bits, answers about fields that no integer holds.
func truncate32(shift uint64) uint64 { return uint64(uint32(shift)) }

// integerAround returns the place and size of the smallest aligned integer of at least size bytes
// that has all of a bitfield.
func integerAround(off, bits, size uint64) (at, wide uint64, err error) {
	if size == 0 {
		return 0, 0, errors.New("a bitfield of a type of no bytes")
	}
	for at = off / 8 / size * size; off+bits-8*at > 8*size; at = off / 8 / size * size {
		if size >= 8 {
			return 0, 0, fmt.Errorf("%d bits at bit %d do not fit 8 bytes", bits, off)
		}
		size *= 2
	}
	return at, size, nil
}
