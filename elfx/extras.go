package elfx

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
)

// An extractor reads a file again, for its extras.
type extractor func(ctx context.Context) (*Data, error)

// extrasOf lists the extras that a file holds beside its BTF.
func (d *Data) extrasOf() []string { return slices.Sorted(maps.Keys(d.Extra)) }

// addExtras adds the extras in the file of an object, the kernel or a module that is being opened.
// Their bytes are not kept: each is read again when it is needed. One that cannot be added is in
// the collection already, from a file of its own, or its object was taken out meanwhile.
func addExtras(c *modules.Collection, object, path string, extras []string, b btf.Backend,
	extract extractor) {
	for _, name := range extras {
		_ = c.AddExtra(object, name, path, func(ctx context.Context, base *btf.Spec) (
			*btf.Spec, error) {
			d, err := extract(ctx)
			if err != nil {
				return nil, err
			}
			spec, err := openExtra(d, name, base, b)
			if err != nil {
				return nil, &Error{Path: path, Format: d.Format, Err: err}
			}
			return spec, nil
		})
	}
}

// addFileExtras is addExtras for a file.
func addFileExtras(c *modules.Collection, object, path string, extras []string, b btf.Backend,
	limits *Options) {
	addExtras(c, object, path, extras, b, func(ctx context.Context) (*Data, error) {
		return ExtractFile(ctx, path, limits)
	})
}

// openExtra opens an extra on its object's Spec. That of a module with a distilled base has other
// ids than the extra refers to: they were relocated.
func openExtra(d *Data, name string, object *btf.Spec, b btf.Backend) (*btf.Spec, error) {
	data, ok := d.Extra[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w in section .BTF.%s, which was there before", ErrNoBTF, name)
	case d.Base != nil:
		return nil, fmt.Errorf("%w: .BTF.%s of a module with a distilled base", ErrUnsupported, name)
	}
	spec, err := b.Parse(data, object)
	if err != nil {
		return nil, fmt.Errorf(".BTF.%s: %w", name, err)
	}
	return spec, nil
}
