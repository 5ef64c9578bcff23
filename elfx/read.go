package elfx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ExtractFile extracts the BTF of the file at path. Anything but a regular file, such as a pipe,
// is read to its end first. It returns soon after ctx is done, also while it waits for a pipe's
// writer, except on Darwin and Windows, whose pipes have no deadlines. An error is an *[Error]; it
// wraps an error of the operating system, of the context or of this package.
func ExtractFile(ctx context.Context, path string, opts *Options) (*Data, error) {
	d, err := readFile(ctx, path, opts)
	if err == nil {
		return d, nil
	}
	var e *Error
	if errors.As(err, &e) {
		e.Path = path
		return nil, e
	}
	var pathErr *os.PathError
	if errors.As(err, &pathErr) && pathErr.Path == path {
		err = fmt.Errorf("%s: %w", pathErr.Op, pathErr.Err) // Error says the path already
	}
	return nil, &Error{Path: path, Err: err}
}

func readFile(ctx context.Context, path string, opts *Options) (*Data, error) {
	f, silent, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readOpen(ctx, f, silent, opts)
}

func readOpen(ctx context.Context, f *os.File, silent bool, opts *Options) (*Data, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return nil, errors.New("a directory: name one of its files")
	}
	if st.Mode().IsRegular() {
		return Extract(ctx, f, st.Size(), opts)
	}
	b := newBudget(opts, 0)
	data, err := readPipe(ctx, f, silent, b)
	if err != nil {
		return nil, err
	}
	in := &input{size: int64(len(data)), mem: data, shared: true}
	return extract(ctx, in, opts, b.maxSize-b.size)
}

// Extract extracts BTF from the first size bytes of r. Of an uncompressed ELF file it reads only
// what it needs; a compressed one is read once, in order. An error is an *[Error].
func Extract(ctx context.Context, r io.ReaderAt, size int64, opts *Options) (*Data, error) {
	return extract(ctx, &input{r: r, size: size}, opts, 0)
}

// ExtractBytes extracts BTF from bytes, which must not change while the result is in use: raw BTF
// and sections of an uncompressed ELF file are parts of b. An error is an *[Error].
func ExtractBytes(ctx context.Context, b []byte, opts *Options) (*Data, error) {
	return extract(ctx, &input{size: int64(len(b)), mem: b[:len(b):len(b)], shared: true}, opts, 0)
}

// extract finds the BTF of a file, of which used bytes were read before.
func extract(ctx context.Context, in *input, opts *Options, used int64) (*Data, error) {
	x := newExtraction(ctx, in.size, opts, used)
	d, err := x.run(in)
	if err != nil {
		return nil, &Error{Format: strings.Join(x.trail, "/"), Tried: x.tried, Err: err}
	}
	d.Format = strings.Join(x.trail, "/")
	d.ByteOrder = byteOrder(d.BTF)
	return d, nil
}
