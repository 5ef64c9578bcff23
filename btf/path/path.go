// Package path resolves paths of members, as C programmers write them, to types and offsets:
//
//	f, err := path.Find(kernel, "inet_connection_sock.icsk_inet.sk.__sk_common.skc_dport")
//	fmt.Println(f.BitOffset/8, f.BitSize, f.Type)
//
// A path is a list of steps. Each starts where the step before ended:
//
//	.name    the member of a struct or union, also through anonymous members
//	[3]      the element of an array, or of what a pointer points to
//	->name   the member of the struct that a pointer points to
//
// The first step needs no dot. Typedefs and modifiers on the way are followed. A path follows a
// pointer only where it says so, by -> or by an index; see Field.Derefs.
//
// Elements are counted as CO-RE counts them (libbpf, relo_core.c): an index must lie within the
// array, unless the array is flexible. A flexible array has no elements and is the last member
// of its struct or union. Where two members have the same name, which no compiler allows, the
// first counts; the members of an anonymous struct stand at its place.
//
// Resolve and Find look through the members one by one, some 10 ns each. A Resolver keeps a hash
// table for each type that it passed, and takes some 30 ns a step from then on.
package path

import (
	"math"
	"math/bits"

	"github.com/btfkit/btfkit/btf"
)

// MaxDerefs is how many pointers a path may follow.
const MaxDerefs = 8

// A Field is the place that a path leads to: a member, an element of an array, or the root
// itself.
type Field struct {
	// Type is the type as it is declared there, typedefs and modifiers included.
	Type btf.Type
	// Member is the last step's member; the zero Member if the last step is an index.
	Member btf.Member
	// BitOffset is where the field starts, in bits from the start of the root, or of what the
	// last pointer points to.
	BitOffset uint64
	// BitSize is the width in bits: the width of a bitfield, else the size of Type. It is 0
	// if Type has no size, such as a flexible array or a function.
	BitSize uint64
	// Bitfield says that the field is a bitfield, which may start at any bit.
	Bitfield bool
	// Derefs counts the pointers that are followed; DerefOffsets has as many offsets. The
	// pointer to follow first lies DerefOffsets[0] bytes behind the start of the root, the second
	// DerefOffsets[1] behind where the first points to, and so on.
	Derefs       int
	DerefOffsets [MaxDerefs]uint64
}

// Resolve follows a path from root. root may be a struct, a typedef of one, a variable, or,
// for a path that starts with ->, a pointer. An error is an *[Error]. Resolve does not
// allocate unless it fails. Its time is linear in the members that it passes; it enters each
// anonymous struct once.
func Resolve(root btf.Type, expr string) (Field, error) {
	return (*Resolver)(nil).Resolve(root, expr)
}

// A walker is on its way along a path.
type walker struct {
	resolver *Resolver
	steps    scanner
	field    Field
	flexible bool // field may be a flexible array: it is the last member
	// entry is that of the last step's member in the Resolver's tables, nil if the step is no
	// member. It has the size of the field.
	entry *entry
}

// walk takes all steps of the path.
func (w *walker) walk(root btf.Type) error {
	if root.Kind() == btf.KindVar {
		root = root.Target()
	}
	w.field.Type = root
	for !w.steps.done() {
		reached := w.steps.pos
		step, err := w.steps.next()
		if err == nil {
			err = w.takeStep(&step)
		}
		if err != nil {
			return w.fail(err, reached, &step)
		}
	}
	if err := w.measure(); err != nil {
		return w.fail(err, w.steps.pos, nil)
	}
	return nil
}

func (w *walker) takeStep(s *step) error {
	switch s.op {
	case opIndex:
		return w.index(s.index)
	case opArrow:
		if err := w.follow(0); err != nil {
			return err
		}
	}
	if w.resolver != nil {
		return w.lookUp(s.name)
	}
	h, ok := find(w.field.Type.Underlying(), s.name)
	if !ok {
		return w.noMember()
	}
	w.field.Member, w.field.Type, w.flexible = h.member, h.member.Target(), h.last
	return w.moveBits(h.offset)
}

// lookUp goes to a member by way of the Resolver's tables.
func (w *walker) lookUp(name string) error {
	var t *table
	if w.entry != nil {
		t = w.entry.table(w.resolver)
	} else {
		t = w.resolver.table(w.field.Type.Underlying())
	}
	e := t.find(name)
	if e == nil {
		return w.noMember()
	}
	w.entry, w.field.Type, w.flexible = e, e.target, e.last
	return w.moveBits(e.offset)
}

func (w *walker) noMember() error {
	if w.field.Type.Underlying().Kind() == btf.KindPtr {
		return errPointer
	}
	return errMember
}

// moveBits moves on by a distance in bits.
func (w *walker) moveBits(distance uint64) error {
	off, carry := bits.Add64(w.field.BitOffset, distance, 0)
	if carry != 0 {
		return errFar
	}
	w.field.BitOffset = off
	return nil
}

// index goes to element n of an array, or of what a pointer points to.
func (w *walker) index(n uint64) error {
	t := w.field.Type.Underlying()
	switch t.Kind() {
	case btf.KindPtr:
		return w.follow(n)
	case btf.KindArray:
	default:
		return errNoArray
	}
	length, _ := t.ArrayLen()
	if n >= uint64(length) && !(length == 0 && w.flexible) {
		return errIndex
	}
	return w.element(t.Target(), n)
}

// element goes n elements of a type further.
func (w *walker) element(t btf.Type, n uint64) error {
	var distance uint64
	if n > 0 {
		size, ok := t.Sizeof()
		if !ok {
			return errNoSize
		}
		var high uint64
		if high, distance = bits.Mul64(n, size); high != 0 || distance > math.MaxUint64/8 {
			return errFar
		}
	}
	w.field.Type, w.field.Member = t, btf.Member{}
	w.flexible, w.entry = false, nil
	return w.moveBits(distance * 8)
}

// follow goes to element n of what a pointer points to.
func (w *walker) follow(n uint64) error {
	t := w.field.Type.Underlying()
	switch {
	case t.Kind() != btf.KindPtr:
		return errNoPointer
	case w.field.BitOffset%8 != 0:
		return errUnaligned
	case w.field.Derefs == MaxDerefs:
		return errDerefs
	}
	w.field.DerefOffsets[w.field.Derefs] = w.field.BitOffset / 8
	w.field.Derefs++
	w.field.BitOffset = 0
	return w.element(t.Target(), n)
}

// measure sets the size once all steps are taken, and where a bitfield of the older form starts.
func (w *walker) measure() error {
	f := &w.field
	if w.entry != nil {
		f.Member = w.entry.member
	}
	widths := btf.Internal.Widths()
	var shift uint64
	shift, f.BitSize, f.Bitfield = widths.Of(f.Member, f.Type)
	return w.moveBits(shift)
}
