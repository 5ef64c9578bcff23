package btftest

import (
	"bufio"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/btf"
)

// Dump writes the types that spec covers in the raw format of "bpftool btf dump file":
// a line for each type, and one for each of its elements. It writes what bpftool 7.1
// does; kinds that bpftool does not know get a line with their number. Void has none.
//
// It reads spec only through its views. So it differs from bpftool on corrupt input: missing
// names are "(anon)", and a missing index or return type has the id 0. And an empty name is
// "(anon)" wherever it lies in the strings, for which bpftool prints nothing unless it is first.
func Dump(w io.Writer, spec *btf.Spec) error {
	d := dumper{bufio.NewWriter(w)}
	for _, t := range spec.All() {
		if !t.IsVoid() {
			d.dump(t)
		}
	}
	return d.Flush() // which returns the first error of any write, too
}

type dumper struct{ *bufio.Writer }

func (d *dumper) printf(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func display(name string) string {
	if name == "" {
		return "(anon)"
	}
	return name
}

func (d *dumper) dump(t btf.Type) {
	d.printf("[%d] %v '%s'", t.ID(), t.Kind(), display(t.Name()))
	switch t.Kind() {
	case btf.KindInt:
		d.dumpInt(t)
	case btf.KindArray:
		d.dumpArray(t)
	case btf.KindStruct, btf.KindUnion:
		d.dumpMembers(t)
	case btf.KindEnum, btf.KindEnum64:
		d.dumpEnum(t)
	case btf.KindFwd:
		kind := "struct"
		if t.FwdKind() == btf.KindUnion {
			kind = "union"
		}
		d.printf(" fwd_kind=%s", kind)
	case btf.KindFuncProto:
		d.dumpProto(t)
	case btf.KindDatasec:
		d.dumpDatasec(t)
	case btf.KindFloat:
		size, _ := t.Size()
		d.printf(" size=%d", size)
	default:
		d.dumpTyped(t)
	}
	d.WriteByte('\n')
}

// dumpTyped writes what kinds with a target say besides it.
func (d *dumper) dumpTyped(t btf.Type) {
	if t.IsOpaque() {
		d.printf(" vlen=%d", t.Vlen())
		return
	}
	d.printf(" type_id=%d", t.TargetID())
	switch linkage, _ := t.Linkage(); t.Kind() {
	case btf.KindFunc:
		d.printf(" linkage=%v", linkage)
	case btf.KindVar:
		d.printf(", linkage=%v", linkage)
	case btf.KindDeclTag:
		component, _ := t.ComponentIndex()
		d.printf(" component_idx=%d", component)
	}
}

func (d *dumper) dumpInt(t btf.Type) {
	size, _ := t.Size()
	i, _ := t.Int()
	d.printf(" size=%d bits_offset=%d nr_bits=%d encoding=%v", size, i.Offset, i.Bits, i.Encoding)
}

func (d *dumper) dumpArray(t btf.Type) {
	n, _ := t.ArrayLen()
	d.printf(" type_id=%d index_type_id=%d nr_elems=%d", t.TargetID(), t.IndexType().ID(), n)
}

func (d *dumper) dumpMembers(t btf.Type) {
	size, _ := t.Size()
	d.printf(" size=%d vlen=%d", size, t.Vlen())
	for _, m := range t.Members() {
		d.printf("\n\t'%s' type_id=%d bits_offset=%d", display(m.Name()), m.TargetID(), m.BitOffset())
		if n := m.BitfieldSize(); n != 0 {
			d.printf(" bitfield_size=%d", n)
		}
	}
}

func (d *dumper) dumpEnum(t btf.Type) {
	encoding, suffix := "UNSIGNED", ""
	if t.IsSigned() {
		encoding = "SIGNED"
	}
	if t.Kind() == btf.KindEnum64 {
		suffix = "ULL"
		if t.IsSigned() {
			suffix = "LL"
		}
	}
	size, _ := t.Size()
	d.printf(" encoding=%s size=%d vlen=%d", encoding, size, t.Vlen())
	for _, e := range t.Enumerators() {
		if t.IsSigned() {
			d.printf("\n\t'%s' val=%d%s", display(e.Name()), e.Int64(), suffix)
		} else {
			d.printf("\n\t'%s' val=%d%s", display(e.Name()), e.Uint64(), suffix)
		}
	}
}

func (d *dumper) dumpProto(t btf.Type) {
	d.printf(" ret_type_id=%d vlen=%d", t.Return().ID(), t.Vlen())
	for _, p := range t.Params() {
		d.printf("\n\t'%s' type_id=%d", display(p.Name()), p.TargetID())
	}
}

func (d *dumper) dumpDatasec(t btf.Type) {
	size, _ := t.Size()
	d.printf(" size=%d vlen=%d", size, t.Vlen())
	for _, v := range t.VarSecinfos() {
		d.printf("\n\ttype_id=%d offset=%d size=%d", v.TargetID(), v.Offset(), v.Size())
		if target := v.Target(); !target.IsVoid() || v.TargetID() == 0 {
			d.printf(" (%v '%s')", target.Kind(), display(target.Name()))
		}
	}
}
