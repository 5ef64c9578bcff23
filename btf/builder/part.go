package builder

import (
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Parts of what was read: some types with all that they need, structs without all their members.

// CopyStruct copies a STRUCT or UNION as Copy does, but only the members for which keep returns
// true. They keep their offsets. It sets kind_flag if any of them is a bitfield.
func (b *Builder) CopyStruct(t btf.Type, keep func(member int) bool,
	ids func(btf.TypeID) btf.TypeID) btf.TypeID {
	if b.err != nil {
		return 0
	}
	b.at = place{kind: t.Kind(), id: b.NextID(), source: t}
	if !raw.Kind(t.Kind()).In(raw.Composites) {
		b.fail(fmt.Errorf("copy of some members of a %v", t.Kind()))
		return 0
	}
	n, bitfields := 0, false
	for i, m := range t.Members() {
		if keep(i) {
			n++
			bitfields = bitfields || m.BitfieldSize() != 0
		}
	}
	sec, off := btf.Internal.Record(t)
	b.header(b.copyName(sec, sec.Word(off)), t.Kind(), bitfields, n, sec.Word(off+8))
	for i := range t.Vlen() {
		at := off + raw.HeaderSize + uint32(i)*12
		if keep(i) {
			b.element("member", i, "")
			b.word(b.copyName(sec, sec.Word(at)))
			b.word(b.mapID(btf.TypeID(sec.Word(at+4)), ids))
			b.word(sec.Word(at + 8))
		}
	}
	return b.end()
}

// CopyClosure adds types and all types that they refer to, directly or through others, and
// returns the ids of the given types. It does not add types of the Builder's base. In one call it
// adds each other type once, first the given types, then the others in the order in which
// references lead to them. The types may be of several open Specs. It fails as Copy does, and
// with btf.ErrCorrupt for references to types that do not exist. It takes time and memory linear
// in what it adds.
func (b *Builder) CopyClosure(types ...btf.Type) []btf.TypeID {
	start, ids := b.NextID(), make([]btf.TypeID, len(types))
	added := map[btf.Type]btf.TypeID{}
	var todo []btf.Type
	add := func(t btf.Type) btf.TypeID {
		if t.IsVoid() || b.isInBase(t) {
			return t.ID()
		}
		id, ok := added[t]
		if !ok {
			id = start + btf.TypeID(len(todo))
			added[t] = id
			todo = append(todo, t)
		}
		return id
	}
	for i, t := range types {
		ids[i] = add(t)
	}
	for i := 0; i < len(todo) && b.err == nil; i++ {
		spec := todo[i].Spec()
		b.Copy(todo[i], func(id btf.TypeID) btf.TypeID {
			t, err := spec.TypeByID(id)
			if err != nil {
				b.fail(fmt.Errorf("reference to type %d: %w", id, btf.ErrCorrupt))
			}
			return add(t)
		})
	}
	return ids
}

// isInBase reports whether what the Builder writes can refer to t as it is.
func (b *Builder) isInBase(t btf.Type) bool {
	sec, _ := btf.Internal.Record(t)
	return b.strings.base != nil && slices.Contains(b.strings.base.Chain, sec)
}
