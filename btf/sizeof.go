package btf

import "math"

// Sizeof returns the size in bytes that a value of the type takes: what Size says,
// the target's pointer size, an array's product, and for modifiers, TYPEDEF and VAR
// what their target takes. ok is false for what has no size (void, FWD, FUNC,
// FUNC_PROTO, tags on those), on corrupt or cyclic chains, and above 2^63-1.
//
// The pointer size is the section's, see Section.PointerSize. The cost is that of the
// chain of targets.
func (t Type) Sizeof() (size uint64, ok bool) {
	elems := uint64(1)
	for t, steps := t, t.steps(); steps > 0; steps-- {
		switch k := t.Kind(); {
		case k.in(setSized):
			n, _ := t.Size()
			return product(elems, uint64(n))
		case k == KindPtr:
			return product(elems, uint64(t.sec.PointerSize()))
		case k == KindArray:
			n, _ := t.ArrayLen()
			if elems, ok = product(elems, uint64(n)); !ok {
				return 0, false
			}
		case !k.IsModifier() && k != KindTypedef && k != KindVar:
			return 0, false
		}
		if t, ok = t.Target(); !ok {
			return 0, false
		}
	}
	return 0, false
}

// steps bounds how long a chain without a cycle can be: each link is another type.
func (t Type) steps() ID {
	if t.sec == nil {
		return 1
	}
	return t.sec.end()
}

func product(a, b uint64) (uint64, bool) {
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
		size, _ := t.Size()
		if t.Kind() != KindInt || size != 4 && size != 8 {
			continue
		}
		if isLong(s.nameBytes(t.word(0))) {
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
