// Package synth makes well-formed BTF of any size and shape. It shows how time and memory grow with
// size, also for sizes that no kernel has yet.
//
// A kernel accepts what the package makes, as long as its limits allow the shape: names are
// identifiers, members have sizes and are in order, functions have prototypes, and every reference
// leads somewhere. By default the kinds are mixed as in a kernel's vmlinux.
package synth

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// A Shape says what to make. The zero value of a field stands for what a kernel has. The same
// Shape gives the same bytes.
type Shape struct {
	// Types is the number of own types. It may exceed the kernel's limit of 1,048,574.
	Types int
	// NameLen is the mean length of the types' names in bytes; 0 means 20. Names are longer if that
	// is needed to keep them apart: some 4 bytes for each factor of 64.
	NameLen int
	// Sharing is the part of the named types that have another type's name, from 0 (all names
	// differ) to 1 (there is one name).
	Sharing float64
	// Chain is the number of pointers, qualifiers and typedefs in a row before a type of another
	// kind; 0 means 3. The kernel resolves at most 32.
	Chain int
	// Width is the mean number of members of a struct and of values of an enum; 0 means 8. Above
	// 43,000, some types have more than the 65,535 elements that kernels before 7.2 can read.
	Width int
	// Sorted orders the types by name, as Linux 7 does: those without a name come first. Otherwise
	// names are in no order.
	Sorted bool
	// ByteOrder is the byte order; nil means little-endian. A split may have another than its
	// base.
	ByteOrder binary.ByteOrder
	// Layout adds a layout section.
	Layout bool
	// Mix is the weight of each kind; nil means the weights of a kernel. A kind that another one
	// needs is added once: an INT always, a FUNC_PROTO for FUNC, a DATASEC for VAR, a STRUCT for
	// DECL_TAG. DATASEC has no weight of its own.
	Mix map[btf.Kind]int
	// Seed makes different bytes of shapes that are equal otherwise, such as modules of one base.
	Seed uint64
}

// kernelMix holds the counts of Debian's Linux 7.2 for amd64.
var kernelMix = map[btf.Kind]int{
	btf.KindInt: 15, btf.KindPtr: 15412, btf.KindArray: 3529, btf.KindStruct: 10972,
	btf.KindUnion: 1930, btf.KindEnum: 2411, btf.KindFwd: 124, btf.KindTypedef: 2369,
	btf.KindVolatile: 19, btf.KindConst: 3584, btf.KindRestrict: 10, btf.KindFunc: 54616,
	btf.KindFuncProto: 28887, btf.KindVar: 426, btf.KindFloat: 1, btf.KindDeclTag: 310,
	btf.KindTypeTag: 1, btf.KindEnum64: 22,
}

// Base makes BTF that stands alone. For each type of a kernel's shape it takes about a microsecond
// and, at the peak, some 300 bytes.
func Base(s Shape) ([]byte, error) { return generate(s, nil) }

// Split makes BTF that is split from base. Half of its pointers point into base, which must hold at
// least one type besides void.
func Split(base *btf.Spec, s Shape) ([]byte, error) {
	if _, end := base.IDs(); end < 2 {
		return nil, fmt.Errorf("synthetic split: the base holds no types")
	}
	return generate(s, base)
}

func generate(s Shape, base *btf.Spec) ([]byte, error) {
	s, err := s.complete()
	if err != nil {
		return nil, err
	}
	first := btf.TypeID(1)
	if base != nil {
		_, first = base.IDs()
	}
	g := &generator{
		Shape: s, plan: newPlan(s, first), base: base,
		rand: rand.New(rand.NewPCG(s.Seed, 1)),
		b: builder.New(builder.Options{
			ByteOrder: s.ByteOrder, Base: base, Layout: s.Layout, Limits: builder.LimitsFormat,
		}),
	}
	if err := g.emitAll(); err != nil {
		return nil, fmt.Errorf("synthetic BTF: %w", err)
	}
	raw, err := g.b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("synthetic BTF: %w", err)
	}
	return raw, nil
}

// complete replaces zeros by defaults and refuses what makes no sense.
func (s Shape) complete() (Shape, error) {
	for _, f := range []struct {
		name  string
		value *int
		zero  int
		most  int
	}{
		{"Types", &s.Types, 0, 1<<31 - 2},
		{"NameLen", &s.NameLen, 20, 1 << 20},
		{"Chain", &s.Chain, 3, 1<<31 - 2},
		{"Width", &s.Width, 8, 0xffffff * 2 / 3},
	} {
		if *f.value < 0 || *f.value > f.most {
			return s, fmt.Errorf("synthetic shape: %s is %d, not between 0 and %d",
				f.name, *f.value, f.most)
		}
		if *f.value == 0 {
			*f.value = f.zero
		}
	}
	if !(s.Sharing >= 0 && s.Sharing <= 1) {
		return s, fmt.Errorf("synthetic shape: Sharing is %v, not between 0 and 1", s.Sharing)
	}
	if s.Mix == nil {
		s.Mix = kernelMix
	}
	for k, weight := range s.Mix {
		if kernelMix[k] == 0 || weight < 0 {
			return s, fmt.Errorf("synthetic shape: weight %d for kind %v", weight, k)
		}
	}
	return s, nil
}
