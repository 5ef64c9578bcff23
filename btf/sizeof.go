package btf

import "math"

// Sizeof returns the size in bytes that a value of the type takes: what Size says,
// the target's pointer size, an array's product, and for modifiers, TYPEDEF and VAR
// what their target takes. ok is false for what has no size (void, FWD, FUNC,
// FUNC_PROTO, tags on those), on corrupt or cyclic chains, and above 2^63-1.
//
// The pointer size is the section's, see Section.PointerSize. The cost is that of the
// chain of targets, which in hostile input may be as long as the input.
func (t Type) Sizeof() (size uint64, ok bool) {
	elems, ok := t.elems(1)
	if t.isSized() || !ok {
		return t.ownSize(elems, ok)
	}
	for next := range t.Chain() {
		if elems, ok = next.elems(elems); next.isSized() || !ok {
			return next.ownSize(elems, ok)
		}
	}
	return 0, false
}

// elems multiplies n with the length of t if that is an ARRAY. ok is false if t is
// nothing that Sizeof looks behind or takes the size of.
func (t Type) elems(n uint64) (product uint64, ok bool) {
	switch k := t.Kind(); {
	case k == KindArray:
		length, _ := t.ArrayLen()
		return multiply(n, uint64(length))
	case t.isSized(), k.IsModifier(), k == KindTypedef, k == KindVar:
		return n, true
	}
	return 0, false
}

// isSized reports whether t has a size that does not depend on its target's.
func (t Type) isSized() bool { return t.Kind().in(setSized | 1<<KindPtr) }

// ownSize returns the size of n values of t, if ok and isSized.
func (t Type) ownSize(n uint64, ok bool) (uint64, bool) {
	switch size, has := t.Size(); {
	case !ok:
		return 0, false
	case has:
		return multiply(n, uint64(size))
	}
	return multiply(n, uint64(t.sec.PointerSize()))
}

func multiply(a, b uint64) (uint64, bool) {
	if b != 0 && a > math.MaxInt64/b {
		return 0, false
	}
	return a * b, true
}

// PointerSize returns the size of a pointer on the target, in bytes. BTF does not
// state it; as libbpf does, it is derived from the size of the first INT named "long"
// (in any of C's spellings), first in the base, and taken to be 8 if there is none.
// The scan runs at the first call; later calls cost nothing.
func (s *Section) PointerSize() int {
	s.pointerOnce.Do(func() {
		s.pointerSize = 8
		for _, sec := range s.chain {
			if n := sec.sizeofLong(); n != 0 {
				s.pointerSize = n
				return
			}
		}
	})
	return s.pointerSize
}

// sizeofLong returns the size of the first own INT of 4 or 8 bytes that is some
// spelling of long, or 0.
func (s *Section) sizeofLong() int {
	for i := range s.Len() {
		t := s.TypeAt(i)
		if t.Kind() != KindInt {
			continue
		}
		if size, _ := t.Size(); (size == 4 || size == 8) && isLong(s.nameBytes(t.word(0))) {
			return int(size)
		}
	}
	return 0
}

// isLong knows the spellings in btf.c of libbpf, determine_ptr_size.
func isLong(name string) bool {
	switch name {
	case "long", "long int", "int long",
		"unsigned long", "long unsigned", "unsigned long int", "unsigned int long",
		"long unsigned int", "long int unsigned", "int unsigned long", "int long unsigned":
		return true
	}
	return false
}
