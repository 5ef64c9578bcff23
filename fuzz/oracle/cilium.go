package oracle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	cilium "github.com/cilium/ebpf/btf"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// CheckCilium compares the first of Backends with cilium/ebpf, a decoder that others wrote. It has
// these rules:
//
//   - It asks cilium/ebpf only about blobs whose references Verify accepts and whose chains are
//     short. With others, cilium/ebpf recurses until the process dies, or prints for minutes.
//   - What cilium/ebpf accepts must be accepted here, with two exceptions, which it does not look
//     at: sections that overlap, and layout sections outside of the input. The reverse does not
//     hold: it refuses offsets into the middle of a string, unknown kinds, and decl tags in odd
//     places.
//   - Values must be equal, id by id, except where cilium/ebpf reads something else: FUNC linkages
//     beyond extern; bitfields of the older form, if the member's type is not the INT itself or
//     comes later; decl tags, for which it has no type. Blobs with more than 16 bits of vlen, or
//     more than 5 of kind, are not asked about.
//
// If data is trusted, cilium/ebpf may not refuse any of its types.
func CheckCilium(data []byte, trusted bool) error {
	want, fault := Parse(data, nil)
	if fault == nil && !forCilium(want, trusted) {
		return nil
	}
	theirs, err := cilium.LoadSpecFromReader(bytes.NewReader(data))
	switch {
	case err != nil:
		return nil
	case fault != nil && (unseenHeader(fault) || isTruncating(data, fault)):
		return nil
	case fault != nil:
		return fmt.Errorf("cilium/ebpf accepts what is wrong: %w", fault)
	}
	spec, err := Backends[0].Parse(data, nil)
	if err != nil {
		return err
	}
	defer spec.Close()
	for id, t := range spec.All() {
		other, err := theirs.TypeByID(cilium.TypeID(id))
		if err != nil && !trusted {
			continue // refused, but not before now
		}
		if err != nil {
			return fmt.Errorf("cilium/ebpf: type %d: %w", id, err)
		}
		if err := compareCilium(theirs, t, other); err != nil {
			return fmt.Errorf("cilium/ebpf: %v: %w", t, err)
		}
	}
	return nil
}

// forCilium reports whether cilium/ebpf can be asked about b. It may refuse decl tags, and prints
// types then, which is harmless in trusted blobs alone.
func forCilium(b *Blob, trusted bool) bool {
	v := b.Verify()
	if v.Fault != nil || v.Cycle {
		return false
	}
	var chain []uint32
	var whole bool
	for _, t := range b.Types {
		if f := t.Facts(); f.Opaque || f.Vlen > 0xffff ||
			f.Kind == uint8(btf.KindDeclTag) && !trusted {
			return false
		}
		if chain, whole = t.AppendChain(chain[:0], 1000); !whole {
			return false
		}
	}
	return true
}

// unseenHeader reports whether cilium/ebpf does not look for the fault: an overlap of types and
// strings, which is found at the types' offset, or the layout's offset.
func unseenHeader(fault *Fault) bool {
	return fault.Offset == 24 && fault.ID == 0 || fault.Offset == 8 && fault.Overlap
}

// isTruncating reports whether cilium/ebpf cuts bits off the info word of a record before or at
// the fault, so that it sees other records from there on.
func isTruncating(data []byte, fault *Fault) bool {
	cut := func(at int64) bool {
		if at+4 > int64(len(data)) {
			return false
		}
		info := binary.LittleEndian.Uint32(data[at:])
		if data[0] == 0xeb {
			info = binary.BigEndian.Uint32(data[at:])
		}
		return info&0x60ff0000 != 0
	}
	found := cut(fault.Offset) || cut(fault.Offset+4)
	naive.Scan(data, func(_ uint32, offset int64) { found = found || cut(offset+4) })
	return found
}

var errDiffers = errors.New("differs")

