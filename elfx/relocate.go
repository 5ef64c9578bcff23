package elfx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// ErrMismatch says that types of a distilled base have no counterpart in the kernel.
var ErrMismatch = errors.New("distilled base does not match the kernel")

// Relocate rewrites the BTF of a module that is split on a distilled base, the .BTF.base section
// of its file, so that it is split on the kernel's BTF instead. The result is a new blob in the
// byte order of module, with the same types in the same order.
//
// The rules are those of the kernel and of libbpf (btf_relocate.c): an INT, FLOAT or ENUM matches
// by name and size, an INT by its encoding too, and an ENUM also an ENUM64; a STRUCT or UNION
// matches by name, and by size if the kernel has several of that name or the module embeds it by
// value. A FWD matches a FWD, STRUCT or UNION of its name and its own kind: libbpf looks at whether
// the candidate has bitfields there, which turns good modules away. A type with no match, or with
// more than one, is an error that names it and is ErrMismatch.
//
// It takes time linear in the size of module, distilled and the strings of base, a lookup by name
// in base for each type of distilled, and memory for an index of those strings while it runs. It
// is safe for concurrent use.
func Relocate(module, distilled []byte, base *btf.Spec) ([]byte, error) {
	small, err := btf.Open(plain(distilled), btf.Options{})
	if err != nil {
		return nil, fmt.Errorf(".BTF.base: %w", err)
	}
	defer small.Close()
	split, err := btf.Open(plain(module), btf.Options{Base: small})
	if err != nil {
		return nil, fmt.Errorf(".BTF on .BTF.base: %w", err)
	}
	defer split.Close()
	if err := split.Verify(); err != nil {
		return nil, fmt.Errorf(".BTF on .BTF.base: %w", err)
	}
	r := &relocation{small: small, split: split, base: base}
	if err := r.matchAll(); err != nil {
		return nil, err
	}
	return r.rewrite()
}

// relocation is the work on one module.
type relocation struct {
	small, split, base *btf.Spec
	embedded           map[btf.ID]bool // distilled types that the module holds by value
	ids                []btf.ID        // the kernel's id of each distilled type
}

// maxMismatches is how many types an error lists.
const maxMismatches = 8

// matchAll finds the counterpart of every distilled type.
func (r *relocation) matchAll() error {
	r.findEmbedded()
	_, end := r.small.IDs()
	r.ids = make([]btf.ID, end)
	var bad []string
	for id, t := range r.small.All() {
		if id == 0 {
			continue
		}
		match, err := r.match(t)
		if err != nil {
			if bad = append(bad, err.Error()); len(bad) == maxMismatches {
				break
			}
			continue
		}
		r.ids[id] = match.ID()
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %s", ErrMismatch, strings.Join(bad, "; "))
	}
	return nil
}

// findEmbedded notes the distilled types that a struct of the module holds by value: as a member,
// or as the element of one.
func (r *relocation) findEmbedded() {
	r.embedded = make(map[btf.ID]bool)
	for t := range r.split.Own().OfKind(btf.KindStruct, btf.KindUnion) {
		for _, m := range t.Members() {
			held, ok := m.Target()
			// Verify has made sure that this ends.
			for ok && (held.Kind() == btf.KindArray || held.Kind() == btf.KindTypedef ||
				held.Kind().IsModifier()) {
				if held.Kind() == btf.KindArray {
					held, ok = held.Elem()
				} else {
					held, ok = held.Target()
				}
			}
			if ok && held.Section() == r.small.Section() {
				r.embedded[held.ID()] = true
			}
		}
	}
}

// match finds the one counterpart of t.
func (r *relocation) match(t btf.Type) (btf.Type, error) {
	bySize := true
	switch t.Kind() {
	case btf.KindInt, btf.KindFloat, btf.KindEnum, btf.KindEnum64:
	case btf.KindFwd:
		bySize = false
	case btf.KindStruct, btf.KindUnion:
		bySize = r.embedded[t.ID()] || r.homonyms(t.Name()) > 1
	default:
		return btf.Type{}, mismatch(t, "a kind that no distilled base holds")
	}
	name := t.Name()
	if name == "" {
		return btf.Type{}, mismatch(t, "without a name")
	}
	var found btf.Type
	var near int
	for candidate := range r.base.Named(name) {
		if !sameKind(t, candidate) {
			continue
		}
		near++
		if bySize && !sameSize(t, candidate) {
			continue
		}
		if !found.IsVoid() {
			return found, mismatch(t, fmt.Sprintf("types %d and %d of the kernel both match",
				found.ID(), candidate.ID()))
		}
		found = candidate
	}
	switch {
	case !found.IsVoid():
		return found, nil
	case near > 0:
		return found, mismatch(t, "the kernel's has another size or encoding")
	}
	return found, mismatch(t, "the kernel has none")
}

// homonyms counts the structs and unions of a name in the kernel.
func (r *relocation) homonyms(name string) (n int) {
	for t := range r.base.Named(name) {
		if k := t.Kind(); k == btf.KindStruct || k == btf.KindUnion {
			n++
		}
	}
	return n
}

// sameKind says whether a type of the kernel is of a kind that t may stand for.
func sameKind(t, candidate btf.Type) bool {
	kind := candidate.Kind()
	switch t.Kind() {
	case btf.KindFwd:
		return kind == t.FwdKind() || kind == btf.KindFwd && candidate.FwdKind() == t.FwdKind()
	case btf.KindEnum, btf.KindEnum64: // an ENUM64 is distilled to an ENUM
		return kind == btf.KindEnum || kind == btf.KindEnum64
	}
	return kind == t.Kind()
}

// sameSize compares sizes, and the encoding of an INT.
func sameSize(t, candidate btf.Type) bool {
	want, _ := t.Size()
	size, _ := candidate.Size()
	wantInt, _ := t.Int()
	gotInt, _ := candidate.Int()
	return size == want && gotInt.Encoding == wantInt.Encoding
}

func mismatch(t btf.Type, why string) error {
	size, ok := t.Size()
	if !ok {
		return fmt.Errorf("%v %s (type %d): %s", t.Kind(), t.Name(), t.ID(), why)
	}
	return fmt.Errorf("%v %s (type %d, %d bytes): %s", t.Kind(), t.Name(), t.ID(), size, why)
}

// rewrite writes the module's types again, on the kernel's. The limits are the kernel's: they also
// bound what strings that overlap in the input may grow to.
func (r *relocation) rewrite() ([]byte, error) {
	_, end := r.base.IDs()
	shift := end - btf.ID(len(r.ids))
	b := btf.NewBuilder(btf.BuilderOptions{
		BigEndian: r.split.ByteOrder() == binary.BigEndian,
		Base:      r.base,
	})
	for _, t := range r.split.Own().All() {
		b.Copy(t, func(id btf.ID) btf.ID {
			if int(id) < len(r.ids) {
				return r.ids[id]
			}
			return id + shift
		})
	}
	return b.Bytes()
}
