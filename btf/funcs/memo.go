package funcs

import "github.com/btfkit/btfkit/btf"

// A memo has the verdicts on the types that one section stores, by id. Corrupt input may have
// prototypes as types of parameters, and other types as prototypes: the verdicts tell which they are
// about.
type memo struct {
	base   *memo // of the section that this one is split from
	first  btf.TypeID
	params []uint16 // see paramOf
	traces []uint8  // see traceable
}

// Verdicts on parameters: of a type no or yes; of a prototype noParam, or firstParam + the
// parameter's index.
const (
	unknown = iota
	no
	yes
	noParam
	firstParam
)

// memo returns the memo of a section.
func (f *Finder) memo(s *btf.Spec) *memo {
	if f.last != nil && f.memos[s] == f.last {
		return f.last
	}
	m := f.memos[s]
	if m == nil {
		first, end := s.Own().IDs()
		m = &memo{first: first, params: make([]uint16, end-first), traces: make([]uint8, end-first)}
		if s.Base() != nil {
			m.base = f.memo(s.Base())
		}
		f.memos[s] = m
	}
	f.last = m
	return m
}

// find returns the memo of the section that has the id, and the index there; nil if none has.
func (m *memo) find(id btf.TypeID) (*memo, btf.TypeID) {
	for m != nil && id < m.first {
		m = m.base
	}
	if m == nil || uint64(id-m.first) >= uint64(len(m.params)) {
		return nil, 0
	}
	return m, id - m.first
}

// paramOf returns the first parameter of a FUNC that the pattern of f matches.
func (m *memo) paramOf(f *Finder, fn btf.Type) (param int, ok bool) {
	at, i := m.find(fn.TargetID())
	if at == nil {
		return -1, false
	}
	switch verdict := at.params[i]; verdict {
	case unknown:
	case no, yes, noParam:
		return -1, false
	default:
		return int(verdict) - firstParam, true
	}
	proto := fn.Target()
	if proto.Kind() != btf.KindFuncProto {
		return -1, false
	}
	param, ok = m.search(f, proto)
	switch {
	case !ok:
		at.params[i] = noParam
	case param < 1<<16-firstParam:
		at.params[i] = firstParam + uint16(param)
	}
	return param, ok
}

// search looks at the parameters of a prototype.
func (m *memo) search(f *Finder, proto btf.Type) (param int, ok bool) {
	for i, p := range proto.Params() {
		if f.query.First > 0 && i >= f.query.First {
			break
		}
		at, k := m.find(p.TargetID())
		if at == nil || p.IsVariadic() {
			continue
		}
		verdict := at.params[k]
		if verdict == unknown {
			t := p.Target()
			if t.Kind() == btf.KindFuncProto {
				continue // no parameter has such a type
			}
			if verdict = no; f.param.match(t) {
				verdict = yes
			}
			at.params[k] = verdict
		}
		if verdict == yes {
			return i, true
		}
	}
	return -1, false
}
