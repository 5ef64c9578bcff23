package fuzz

import (
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// appendDump appends all types of spec in bpftool's raw format.
func appendDump(dst []byte, spec *btf.Spec) []byte {
	for _, t := range spec.All() {
		if !t.IsVoid() {
			dst = appendType(dst, t)
		}
	}
	return dst
}

func quoted(name string) string {
	if name == "" {
		return "'(anon)'"
	}
	return "'" + name + "'"
}

func appendType(dst []byte, t btf.Type) []byte {
	dst = fmt.Appendf(dst, "[%d] %v %s", t.ID(), t.Kind(), quoted(t.Name()))
	size, _ := t.Size()
	target := t.TargetID()
	switch t.Kind() {
	case btf.KindInt:
		i, _ := t.Int()
		dst = fmt.Appendf(dst, " size=%d bits_offset=%d nr_bits=%d encoding=%v",
			size, i.Offset, i.Bits, i.Encoding)
	case btf.KindPtr, btf.KindConst, btf.KindVolatile, btf.KindRestrict, btf.KindTypedef,
		btf.KindTypeTag:
		dst = fmt.Appendf(dst, " type_id=%d", target)
	case btf.KindArray:
		n, _ := t.ArrayLen()
		dst = fmt.Appendf(dst, " type_id=%d index_type_id=%d nr_elems=%d",
			t.Target().ID(), t.IndexType().ID(), n)
	case btf.KindStruct, btf.KindUnion:
		dst = appendMembers(fmt.Appendf(dst, " size=%d vlen=%d", size, t.Vlen()), t)
	case btf.KindEnum, btf.KindEnum64:
		dst = appendEnumerators(dst, t, size)
	case btf.KindFwd:
		dst = fmt.Appendf(dst, " fwd_kind=%s", strings.ToLower(t.FwdKind().String()))
	case btf.KindFunc:
		l, _ := t.Linkage()
		dst = fmt.Appendf(dst, " type_id=%d linkage=%v", target, l)
	case btf.KindFuncProto:
		dst = appendParams(dst, t)
	case btf.KindVar:
		l, _ := t.Linkage()
		dst = fmt.Appendf(dst, " type_id=%d, linkage=%v", target, l)
	case btf.KindDatasec:
		dst = appendVariables(fmt.Appendf(dst, " size=%d vlen=%d", size, t.Vlen()), t)
	case btf.KindFloat:
		dst = fmt.Appendf(dst, " size=%d", size)
	case btf.KindDeclTag:
		i, _ := t.ComponentIndex()
		dst = fmt.Appendf(dst, " type_id=%d component_idx=%d", target, i)
	}
	return append(dst, '\n')
}

func appendMembers(dst []byte, t btf.Type) []byte {
	for _, m := range t.Members() {
		dst = fmt.Appendf(dst, "\n\t%s type_id=%d bits_offset=%d",
			quoted(m.Name()), m.TargetID(), m.BitOffset())
		if n := m.BitfieldSize(); n != 0 {
			dst = fmt.Appendf(dst, " bitfield_size=%d", n)
		}
	}
	return dst
}

func appendEnumerators(dst []byte, t btf.Type, size uint32) []byte {
	encoding, suffix := "UNSIGNED", ""
	if t.IsSigned() {
		encoding = "SIGNED"
	}
	if t.Kind() == btf.KindEnum64 {
		suffix = map[bool]string{false: "ULL", true: "LL"}[t.IsSigned()]
	}
	dst = fmt.Appendf(dst, " encoding=%s size=%d vlen=%d", encoding, size, t.Vlen())
	for _, e := range t.Enumerators() {
		dst = fmt.Appendf(dst, "\n\t%s val=", quoted(e.Name()))
		if t.IsSigned() {
			dst = fmt.Appendf(dst, "%d%s", e.Int64(), suffix)
		} else {
			dst = fmt.Appendf(dst, "%d%s", e.Uint64(), suffix)
		}
	}
	return dst
}

func appendParams(dst []byte, t btf.Type) []byte {
	dst = fmt.Appendf(dst, " ret_type_id=%d vlen=%d", t.Return().ID(), t.Vlen())
	for _, p := range t.Params() {
		dst = fmt.Appendf(dst, "\n\t%s type_id=%d", quoted(p.Name()), p.TargetID())
	}
	return dst
}

func appendVariables(dst []byte, t btf.Type) []byte {
	for _, v := range t.VarSecinfos() {
		dst = fmt.Appendf(dst, "\n\ttype_id=%d offset=%d size=%d", v.TargetID(), v.Offset(), v.Size())
		if target := v.Target(); !target.IsVoid() || v.TargetID() == 0 {
			dst = fmt.Appendf(dst, " (%v %s)", target.Kind(), quoted(target.Name()))
		}
	}
	return dst
}
