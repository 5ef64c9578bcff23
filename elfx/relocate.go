package elfx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
)

// ErrMismatch says that types of a distilled base match no type of the kernel, or several.
var ErrMismatch = errors.New("distilled base does not match the kernel")

// Relocate rewrites the BTF of a module that is split on a distilled base, the .BTF.base section
// of its file, so that it is split on the kernel's BTF instead. The result is a new blob in the
// byte order of module, with the same types in the same order.
//
// The rules are the same as in the kernel and libbpf (btf_relocate.c), with one exception. An INT,
// FLOAT or ENUM matches by name and size, an INT by its encoding too, and an ENUM also an ENUM64;
// a STRUCT or UNION matches by name, and by size if the kernel has several of that name or the
// module embeds it by value. A FWD matches a FWD, STRUCT or UNION of its name and its own kind;
// this is the exception: libbpf also looks at whether the candidate has bitfields, and so refuses
// good modules. If a type has no match, or more than one, the error names it and is ErrMismatch.
//
// It takes time linear in the size of module, distilled and base, some milliseconds for a kernel,
// and memory for an index of the strings of base while it runs. Where names overlap so much that
// this would take longer, which no tool writes, it fails with btf.ErrUnsupported. It is safe for
// concurrent use and stops when ctx is done. None of the arguments may be nil. An error is an
// *[Error]; it is btf.ErrClosed if base is closed. [OpenFile] relocates the module of a file.
func Relocate(ctx context.Context, module, distilled []byte, base *btf.Spec) ([]byte, error) {
	relocated, err := relocate(ctx, module, distilled, base)
	if err != nil {
		return nil, &Error{Err: err}
	}
	return relocated, nil
}

func relocate(ctx context.Context, module, distilled []byte, base *btf.Spec) ([]byte, error) {
	if _, err := base.TypeByID(0); errors.Is(err, btf.ErrClosed) {
		return nil, fmt.Errorf("base: %w", err)
	}
	small, err := btf.Parse(distilled, nil)
	if err != nil {
		return nil, fmt.Errorf(".BTF.base: %w", err)
	}
	defer small.Close()
	split, err := btf.Parse(module, small)
	if err != nil {
		return nil, fmt.Errorf(".BTF on .BTF.base: %w", err)
	}
	defer split.Close()
	if err := split.Verify(); err != nil {
		return nil, fmt.Errorf(".BTF on .BTF.base: %w", err)
	}
	r := &relocation{ctx: ctx, small: small, split: split, base: base}
	if err := r.findEmbedded(); err != nil {
		return nil, err
	}
	if err := r.matchAll(); err != nil {
		return nil, err
	}
	return r.rewrite()
}

// relocation is the work on one module.
type relocation struct {
	ctx                context.Context
	small, split, base *btf.Spec
	embedded           []bool       // by id: types that the module holds by value
	ids                []btf.TypeID // the kernel's id of each distilled type
}

// matchAll finds the counterpart of every distilled type.
func (r *relocation) matchAll() error {
	c, err := newCandidates(r.small)
	if err != nil {
		return fmt.Errorf(".BTF.base: %w", err)
	}
	var chain []*btf.Spec
	for base := r.base; base != nil; base = base.Base() {
		chain = append(chain, base)
	}
	for _, base := range slices.Backward(chain) { // the lowest ids first
		if err := c.countSection(r.ctx, store.SectionOf(base)); err != nil {
			return err
		}
	}
	_, end := r.small.IDs()
	r.ids = make([]btf.TypeID, end)
	var bad []string
	for id, t := range r.small.All() {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if id == 0 {
			continue
		}
		if r.ids[id], err = c.match(t, r.embedded[id]); err != nil {
			bad = append(bad, describeMismatch(store.SectionOf(r.small), t, err))
			if len(bad) == maxMismatches {
				break
			}
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %s", ErrMismatch, strings.Join(bad, "; "))
	}
	return nil
}

// findEmbedded notes the types that a struct of the module holds by value: as a member, or as the
// element of one. Each chain of targets ends at a type that was noted before: members that share a
// long one must not walk it once each.
func (r *relocation) findEmbedded() error {
	_, end := r.split.IDs()
	r.embedded = make([]bool, end)
	for t := range r.split.Own().TypesByKind(btf.KindStruct, btf.KindUnion) {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		for _, m := range t.Members() {
			held := m.Target()
			for !r.embedded[held.ID()] {
				r.embedded[held.ID()] = true
				k := held.Kind()
				if k != btf.KindArray && k != btf.KindTypedef && !k.IsModifier() {
					break
				}
				held = held.Target()
			}
		}
	}
	return nil
}

// rewrite writes the module's types again, on the kernel's. The limits are the kernel's: they also
// bound what strings that overlap in the input may grow to.
func (r *relocation) rewrite() ([]byte, error) {
	_, end := r.base.IDs()
	shift := end - btf.TypeID(len(r.ids))
	b := builder.New(builder.Options{
		ByteOrder: r.split.ByteOrder(),
		Base:      r.base,
	})
	for _, t := range r.split.Own().All() {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		b.Copy(t, func(id btf.TypeID) btf.TypeID {
			if int(id) < len(r.ids) {
				return r.ids[id]
			}
			return id + shift
		})
	}
	return b.Bytes()
}
