package core

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// maxSteps is how deep structs, unions and arrays may nest on the way to a field; libbpf's bound.
const maxSteps = 64

// A step leads from a type to a part of it: to a member with a name, or to an element of an array.
type step struct {
	owner btf.Type // the struct or union of a member
	name  string   // the member's, or empty
	index int64    // of the member or element
	typ   btf.Type // where the step leads
}

// A field is a place in a type: the way there, and how many bits it is from the start.
type field struct {
	steps [maxSteps]step
	n     int
	bits  uint64
	// indexes are those of the steps, and of the anonymous members between them.
	indexes []int64
}

func (f *field) last() *step { return &f.steps[f.n-1] }

func (f *field) push(s step) error {
	if f.n == maxSteps {
		return fmt.Errorf("more than %d steps", maxSteps)
	}
	f.steps[f.n] = s
	f.n++
	return nil
}

// String returns the way as C has it: ".se.load[2]". A long one is cut.
func (f *field) String() string {
	var b strings.Builder
	for i := range f.n {
		s := &f.steps[i]
		switch {
		case b.Len() > 300:
			return b.String() + "…"
		case s.name != "":
			fmt.Fprintf(&b, ".%.100s", s.name)
		case i > 0 || s.index > 0:
			fmt.Fprintf(&b, "[%d]", s.index)
		}
	}
	return b.String()
}

// indexes yields the numbers of an access string, such as "0:1:2".
func indexes(access string, yield func(i int, v int64) error) error {
	rest, more := access, true
	for i := 0; more; i++ {
		var part string
		part, rest, more = strings.Cut(rest, ":")
		v, err := strconv.ParseInt(part, 10, 32)
		if err != nil || v < 0 {
			return fmt.Errorf("no access string: %.40q", access)
		}
		if i == maxSteps {
			return fmt.Errorf("more than %d steps", maxSteps)
		}
		if err := yield(i, v); err != nil {
			return err
		}
	}
	return nil
}

// localField follows the access string of a relocation in the object's own types.
func localField(root btf.Type, access string) (*field, error) {
	f := new(field)
	t := root.Underlying()
	err := indexes(access, func(i int, v int64) error {
		if i == 0 {
			if err := f.push(step{index: v, typ: t}); err != nil {
				return err
			}
			return f.skipValues(t, v)
		}
		switch t.Kind() {
		case btf.KindStruct, btf.KindUnion:
			m, ok := t.Member(int(v))
			if !ok {
				return fmt.Errorf("%v has no member %d", t, v)
			}
			f.bits += uint64(m.BitOffset())
			owner := t
			t = m.Target().Underlying()
			if name := m.Name(); name != "" {
				return f.push(step{owner, name, v, t})
			}
			return nil
		case btf.KindArray:
			n, _ := t.ArrayLen()
			if v >= int64(n) && !isFlexible(f.last(), n) {
				return fmt.Errorf("%v has no element %d", t, v)
			}
			t = t.Target().Underlying()
			if err := f.push(step{index: v, typ: t}); err != nil {
				return err
			}
			return f.skipValues(t, v)
		}
		return fmt.Errorf("%v has no parts", t)
	})
	return f, err
}

// skipValues moves on by as many values of a type, which must have a size.
func (f *field) skipValues(t btf.Type, n int64) error {
	size, ok := t.Sizeof()
	if !ok || size > math.MaxInt32 {
		return fmt.Errorf("%v has no size that can be used", t)
	}
	f.bits += 8 * size * uint64(n)
	return nil
}

// accessString returns the way as an access string.
func (f *field) accessString() string {
	var b []byte
	for i, v := range f.indexes {
		if i > 0 {
			b = append(b, ':')
		}
		b = strconv.AppendInt(b, v, 10)
	}
	return string(b)
}

// isFlexible reports whether an array of n elements that a step leads to may have any number: it is
// the last member of its struct, and n is 0.
func isFlexible(s *step, n uint32) bool {
	return s.name != "" && n == 0 && s.index == int64(s.owner.Vlen())-1
}
