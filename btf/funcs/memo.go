package funcs

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A memo has the verdicts on the types that one section stores, by id.
type memo struct {
	spec     *btf.Spec
	base     *memo // of the section that this one is split from
	first    btf.TypeID
	verdicts []verdict
}

// A verdict is what is known of a type; 0 is nothing. Corrupt input may have prototypes as types of
// parameters, and other types as prototypes, so that a verdict tells which it is about.
type verdict uint32

const (
	// Of a type.
	isType     verdict = 1 << iota
	matches            // the type is that of Query.Param
	fitsParam          // a trampoline passes it on
	fitsReturn         // a trampoline returns it

	// Of a prototype, with the index of the parameter that matches above paramShift.
	isProto
	traceable
	hasParam

	paramShift = 16
	maxParam   = 1<<16 - 1
)

// memo returns the memo of a section.
func (f *Finder) memo(s *btf.Spec) *memo {
	if f.last != nil && f.last.spec == s {
		return f.last
	}
	m := f.memos[s]
	if m == nil {
		first, end := s.Own().IDs()
		m = &memo{spec: s, first: first, verdicts: make([]verdict, end-first)}
		if s.Base() != nil {
			m.base = f.memo(s.Base())
		}
		f.memos[s] = m
	}
	f.last = m
	return m
}

// at returns where the verdict on a type is kept, nil if no section has the id.
func (m *memo) at(id btf.TypeID) *verdict {
	for m != nil && id < m.first {
		m = m.base
	}
	if m == nil || uint64(id-m.first) >= uint64(len(m.verdicts)) {
		return nil
	}
	return &m.verdicts[id-m.first]
}

// proto returns the verdict on the prototype of a FUNC, and the parameter that matches.
func (f *Finder) proto(fn btf.Type) (v verdict, param int) {
	m := f.memo(fn.Spec())
	kept := m.at(fn.TargetID())
	if kept == nil {
		return 0, -1
	}
	if *kept&isProto != 0 {
		return *kept, int(*kept >> paramShift)
	}
	proto := fn.Target()
	if proto.Kind() != btf.KindFuncProto {
		return 0, -1
	}
	v, param = f.judge(m, proto)
	if param <= maxParam {
		*kept = v | verdict(max(param, 0))<<paramShift
	}
	return v, param
}

// judge looks at all that a prototype refers to.
func (f *Finder) judge(m *memo, proto btf.Type) (v verdict, param int) {
	sec, off := btf.Internal.Record(proto)
	n := proto.Vlen()
	v, param = isProto, -1
	if n <= maxParams && f.judgeType(m, btf.TypeID(sec.Word(off+8)))&fitsReturn != 0 {
		v |= traceable
	}
	for i := range n {
		if f.query.First > 0 && i >= f.query.First && (v&traceable == 0 || v&hasParam != 0) {
			break
		}
		t := f.judgeType(m, btf.TypeID(sec.Word(off+raw.HeaderSize+8*uint32(i)+4)))
		if t&fitsParam == 0 { // the ellipsis, too
			v &^= traceable
		}
		if t&matches != 0 && v&hasParam == 0 && (f.query.First <= 0 || i < f.query.First) {
			v |= hasParam
			param = i
		}
	}
	return v, param
}

// judgeType returns the verdict on a type.
func (f *Finder) judgeType(m *memo, id btf.TypeID) verdict {
	if id == 0 {
		return fitsReturn
	}
	kept := m.at(id)
	if kept == nil {
		return 0
	}
	if *kept&isType != 0 {
		return *kept
	}
	t, err := m.spec.TypeByID(id)
	if err != nil || t.Kind() == btf.KindFuncProto {
		return 0
	}
	v := isType | classify(t)
	if f.query.Param != "" && f.param.match(t) {
		v |= matches
	}
	*kept = v
	return v
}
