package path

import (
	"fmt"
	"iter"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// A Source is what paths start in: a *btf.Spec, or a *modules.Collection for a kernel with its
// modules.
type Source interface {
	TypesByName(name string, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// Find resolves a path whose first step is the name of a struct, union, typedef or variable:
// "sock.sk_family", or "struct sock.sk_family" to ask for that kind alone. Without a path behind
// the name it finds the type itself.
//
// A name may have several definitions. If the kernel defines it, Find ignores the definitions of
// modules. All definitions in which the path leads to a field must agree on its place and width,
// as for a relocation; else the error is [ErrAmbiguous]. Find returns the Field of the first
// definition. If the path leads to a field in none of them, the error is an *[Error] about the
// definition in which the path leads furthest. If the name has no definition, it is a
// *[btf.NotFoundError].
func Find(src Source, expr string) (Field, error) { return (*Resolver)(nil).Find(src, expr) }

// Find resolves a path whose first step is a name, as the function Find does.
func (r *Resolver) Find(src Source, expr string) (Field, error) {
	name, rest, kinds := splitRoot(expr)
	var f Field
	var deepest *Error
	var owner *btf.Spec // of the first definition
	found := false
	if name == "" {
		return Field{}, &Error{Path: expr, Err: fmt.Errorf("%w, not %q", ErrSyntax, shorten(expr))}
	}
	for root := range src.TypesByName(name, kinds...) {
		if owner == nil {
			owner = root.Spec()
		}
		if owner.Base() == nil && root.Spec() != owner {
			break
		}
		g, err := r.fromRoot(root, rest)
		switch e, _ := err.(*Error); {
		case e != nil && (deepest == nil || len(e.Reached) > len(deepest.Reached)):
			deepest = e
		case e != nil:
		case !found:
			f, found = g, true
		case !f.samePlace(&g):
			return Field{}, &Error{Path: expr, Type: root, Reached: expr, Err: ErrAmbiguous}
		}
	}
	switch {
	case found:
		return f, nil
	case deepest != nil:
		return Field{}, deepest
	}
	return Field{}, &btf.NotFoundError{Name: name, Kinds: kinds}
}

// fromRoot follows what stands behind a type's name.
func (r *Resolver) fromRoot(root btf.Type, rest string) (Field, error) {
	if rest != "" {
		return r.Resolve(root, strings.TrimPrefix(rest, "."))
	}
	w := walker{field: Field{Type: root}}
	err := w.measure()
	return w.field, err
}

var rootKinds = []btf.Kind{btf.KindStruct, btf.KindUnion, btf.KindTypedef, btf.KindVar}

// splitRoot cuts a path behind the name of a type, and says which kinds that may have.
func splitRoot(expr string) (name, rest string, kinds []btf.Kind) {
	kinds = rootKinds
	if after, ok := strings.CutPrefix(expr, "struct "); ok {
		expr, kinds = after, rootKinds[:1]
	} else if after, ok := strings.CutPrefix(expr, "union "); ok {
		expr, kinds = after, rootKinds[1:2]
	}
	n := nameLen(expr)
	return expr[:n], expr[n:], kinds
}

// samePlace reports whether two fields lie at the same place and have the same width.
func (f *Field) samePlace(g *Field) bool {
	return f.BitOffset == g.BitOffset && f.BitSize == g.BitSize && f.Bitfield == g.Bitfield &&
		f.Derefs == g.Derefs && f.DerefOffsets == g.DerefOffsets
}
