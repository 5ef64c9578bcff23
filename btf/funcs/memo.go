package funcs

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A memo has the verdicts on the types that one section stores, by id.
type memo struct {
	sec      *raw.Section
	base     *memo // of the section that this one is split from
	verdicts []verdict

	// selected are the functions that a whole scan selected, once there was one.
	scanned  bool
	selected []uint32
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

	// Of a prototype, with 1 + the index of the parameter that matches above paramShift, or 0.
	isProto
	traceable
	hasParam

	paramShift = 16
	maxParam   = 1<<16 - 2
)

// memo returns the memo of a section.
func (f *Finder) memo(sec *raw.Section) *memo {
	if f.last != nil && f.last.sec == sec {
		return f.last
	}
	m := f.memos[sec]
	if m == nil {
		m = &memo{sec: sec, verdicts: make([]verdict, sec.Count)}
		if sec.Base != nil {
			m.base = f.memo(sec.Base)
		}
		f.memos[sec] = m
	}
	f.last = m
	return m
}

// at returns the memo of the section that stores a type, nil if none does, and the type's index
// there.
func (m *memo) at(id uint32) (owner *memo, i uint32) {
	for m != nil && id < m.sec.First {
		m = m.base
	}
	if m == nil || id-m.sec.First >= m.sec.Count {
		return nil, 0
	}
	return m, id - m.sec.First
}

// known returns the verdict on a type of the memo's section, 0 for others. Nearly all types of
// functions and parameters are of their section, and met more than once.
func (m *memo) known(id uint32) verdict {
	if i := id - m.sec.First; uint(i) < uint(len(m.verdicts)) {
		return m.verdicts[i]
	}
	return 0
}

// proto returns the verdict on a prototype, as a section has it whose memo is m, and the parameter
// that matches.
func (f *Finder) proto(m *memo, id uint32) (v verdict, param int) {
	if v = m.known(id); v&isProto != 0 {
		return v, int(v>>paramShift) - 1
	}
	return f.newProto(m, id)
}

// newProto is proto for a prototype that was not met yet, or is that of a base; the verdict is 0 if
// there is none.
func (f *Finder) newProto(m *memo, id uint32) (v verdict, param int) {
	owner, i := m.at(id)
	if owner == nil {
		return
	}
	kept := &owner.verdicts[i]
	if *kept&isProto != 0 {
		return *kept, int(*kept>>paramShift) - 1
	}
	off := owner.sec.IDs.At(i)
	info := owner.sec.Word(off + 4)
	if raw.InfoKind(info) != raw.FuncProto {
		return
	}
	v, param = f.judge(m, owner.sec, off, int(raw.InfoVlen(info)))
	if param <= maxParam {
		*kept = v | verdict(param+1)<<paramShift
	}
	return v, param
}

// judge looks at all that a prototype of n parameters refers to, as far as the query asks.
func (f *Finder) judge(m *memo, sec *raw.Section, off uint32, n int) (v verdict, param int) {
	v, param = isProto, -1
	asked := n // parameters among which is that of the query
	if f.query.First > 0 {
		asked = min(n, f.query.First)
	}
	if f.query.Param == "" {
		asked = 0
	}
	if f.query.Traceable && f.isTraceable(m, sec, off, n) {
		v |= traceable
	}
	for i := range asked {
		id := sec.Word(off + raw.HeaderSize + 8*uint32(i) + 4)
		t := m.known(id)
		if t&isType == 0 {
			t = f.newType(m, id)
		}
		if t&matches != 0 {
			return v | hasParam, i
		}
	}
	return v, param
}

// isTraceable is CheckTraceable for a prototype.
func (f *Finder) isTraceable(m *memo, sec *raw.Section, off uint32, n int) bool {
	if n > maxParams || f.judgeType(m, sec.Word(off+8))&fitsReturn == 0 {
		return false
	}
	for i := range n {
		id := sec.Word(off + raw.HeaderSize + 8*uint32(i) + 4)
		if f.judgeType(m, id)&fitsParam == 0 { // the ellipsis, too
			return false
		}
	}
	return true
}

// judgeType returns the verdict on a type.
func (f *Finder) judgeType(m *memo, id uint32) verdict {
	if v := m.known(id); v&isType != 0 {
		return v
	}
	return f.newType(m, id)
}

// newType is judgeType for a type that was not met yet, or is that of a base.
func (f *Finder) newType(m *memo, id uint32) verdict {
	if id == 0 {
		return fitsReturn
	}
	owner, i := m.at(id)
	if owner == nil {
		return 0
	}
	kept := &owner.verdicts[i]
	if *kept&isType != 0 {
		return *kept
	}
	t := btf.Internal.TypeAt(owner.sec, i)
	if t.Kind() == btf.KindFuncProto {
		return 0
	}
	v := isType
	if f.query.Traceable {
		v |= classify(t)
	}
	if f.query.Param != "" && f.param.match(t) {
		v |= matches
	}
	*kept = v
	return v
}
