package elfx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// OpenFile opens the BTF in the file at path, of any kind that [ExtractFile] reads. base is the
// Spec that it is split from; nil if it stands alone. A module with a distilled base is relocated
// onto base, see [Relocate]; if base is nil, it is opened on its distilled base. A file of raw
// BTF is not read here, but passed to b by its path; MaxSize holds for it, too. OpenFile returns
// soon after ctx is done, even if the file system or b still blocks: a Spec that they open later
// is closed at once. Errors name the path.
func OpenFile(ctx context.Context, path string, base *btf.Spec, b btf.Backend, limits *Options) (
	*btf.Spec, error) {
	spec, _, err := openFileAndExtras(ctx, path, base, b, limits)
	return spec, err
}

// openFileAndExtras is OpenFile, and lists the extras that the file holds, too.
func openFileAndExtras(ctx context.Context, path string, base *btf.Spec, b btf.Backend,
	limits *Options) (spec *btf.Spec, extras []string, err error) {
	if b == nil {
		return nil, nil, errNoBackend
	}
	if raw := openRawSoon(ctx, path, base, b, limits); raw.spec != nil || raw.err != nil {
		return raw.spec, nil, raw.err
	}
	data, err := ExtractFile(ctx, path, limits)
	if err != nil {
		return nil, nil, err
	}
	if spec, err = openData(ctx, data, base, b); err != nil {
		return nil, nil, &Error{Path: path, Format: data.Format, Err: err}
	}
	return spec, data.extrasOf(), nil
}

// OpenData opens BTF that was extracted before, as OpenFile does. d must not be nil. An error is
// an *[Error], except for a nil Backend.
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

// opened is what came of a file of raw BTF: nothing if it is a file of another kind.
type opened struct {
	spec *btf.Spec
	err  error
}

// openRawSoon is openRaw that does not outlast its context: file systems may wait, and kernels do
// before they show the BTF of inlined functions for the first time.
func openRawSoon(ctx context.Context, path string, base *btf.Spec, b btf.Backend,
	limits *Options) opened {
	if ctx.Done() == nil {
		return openRaw(ctx, path, base, b, limits)
	}
	done := make(chan opened, 1)
	go func() { done <- openRaw(ctx, path, base, b, limits) }()
	select {
	case o := <-done:
		return o
	case <-ctx.Done():
		go func() {
			if o := <-done; o.spec != nil {
				o.spec.Close()
			}
		}()
		return opened{err: &Error{Path: path, Err: ctx.Err()}}
	}
}

// openRaw lets a backend open a file of raw BTF.
func openRaw(ctx context.Context, path string, base *btf.Spec, b btf.Backend,
	limits *Options) opened {
	if err := ctx.Err(); err != nil {
		return opened{err: &Error{Path: path, Err: err}}
	}
	size, ok := rawSize(path)
	if !ok {
		return opened{}
	}
	if err := newBudget(limits, size).checkRead("raw BTF", size); err != nil {
		return opened{err: &Error{Path: path, Format: "raw", Err: err}}
	}
	spec, err := b.Open(path, base)
	return opened{spec, err}
}

// rawSize returns the size of a regular file that begins with the magic number of BTF: what its
// header speaks of, if it says 0, as files of pseudo file systems do. Whatever stands in the way of
// an answer is reported by those who read the file next.
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
	head := make([]byte, 4<<10)
	n, _ := io.ReadFull(f, head)
	if byteOrder(head[:n]) == nil {
		return 0, false
	}
	if st.Size() == 0 {
		return store.BlobSize(head[:n]), true
	}
	return st.Size(), true
}

// errNoBackend is a mistake of the caller, caught before it is a nil call in another goroutine.
var errNoBackend = errors.New("elfx: no Backend")
