package funcs

import (
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// What a trampoline takes; MAX_BPF_FUNC_ARGS in include/linux/bpf.h.
const (
	maxParams    = 12
	maxParamSize = 16
)

// CheckTraceable returns nil if a BPF program can be attached to a FUNC by fentry and fexit, as far
// as its prototype says, or else why not. The rules are the kernel's (Linux 6.18,
// btf_distill_func_proto in kernel/bpf/btf.c), which are those of libbpf's tracing of many
// functions at once, too:
//
//   - at most 12 parameters, no ellipsis;
//   - each is a pointer, an integer, an enum, or a struct or union of at most 16 bytes, and none is
//     empty;
//   - the function returns one of these, or nothing, but no struct or union.
//
// Before Linux 6.18 unions were refused; before 6.6 on amd64, and on some other machines still,
// more than 6 parameters. Whether the function is there to be traced, BTF does not tell: it
// may be inlined, marked notrace, or be one of several of its name. The kernel lists those that
// are in /sys/kernel/tracing/available_filter_functions.
func CheckTraceable(fn btf.Type) error {
	proto := fn.Target()
	if fn.Kind() != btf.KindFunc || proto.Kind() != btf.KindFuncProto {
		return errors.New("funcs: no function with a prototype")
	}
	if n := proto.Vlen(); n > maxParams {
		return fmt.Errorf("funcs: %d parameters, more than %d", n, maxParams)
	}
	if ret := proto.Return(); classify(ret, returnID(proto))&fitsReturn == 0 {
		return fmt.Errorf("funcs: it returns %v", ret.Underlying())
	}
	for i, p := range proto.Params() {
		if p.IsVariadic() {
			return errors.New("funcs: it is variadic")
		}
		if t := p.Target(); classify(t, p.TargetID())&fitsParam == 0 {
			return fmt.Errorf("funcs: parameter %d is %v", i, t.Underlying())
		}
	}
	return nil
}

// What a type may be to a trampoline.
const (
	fitsParam  = 2
	fitsReturn = 4
)

// classify says what a trampoline takes a type for, given its id, which tells void from a type that
// is missing.
func classify(t btf.Type, id btf.TypeID) uint8 {
	if id == 0 {
		return fitsReturn
	}
	t = t.Underlying()
	size, _ := t.Size()
	fits := uint8(0)
	if size > 0 && size <= maxParamSize {
		fits = fitsParam
	}
	switch t.Kind() {
	case btf.KindPtr:
		return fitsParam | fitsReturn
	case btf.KindInt, btf.KindEnum, btf.KindEnum64:
		return fits | fitsReturn
	case btf.KindStruct, btf.KindUnion:
		return fits
	}
	return 0
}

// returnID returns the id of what a FUNC_PROTO returns, which is 0 for void.
func returnID(proto btf.Type) btf.TypeID {
	sec, off := btf.Internal.Record(proto)
	return btf.TypeID(sec.Word(off + 8))
}

// Verdicts of traceable: of a type known and what classify says; of a prototype one of the others.
const (
	known    = 1
	accepted = 8
	refused  = 16
)

// traceable is CheckTraceable, with memory.
func (m *memo) traceable(fn btf.Type) bool {
	at, i := m.find(fn.TargetID())
	if at == nil {
		return false
	}
	verdict := at.traces[i]
	if verdict == unknown {
		proto := fn.Target()
		if proto.Kind() != btf.KindFuncProto {
			return false
		}
		if verdict = refused; m.accepts(proto) {
			verdict = accepted
		}
		at.traces[i] = verdict
	}
	return verdict&accepted != 0
}

// accepts reports whether CheckTraceable accepts a prototype.
func (m *memo) accepts(proto btf.Type) bool {
	if proto.Vlen() > maxParams || m.classify(proto.Return(), returnID(proto))&fitsReturn == 0 {
		return false
	}
	for _, p := range proto.Params() {
		id := p.TargetID()
		verdict := m.classifyByID(id)
		if verdict == unknown {
			verdict = m.classify(p.Target(), id)
		}
		if verdict&fitsParam == 0 { // the ellipsis, too
			return false
		}
	}
	return true
}

// classifyByID returns the verdict on a type if it is known.
func (m *memo) classifyByID(id btf.TypeID) uint8 {
	if at, i := m.find(id); at != nil {
		return at.traces[i]
	}
	return unknown
}

// classify is the function of that name, with memory.
func (m *memo) classify(t btf.Type, id btf.TypeID) uint8 {
	at, i := m.find(id)
	if at == nil || id == 0 || t.Kind() == btf.KindFuncProto {
		return classify(t, id)
	}
	if at.traces[i] == unknown {
		at.traces[i] = known | classify(t, id)
	}
	return at.traces[i]
}