// compareCilium compares one type, by kind.
func compareCilium(s *cilium.Spec, t btf.Type, other cilium.Type) error {
	isTag := t.Kind() == btf.KindDeclTag || t.Kind() == btf.KindTypeTag
	if other.TypeName() != t.Name() && t.Kind().HasName() && !isTag {
		return fmt.Errorf("named %q there", other.TypeName())
	}
	size, _ := t.Size()
	target := t.Target()
	same := false
	switch o := other.(type) {
	case *cilium.Void:
		same = t.IsVoid()
	case *cilium.Int:
		i, ok := t.Int()
		same = ok && o.Size == size && uint8(o.Encoding) == uint8(i.Encoding)
	case *cilium.Pointer:
		same = t.Kind() == btf.KindPtr && isID(s, o.Target, target)
	case *cilium.Array:
		index := t.IndexType()
		n, ok := t.ArrayLen()
		same = ok && o.Nelems == n && isID(s, o.Type, target) && isID(s, o.Index, index)
	case *cilium.Struct:
		same = t.Kind() == btf.KindStruct && o.Size == size
		return differs(same, compareMembers(s, t, o.Members))
	case *cilium.Union:
		same = t.Kind() == btf.KindUnion && o.Size == size
		return differs(same, compareMembers(s, t, o.Members))
	case *cilium.Enum:
		same = o.Size == size && o.Signed == t.IsSigned()
		return differs(same, compareValues(t, o.Values))
	case *cilium.Fwd:
		same = (o.Kind == cilium.FwdUnion) == (t.FwdKind() == btf.KindUnion) && t.FwdKind() != 0
	case *cilium.Typedef:
		same = t.Kind() == btf.KindTypedef && isID(s, o.Type, target)
	case *cilium.Volatile:
		same = t.Kind() == btf.KindVolatile && isID(s, o.Type, target)
	case *cilium.Const:
		same = t.Kind() == btf.KindConst && isID(s, o.Type, target)
	case *cilium.Restrict:
		same = t.Kind() == btf.KindRestrict && isID(s, o.Type, target)
	case *cilium.TypeTag:
		same = t.Kind() == btf.KindTypeTag && isID(s, o.Type, target) && o.Value == t.Name()
	case *cilium.Func:
		l, ok := t.Linkage()
		same = ok && isID(s, o.Type, target) && (l > btf.LinkageExtern || int(o.Linkage) == int(l))
	case *cilium.FuncProto:
		return differs(isID(s, o.Return, t.Return()), compareParams(s, t, o.Params))
	case *cilium.Var:
		l, ok := t.Linkage()
		same = ok && isID(s, o.Type, target) && int(o.Linkage) == int(l)
	case *cilium.Datasec:
		same = t.Kind() == btf.KindDatasec && o.Size == size
		return differs(same, compareVars(s, t, o.Vars))
	case *cilium.Float:
		same = t.Kind() == btf.KindFloat && o.Size == size
	default:
		same = t.Kind() == btf.KindDeclTag
	}
	return differs(same, nil)
}

func differs(same bool, err error) error {
	if !same {
		return errDiffers
	}
	return err
}

// isID reports whether a type of cilium/ebpf is the one of btf.
func isID(s *cilium.Spec, other cilium.Type, t btf.Type) bool {
	if _, ok := other.(*cilium.Void); ok || t.IsVoid() {
		return ok && t.IsVoid()
	}
	id, err := s.TypeID(other)
	return err == nil && btf.TypeID(id) == t.ID()
}

func compareMembers(s *cilium.Spec, t btf.Type, members []cilium.Member) error {
	if len(members) != t.Vlen() {
		return fmt.Errorf("%d members there", len(members))
	}
	for i, m := range t.Members() {
		o := members[i]
		target := m.Target()
		offset, size, bitfield := m.Bits()
		// An INT of no bits (a mutation) is told apart by its offset alone.
		unseen := !t.KindFlag() && o.BitfieldSize == 0 &&
			(size != 0 || uint32(o.Offset) == m.BitOffset())
		if !bitfield || unseen {
			offset, size = m.BitOffset(), 0
		}
		if o.Name != m.Name() || !isID(s, o.Type, target) || uint32(o.Offset) != offset ||
			uint32(o.BitfieldSize) != size {
			return fmt.Errorf("member %d: offset %d size %d here, %d %d there", i, offset, size,
				o.Offset, o.BitfieldSize)
		}
	}
	return nil
}

func compareValues(t btf.Type, values []cilium.EnumValue) error {
	if len(values) != t.Vlen() {
		return fmt.Errorf("%d values there", len(values))
	}
	for i, v := range t.Enumerators() {
		if o := values[i]; o.Name != v.Name() || o.Value != v.Uint64() {
			return fmt.Errorf("enumerator %d: %d here, %d there", i, v.Uint64(), o.Value)
		}
	}
	return nil
}

func compareParams(s *cilium.Spec, t btf.Type, params []cilium.FuncParam) error {
	if len(params) != t.Vlen() {
		return fmt.Errorf("%d parameters there", len(params))
	}
	for i, p := range t.Params() {
		target := p.Target()
		if o := params[i]; o.Name != p.Name() || !isID(s, o.Type, target) {
			return fmt.Errorf("parameter %d: %w", i, errDiffers)
		}
	}
	return nil
}

func compareVars(s *cilium.Spec, t btf.Type, vars []cilium.VarSecinfo) error {
	if len(vars) != t.Vlen() {
		return fmt.Errorf("%d variables there", len(vars))
	}
	for i, v := range t.VarSecinfos() {
		target := v.Target()
		if o := vars[i]; o.Offset != v.Offset() || o.Size != v.Size() || !isID(s, o.Type, target) {
			return fmt.Errorf("variable %d: %w", i, errDiffers)
		}
	}
	return nil
}
