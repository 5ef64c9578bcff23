// Package filter narrows down sequences of types, FUNCs above all. Filters compose:
//
//	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
//	funcs := filter.Where(spec.TypesByKind(btf.KindFunc), filter.AnyParam(5, filter.PointerTo(skb)))
//
// None of them allocates while it ranges over what compilers write.
package filter

import (
	"iter"
	"sync"

	"github.com/btfkit/btfkit/btf"
)

// Where ranges over the types of seq that every filter accepts.
func Where(seq iter.Seq[btf.Type], filters ...func(btf.Type) bool) iter.Seq[btf.Type] {
	return func(yield func(btf.Type) bool) {
	types:
		for t := range seq {
			for _, accept := range filters {
				if !accept(t) {
					continue types
				}
			}
			if !yield(t) {
				return
			}
		}
	}
}

// Is accepts want itself, also behind typedefs and modifiers such as const.
func Is(want btf.Type) func(btf.Type) bool {
	return func(t btf.Type) bool { return t == want || t.Underlying() == want }
}

// PointerTo accepts a pointer to want, both also behind typedefs and modifiers.
func PointerTo(want btf.Type) func(btf.Type) bool {
	is := Is(want)
	return func(t btf.Type) bool {
		p := t.Underlying()
		return p.Kind() == btf.KindPtr && is(p.Target())
	}
}

// manyParams is more than functions have, so that only hostile input makes AnyParam remember.
const manyParams = 64

// AnyParam accepts a FUNC, or FUNC_PROTO, one of whose first n parameters has a type that accept
// accepts. Any number of FUNCs may share one FUNC_PROTO: AnyParam asks accept again for each of
// them, but remembers what it found out about a FUNC_PROTO that is as long as no compiler's.
func AnyParam(n int, accept func(btf.Type) bool) func(btf.Type) bool {
	var known sync.Map // of FUNC_PROTOs: whether they are accepted
	return func(t btf.Type) bool {
		if t.Kind() == btf.KindFunc {
			t = t.Target()
		}
		if t.Kind() != btf.KindFuncProto {
			return false
		}
		many := min(n, t.Vlen()) > manyParams
		if many {
			if accepted, ok := known.Load(t); ok {
				return accepted.(bool)
			}
		}
		accepted := anyParam(t, n, accept)
		if many {
			known.Store(t, accepted)
		}
		return accepted
	}
}

func anyParam(t btf.Type, n int, accept func(btf.Type) bool) bool {
	for i, p := range t.Params() {
		if i >= n {
			break
		}
		if !p.IsVariadic() && accept(p.Target()) {
			return true
		}
	}
	return false
}
