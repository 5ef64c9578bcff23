package elfx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/btfkit/btfkit/btf"
)

// OpenFile opens the BTF in the file at path, of any kind that [ExtractFile] reads, on top of base, or
// on its own if base is nil. A module with a distilled base is relocated onto base, see [Relocate],
// or opened on its distilled base if there is none. Files of raw BTF are handed to b unread; the
// limit of their size holds for them, too. Errors name the path.
func OpenFile(ctx context.Context, path string, base *btf.Spec, b btf.Backend, limits *Options) (
	*btf.Spec, error) {
	if b == nil {
		return nil, errNoBackend
	}
	if size, ok := rawSize(path); ok {
		if err := mayOpen(ctx, size, limits); err != nil {
			return nil, &Error{Path: path, Format: "raw", Err: err}
		}
		return b.Open(path, base)
	}
	data, err := ExtractFile(ctx, path, limits)
	if err != nil {
		return nil, err
	}
	spec, err := openData(ctx, data, base, b)
	if err != nil {
		return nil, &Error{Path: path, Format: data.Format, Err: err}
	}
	return spec, nil
}

// OpenData opens BTF that was extracted before, as OpenFile does. d must not be nil. An error is an
// *[Error], but for a nil Backend.
func OpenData(ctx context.Context, d *Data, base *btf.Spec, b btf.Backend) (*btf.Spec, error) {
	if b == nil {
		return nil, errNoBackend
	}
	spec, err := openData(ctx, d, base, b)
	if err != nil {
		return nil, &Error{Format: d.Format, Err: err}
	}
	return spec, nil
}

func openData(ctx context.Context, d *Data, base *btf.Spec, b btf.Backend) (*btf.Spec, error) {
	if d.Base == nil {
		return b.Parse(d.BTF, base)
	}
	if base != nil {
		relocated, err := relocate(ctx, d.BTF, d.Base, base)
		if err != nil {
			return nil, err
		}
		return b.Parse(relocated, base)
	}
	distilled, err := b.Parse(d.Base, nil)
	if err != nil {
		return nil, fmt.Errorf(".BTF.base: %w", err)
	}
	spec, err := b.Parse(d.BTF, distilled)
	// The distilled base lives on for as long as what is split from it.
	if closeErr := distilled.Close(); err == nil && closeErr != nil {
		spec.Close()
		return nil, closeErr
	}
	return spec, err
}

// rawSize returns the size of a regular file that begins with the magic number of BTF. Whatever
// stands in the way of an answer is reported by those who read the file next.
func rawSize(path string) (size int64, ok bool) {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() {
		return 0, false // opening a pipe would wait
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	var magic [2]byte
	_, err = io.ReadFull(f, magic[:])
	return st.Size(), err == nil && byteOrder(magic[:]) != nil
}

// mayOpen applies to raw BTF that the backend reads what Read applies to what it reads itself.
func mayOpen(ctx context.Context, size int64, limits *Options) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return newBudget(limits, size).checkRead("raw BTF", size)
}

// errNoBackend is a mistake of the caller, caught before it is a nil call in another goroutine.
var errNoBackend = errors.New("elfx: no Backend")
