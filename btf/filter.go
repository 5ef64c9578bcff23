package btf

import "iter"

// Filters narrow down sequences of types, FUNCs above all. They compose:
//
//	skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
//	funcs := btf.Where(spec.OfKind(btf.KindFunc), btf.AnyParam(5, btf.PointerTo(skb)))
//
// None of them allocates while it ranges.

// OfKind ranges over the types of the given kinds by ascending id. It is empty after
// Close.
func (s *Spec) OfKind(kinds ...Kind) iter.Seq[Type] {
	var set kindMask
	for _, k := range kinds {
		set[k%maxKinds/64] |= 1 << (k % 64)
	}
	return func(yield func(Type) bool) {
		if len(kinds) == 0 {
			return
		}
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
	return func(t Type) bool { return t == want || t.SkipModifiers() == want }
}

// PointerTo accepts a pointer to want, both also behind typedefs and modifiers.
func PointerTo(want Type) func(Type) bool {
	is := Is(want)
	return func(t Type) bool {
		p := t.SkipModifiers()
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
		p := t.prototype()
		return p.Kind() == KindFuncProto && p.Vlen() == n
	}
}

// ParamAt accepts a FUNC, or FUNC_PROTO, whose parameter i, counted from 0, has a type
// that accept accepts.
func ParamAt(i int, accept func(Type) bool) func(Type) bool {
	return func(t Type) bool {
		p, ok := t.prototype().Param(i)
		return ok && p.accepted(accept)
	}
}

// AnyParam accepts a FUNC, or FUNC_PROTO, with such a parameter among its first n.
func AnyParam(n int, accept func(Type) bool) func(Type) bool {
	return func(t Type) bool {
		for i, p := range t.prototype().Params() {
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

// prototype returns the FUNC_PROTO of a FUNC, or t itself if it is one; else void.
func (t Type) prototype() Type {
	if t.Kind() == KindFunc {
		t, _ = t.Target()
	}
	if t.Kind() != KindFuncProto {
		return Type{}
	}
	return t
}
