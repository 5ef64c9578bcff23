package modules

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/btfkit/btfkit/btf"
)

// Specs ranges over the kernel, named "vmlinux", and all modules that can be opened,
// sorted by name. Each module's Spec is its Own: it covers no type of the kernel.
func (c *Collection) Specs() iter.Seq2[string, *btf.Spec] {
	return func(yield func(string, *btf.Spec) bool) {
		ctx := context.Background()
		if m := c.opener(ctx); m != nil {
			m.asked.Store(true)
			return
		}
		if !yield(kernelName, c.Base()) {
			return
		}
		for _, m := range c.snapshot() {
			spec, err := c.openMember(ctx, m)
			if err == nil && !yield(m.name, spec.Own()) {
				return
			}
		}
	}
}

// types ranges over what query finds in the kernel, then in each module's own types.
func (c *Collection) types(query func(*btf.Spec) iter.Seq[btf.Type]) iter.Seq[btf.Type] {
	return func(yield func(btf.Type) bool) {
		for _, spec := range c.Specs() {
			for t := range query(spec) {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// TypesByName ranges over the types with the name, of the given kinds if any: the kernel's
// first, then each module's own.
func (c *Collection) TypesByName(name string, kinds ...btf.Kind) iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] { return s.TypesByName(name, kinds...) })
}

// TypesByMatch ranges over the types whose name matches, of the given kinds if any, as
// TypesByName does.
func (c *Collection) TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] { return s.TypesByMatch(m, kinds...) })
}

// TypesByKind ranges over the types of the given kinds, as TypesByName does.
func (c *Collection) TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] { return s.TypesByKind(kinds...) })
}

// All ranges over all types, void first, as TypesByName does.
func (c *Collection) All() iter.Seq[btf.Type] {
	return c.types(func(s *btf.Spec) iter.Seq[btf.Type] {
		return func(yield func(btf.Type) bool) {
			for _, t := range s.All() {
				if !yield(t) {
					return
				}
			}
		}
	})
}

// TypeByName returns the first type that TypesByName ranges over. It fails with
// btf.ErrClosed or a *[btf.NotFoundError]. It opens no more modules than it needs.
func (c *Collection) TypeByName(name string, kinds ...btf.Kind) (btf.Type, error) {
	if err := c.mayAsk(context.Background()); err != nil {
		return btf.Type{}, err
	}
	var missing *btf.NotFoundError
	for _, spec := range c.Specs() {
		t, err := spec.TypeByName(name, kinds...)
		var none *btf.NotFoundError
		switch {
		case err == nil:
			return t, nil
		case !errors.As(err, &none):
			return btf.Type{}, err
		case missing == nil:
			missing = none
		default:
			missing.Found = append(missing.Found, none.Found...)
		}
	}
	slices.Sort(missing.Found)
	missing.Found = slices.Compact(missing.Found)
	return btf.Type{}, missing
}
