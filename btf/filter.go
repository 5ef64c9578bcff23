package btf

import "iter"

// Filters narrow down sequences of types, FUNCs above all. They compose:
//
//	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
//	funcs := btf.Where(spec.OfKind(btf.KindFunc), btf.AnyParam(5, btf.PointerTo(skb)))
//
// None of them allocates while it ranges.

// OfKind ranges over the types of the given kinds, of any kind if none is given, by
// ascending id. It is empty after Close.
func (s *Spec) OfKind(kinds ...Kind) iter.Seq[Type] {
	var set kindMask
	for _, k := range kinds {
		set[k%maxKinds/64] |= 1 << (k % 64)
	}
	return func(yield func(Type) bool) {
		for _, t := range s.All() {
			if set.has(t.Kind()) && !yield(t) {
				return
			}
		}
	}
}

// Where ranges over the types of seq that every filter accepts.
func Where(seq iter.Seq[Type], filters ...func(Type) bool) iter.Seq[Type] {
	return func(yield func(Type) bool) {
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
func Is(want Type) func(Type) bool {
	return func(t Type) bool { return t == want || t.SkipModsAndTypedefs() == want }
}

// PointerTo accepts a pointer to want, both also behind typedefs and modifiers.
func PointerTo(want Type) func(Type) bool {
	is := Is(want)
	return func(t Type) bool {
		p := t.SkipModsAndTypedefs()
		if p.Kind() != KindPtr {
			return false
		}
		to, ok := p.Target()
		return ok && is(to)
	}
}

// ParamCount accepts a FUNC, or FUNC_PROTO, with n parameters. An ellipsis counts.
func ParamCount(n int) func(Type) bool {
	return func(t Type) bool {
		p, ok := t.FuncProto()
		return ok && p.Vlen() == n
	}
}

// ParamAt accepts a FUNC, or FUNC_PROTO, whose parameter i, counted from 0, has a type
// that accept accepts.
func ParamAt(i int, accept func(Type) bool) func(Type) bool {
	return func(t Type) bool {
		proto, _ := t.FuncProto()
		p, ok := proto.Param(i)
		return ok && p.accepted(accept)
	}
}

// AnyParam accepts a FUNC, or FUNC_PROTO, with such a parameter among its first n.
func AnyParam(n int, accept func(Type) bool) func(Type) bool {
	return func(t Type) bool {
		proto, _ := t.FuncProto()
		for i, p := range proto.Params() {
			if i >= n {
				break
			}
			if p.accepted(accept) {
				return true
			}
		}
		return false
	}
}

func (p Param) accepted(accept func(Type) bool) bool {
	t, ok := p.Target()
	return ok && !p.IsVariadic() && accept(t)
}
