package core

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A matcher compares types of an object with a kernel's. It does so for one relocation, and counts
// what it looks at, since anonymous members and prototypes can name the same types over and over.
type matcher struct {
	budget int
}

// maxBudget is how many types and members a matcher looks at. Kernels need some thousands.
const maxBudget = 1 << 20

// maxDepth is how deep a matcher goes, as libbpf.
const maxDepth = 32

var errBudget = errors.New("too many types to compare")

func (m *matcher) spend(n int) error {
	if m.budget -= n; m.budget < 0 {
		return errBudget
	}
	return nil
}

// withoutFlavour cuts off what stands behind ___ in a name, if anything does: the flavour by which
// an object tells several definitions of a kernel's type apart.
func withoutFlavour(name string) string {
	for i := len(name) - 5; i >= 0; i-- {
		if name[i] != '_' && name[i+1:i+4] == "___" && name[i+4] != '_' {
			return name[:i+1]
		}
	}
	return name
}

// namesMatch compares the names of a local and a kernel's type, member or enumerator.
func namesMatch(local, target string) bool {
	return withoutFlavour(local) == withoutFlavour(target)
}

func isEnum(k btf.Kind) bool { return k == btf.KindEnum || k == btf.KindEnum64 }

func isComposite(k btf.Kind) bool { return k == btf.KindStruct || k == btf.KindUnion }

// sameKind reports whether two kinds count as one: those of enums do.
func sameKind(a, b btf.Kind) bool { return a == b || isEnum(a) && isEnum(b) }

