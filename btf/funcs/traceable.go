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

// CheckTraceable returns nil if the prototype of a FUNC lets a BPF program attach to it by fentry
// and fexit, else an error that says why not. The rules are the kernel's (Linux 6.18,
// btf_distill_func_proto in kernel/bpf/btf.c); libbpf's tracing of many functions at once has the
// same:
//
//   - at most 12 parameters, no ellipsis;
//   - each is a pointer, an integer, an enum, or a struct or union of at most 16 bytes, and none is
//     empty;
//   - the function returns one of these, or nothing, but no struct or union.
//
// Kernels before Linux 6.18 refuse unions. Kernels before 6.6 on amd64, and newer ones on some
// other machines, refuse more than 6 parameters. BTF does not say whether the function can be
// found in the kernel: it may be inlined, marked notrace, or share its name with others.
// /sys/kernel/tracing/available_filter_functions lists the functions that the kernel can trace.
func CheckTraceable(fn btf.Type) error {
	proto := fn.Target()
	if fn.Kind() != btf.KindFunc || proto.Kind() != btf.KindFuncProto {
		return errors.New("funcs: no function with a prototype")
	}
	if n := proto.Vlen(); n > maxParams {
		return fmt.Errorf("funcs: %d parameters, more than %d", n, maxParams)
	}
	if ret := proto.Return(); returnID(proto) != 0 && classify(ret)&fitsReturn == 0 {
		return fmt.Errorf("funcs: it returns %v", ret.Underlying())
	}
	for i, p := range proto.Params() {
		if p.IsVariadic() {
			return errors.New("funcs: it is variadic")
		}
		if t := p.Target(); classify(t)&fitsParam == 0 {
			return fmt.Errorf("funcs: parameter %d is %v", i, t.Underlying())
		}
	}
	return nil
}

// classify says what a trampoline takes a type for that is not void as such.
func classify(t btf.Type) verdict {
	t = t.Underlying()
	size, _ := t.Size()
	fits := verdict(0)
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

// returnID returns the id of what a FUNC_PROTO returns, which tells void from a type that is
// missing.
func returnID(proto btf.Type) btf.TypeID {
	sec, off := btf.Internal.Record(proto)
	return btf.TypeID(sec.Word(off + 8))
}
