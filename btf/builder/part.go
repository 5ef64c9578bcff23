package builder

import (
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Parts of what was read: some types with all that they need, structs without all their members.

// CopyStruct is Copy for a STRUCT or UNION with those of its members alone that keep is true for,
// at their places. It sets kind_flag if any of these is a bitfield.
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

// CopyClosure adds types with all that they refer to, directly or not, and returns the ids of the
// types. What is in the Builder's base stays there; all else is added, each type once in a call, in
// the order in which references lead to it: the types that were asked for come first. They may be
// of several open Specs. The errors are those of Copy, and btf.ErrCorrupt for references to types
// that do not exist. It takes time and memory linear in what it adds.
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