// field goes the way of a local field from a kernel's type; it is nil if that is not there.
func (m *matcher) field(local *field, root btf.Type) (*field, error) {
	f := new(field)
	t := root.Underlying()
	for i := range local.n {
		s := &local.steps[i]
		if s.name != "" {
			found, err := m.member(f, s, t, 0)
			if err != nil || !found {
				return nil, err
			}
			t = f.last().typ
			continue
		}
		if i > 0 {
			n, ok := t.ArrayLen()
			if !ok || s.index >= int64(n) && !isFlexible(f.last(), n) {
				return nil, nil
			}
			t = t.Target().Underlying()
		}
		f.indexes = append(f.indexes, s.index)
		if err := f.push(step{index: s.index, typ: t}); err != nil {
			return nil, err
		}
		if err := f.skipValues(t, s.index); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// member finds the member that a local step leads to in a kernel's struct or union, or within its
// anonymous members. The first one of the name decides.
func (m *matcher) member(f *field, local *step, t btf.Type, depth int) (bool, error) {
	if !isComposite(t.Kind()) {
		return false, nil
	}
	if depth == maxSteps {
		return false, fmt.Errorf("%v: more than %d steps", t, maxSteps)
	}
	if err := m.spend(t.Vlen() + 1); err != nil {
		return false, err
	}
	way := len(f.indexes)
	for i, mem := range t.Members() {
		off := uint64(mem.BitOffset())
		f.indexes = append(f.indexes[:way], int64(i))
		switch {
		case mem.NameIs(""):
			f.bits += off
			found, err := m.member(f, local, mem.Target().Underlying(), depth+1)
			if found || err != nil {
				return found, err
			}
			f.bits -= off
		case mem.NameIs(local.name):
			there, err := m.fieldsCompatible(local.typ, mem.Target())
			if !there || err != nil {
				return false, err
			}
			f.bits += off
			return true, f.push(step{t, local.name, int64(i), mem.Target().Underlying()})
		}
	}
	return false, nil
}

// fieldsCompatible reports whether fields of two types can stand for each other.
func (m *matcher) fieldsCompatible(local, target btf.Type) (bool, error) {
	for {
		if err := m.spend(1); err != nil {
			return false, err
		}
		local, target = local.Underlying(), target.Underlying()
		k := local.Kind()
		switch {
		case isComposite(k) && isComposite(target.Kind()):
			return true, nil
		case !sameKind(k, target.Kind()):
			return false, nil
		}
		switch k {
		case btf.KindPtr, btf.KindFloat:
			return true, nil
		case btf.KindFwd, btf.KindEnum, btf.KindEnum64:
			a, b := typeName(local), typeName(target)
			return a == "" || b == "" || namesMatch(a, b), nil
		case btf.KindInt:
			return plainInts(local, target), nil
		case btf.KindArray:
		default:
			return false, nil
		}
		local, target = local.Target(), target.Target()
	}
}

// plainInts reports whether none of two integers is one of the bitfields of old compilers.
func plainInts(a, b btf.Type) bool {
	ia, _ := a.Int()
	ib, _ := b.Int()
	return ia.Offset == 0 && ib.Offset == 0
}

// maxName is how many bytes of a name count. No kernel has longer ones.
const maxName = 1024

// typeName returns a type's name, as far as it counts. It aliases the section's bytes.
func typeName(t btf.Type) string {
	sec, off := btf.Internal.Record(t)
	if sec == nil {
		return ""
	}
	return sec.NamePrefix(sec.Word(off), maxName)
}

// elementName returns the name of a member or enumerator as typeName does that of a type.
func elementName(t btf.Type, i int) string {
	sec, off := btf.Internal.Record(t)
	step := 4 * raw.ElementWords(raw.Kind(t.Kind()))
	return sec.NamePrefix(sec.Word(off+raw.HeaderSize+uint32(i)*step), maxName)
}

// typesCompatible reports whether types of the same name are of the same shape, members apart.
func (m *matcher) typesCompatible(local, target btf.Type, level int) (bool, error) {
	if !sameKind(local.Kind(), target.Kind()) {
		return false, nil
	}
	for range maxDepth {
		if err := m.spend(1); err != nil {
			return false, err
		}
		local, target = local.Underlying(), target.Underlying()
		k := local.Kind()
		if !sameKind(k, target.Kind()) {
			return false, nil
		}
		switch k {
		case btf.KindVoid, btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindFwd:
			return true, nil
		case btf.KindInt:
			return plainInts(local, target), nil
		case btf.KindPtr, btf.KindArray:
			local, target = local.Target(), target.Target()
		case btf.KindFuncProto:
			same, err := m.params(local, target, level, func(a, b btf.Type) (bool, error) {
				return m.typesCompatible(a.Underlying(), b.Underlying(), level-1)
			})
			if !same || err != nil {
				return false, err
			}
			local, target = local.Return(), target.Return()
		default:
			return false, nil
		}
	}
	return false, errDeep
}

var errDeep = errors.New("types nest too deep to be compared")

// params compares the parameters of two prototypes.
func (m *matcher) params(local, target btf.Type, level int,
	same func(a, b btf.Type) (bool, error)) (bool, error) {
	if local.Vlen() != target.Vlen() {
		return false, nil
	}
	for i, a := range local.Params() {
		if level <= 0 {
			return false, errDeep
		}
		b, _ := target.Param(i)
		if ok, err := same(a.Target(), b.Target()); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// typesMatch reports whether a kernel's type has all that the local one has: its members and
// enumerators by name, and theirs; structs behind pointers need the name alone.
func (m *matcher) typesMatch(local, target btf.Type, behindPtr bool, level int) (bool, error) {
	if level <= 0 {
		return false, errDeep
	}
	for range maxDepth {
		if err := m.spend(1); err != nil {
			return false, err
		}
		local, target = local.Underlying(), target.Underlying()
		if !namesMatch(typeName(local), typeName(target)) {
			return false, nil
		}
		k := local.Kind()
		switch k {
		case btf.KindVoid:
			return target.IsVoid(), nil
		case btf.KindFwd:
			return k == target.Kind() && local.FwdKind() == target.FwdKind() ||
				behindPtr && target.Kind() == local.FwdKind(), nil
		case btf.KindEnum, btf.KindEnum64:
			return m.enumsMatch(local, target)
		case btf.KindStruct, btf.KindUnion:
			if behindPtr {
				return k == target.Kind() || target.Kind() == btf.KindFwd && target.FwdKind() == k, nil
			}
			return m.membersMatch(local, target, level)
		case btf.KindInt:
			return sameInts(local, target), nil
		case btf.KindPtr, btf.KindArray:
			a, _ := local.ArrayLen()
			b, _ := target.ArrayLen()
			if k != target.Kind() || a != b {
				return false, nil
			}
			behindPtr = behindPtr || k == btf.KindPtr
			local, target = local.Target(), target.Target()
		case btf.KindFuncProto:
			if k != target.Kind() {
				return false, nil
			}
			same, err := m.params(local, target, level, func(a, b btf.Type) (bool, error) {
				return m.typesMatch(a, b, behindPtr, level-1)
			})
			if !same || err != nil {
				return false, err
			}
			local, target = local.Return(), target.Return()
		default:
			return false, nil
		}
	}
	return false, errDeep
}

// sameInts reports whether two integers have the same size and sign.
func sameInts(a, b btf.Type) bool {
	sizeA, okA := a.Size()
	sizeB, okB := b.Size()
	ia, _ := a.Int()
	ib, _ := b.Int()
	return okA && okB && b.Kind() == btf.KindInt && sizeA == sizeB &&
		ia.Encoding&btf.IntSigned == ib.Encoding&btf.IntSigned
}

// enumsMatch wants each local enumerator's name in the kernel's enum, and the same size.
func (m *matcher) enumsMatch(local, target btf.Type) (bool, error) {
	sizeA, _ := local.Size()
	sizeB, _ := target.Size()
	if !isEnum(target.Kind()) || sizeA != sizeB || local.Vlen() > target.Vlen() {
		return false, nil
	}
	if err := m.spend(local.Vlen() + target.Vlen()); err != nil {
		return false, err
	}
	names := make(map[string]bool, target.Vlen())
	for i := range target.Vlen() {
		names[withoutFlavour(elementName(target, i))] = true
	}
	for i := range local.Vlen() {
		if !names[withoutFlavour(elementName(local, i))] {
			return false, nil
		}
	}
	return true, nil
}

// membersMatch wants each local member in the kernel's struct, with a type that matches.
func (m *matcher) membersMatch(local, target btf.Type, level int) (bool, error) {
	if local.Kind() != target.Kind() || local.Vlen() > target.Vlen() {
		return false, nil
	}
	if err := m.spend(local.Vlen() + target.Vlen()); err != nil {
		return false, err
	}
	byName := make(map[string][]btf.Member, target.Vlen())
	for i, b := range target.Members() {
		name := withoutFlavour(elementName(target, i))
		byName[name] = append(byName[name], b)
	}
	for i, a := range local.Members() {
		matched := false
		for _, b := range byName[withoutFlavour(elementName(local, i))] {
			if err := m.spend(1); err != nil {
				return false, err
			}
			var err error
			matched, err = m.typesMatch(a.Target(), b.Target(), false, level-1)
			if err != nil {
				return false, err
			}
			if matched {
				break
			}
		}
		if !matched {
			return false, nil
		}
	}
	return true, nil
}

// enumerator finds the kernel's enumerator that has the name of a local one.
func (m *matcher) enumerator(want string, t btf.Type) (index int, ok bool, err error) {
	t = t.Underlying()
	if !isEnum(t.Kind()) {
		return 0, false, nil
	}
	if err := m.spend(t.Vlen()); err != nil {
		return 0, false, err
	}
	for i := range t.Enumerators() {
		if namesMatch(want, elementName(t, i)) {
			return i, true, nil
		}
	}
	return 0, false, nil
}
