package cdump

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Reading types: what the views of package btf give, with missing types as errors, and names as
// strings that share the section's bytes, so that none is copied.

// target returns what a pointer, modifier, typedef, array, FUNC or VAR is about, and what a
// FUNC_PROTO returns.
func (p *printer) target(t btf.Type) btf.Type {
	if t.Kind() == btf.KindFuncProto {
		sec, off := btf.Internal.Record(t)
		return p.mustExist(t, btf.TypeID(sec.Word(off+8)), t.Return())
	}
	return p.mustExist(t, t.TargetID(), t.Target())
}

func (p *printer) memberType(t btf.Type, m btf.Member) btf.Type {
	return p.mustExist(t, m.TargetID(), m.Target())
}

func (p *printer) paramType(t btf.Type, param btf.Param) btf.Type {
	return p.mustExist(t, param.TargetID(), param.Target())
}

// mustExist returns what t refers to by an id, which must exist.
func (p *printer) mustExist(t btf.Type, id btf.TypeID, to btf.Type) btf.Type {
	if to.IsVoid() && id != 0 {
		p.fail(fmt.Errorf("cdump: %v refers to type %d, which does not exist: %w", t, id,
			btf.ErrCorrupt))
	}
	return to
}

// ownsType reports whether t is a type of the printer's section or of its bases.
func (p *printer) ownsType(t btf.Type) bool {
	sec, off := btf.Internal.Record(t)
	own, at, ok := p.sec.Find(uint32(t.ID()))
	return ok && own == sec && at == off
}

// isNamed reports whether t has a name, if only an empty one of its own, which is what libbpf asks.
func isNamed(t btf.Type) bool { return t.NameOffset() != 0 }

// nameOf returns t's name.
func nameOf(t btf.Type) string {
	sec, off := btf.Internal.Record(t)
	if sec == nil {
		return ""
	}
	return sec.NameBytes(sec.Word(off))
}

// elementName returns the name of element i, which exists.
func elementName(t btf.Type, i int) string {
	sec, off := btf.Internal.Record(t)
	at := off + raw.HeaderSize + uint32(i)*raw.ElementWords(raw.Kind(t.Kind()))*4
	return sec.NameBytes(sec.Word(at))
}

// isQualifier reports whether k is a qualifier of C.
func isQualifier(k btf.Kind) bool {
	return k == btf.KindConst || k == btf.KindVolatile || k == btf.KindRestrict
}

func isComposite(k btf.Kind) bool { return k == btf.KindStruct || k == btf.KindUnion }

// isLinked reports whether another type refers to t. What a FUNC_PROTO returns does not count,
// as in libbpf.
func (p *printer) isLinked(t btf.Type) bool {
	if p.linked == nil {
		p.linked = make([]bool, p.sec.End())
		for _, sec := range p.sec.Chain {
			for i := range sec.Count {
				p.link(btf.Internal.TypeAt(sec, i))
			}
		}
	}
	return p.linked[t.ID()]
}

// link notes what t refers to.
func (p *printer) link(t btf.Type) {
	mark := func(id btf.TypeID) {
		if int(id) < len(p.linked) {
			p.linked[id] = true
		}
	}
	switch t.Kind() {
	case btf.KindArray:
		mark(t.IndexType().ID())
		mark(t.TargetID())
	case btf.KindStruct, btf.KindUnion:
		for _, m := range t.Members() {
			mark(m.TargetID())
		}
	case btf.KindFuncProto:
		for _, param := range t.Params() {
			mark(param.TargetID())
		}
	case btf.KindDatasec:
		for _, v := range t.VarSecinfos() {
			mark(v.TargetID())
		}
	default:
		mark(t.TargetID())
	}
}
