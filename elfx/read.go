package elfx

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Data is the BTF that one file holds.
type Data struct {
	// BTF is the blob itself, ready for a backend's Parse. Of bytes given to [ExtractBytes] it may be a
	// part, otherwise it belongs to the caller alone.
	BTF []byte
	// Base is the .BTF.base section of a module with a distilled base, else nil. BTF is then
	// split on Base and not on the kernel's BTF.
	Base []byte
	// Ext is the .BTF.ext section, else nil.
	Ext []byte
	// Format names the containers around the BTF, outermost first, such as "raw", "xz/ELF64" or
	// "bzImage/zstd/ELF64".
	Format string
	// Offset is where in the file BTF lies verbatim, or -1 if it was unpacked.
	Offset int64
	// ByteOrder is the byte order of BTF, as its magic number tells it.
	ByteOrder binary.ByteOrder
	// PointerSize is the size of a pointer in bytes, 4 or 8, as the class of the ELF file tells
	// it; 0 if there was no ELF file around the BTF. BTF itself does not state it, and nothing
	// here hands it to the Backend: a [btf.Spec] takes it from the BTF alone, as libbpf does, from
	// the size of the type "long".
	PointerSize int
}

// ExtractFile extracts the BTF of the file at path. Anything but a regular file, such as a pipe, is
// read to its end first. An error is an *[Error], whose cause is the operating system's, the
// context's or one of this package's.
func ExtractFile(ctx context.Context, path string, opts *Limits) (*Data, error) {
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

func readFile(ctx context.Context, path string, opts *Limits) (*Data, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readOpen(ctx, f, opts)
}

func readOpen(ctx context.Context, f *os.File, opts *Limits) (*Data, error) {
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
	data, err := io.ReadAll(io.LimitReader(&source{ctx: ctx, r: f}, min(b.maxSize, unlimited-1)+1))
	if err != nil {
		return nil, err
	}
	if err := b.checkRead("input", int64(len(data))); err != nil {
		return nil, err
	}
	return ExtractBytes(ctx, data, opts)
}

// Extract extracts BTF from the first size bytes of r. Of an uncompressed ELF file it reads only what
// it needs; a compressed one is read once, in order. An error is an *[Error].
func Extract(ctx context.Context, r io.ReaderAt, size int64, opts *Limits) (*Data, error) {
	return extract(ctx, &input{r: r, size: size}, opts)
}

// ExtractBytes extracts BTF from bytes, which must not change while the result is in use: raw BTF and
// sections of an uncompressed ELF file are parts of b. An error is an *[Error].
func ExtractBytes(ctx context.Context, b []byte, opts *Limits) (*Data, error) {
	return extract(ctx, &input{size: int64(len(b)), mem: b[:len(b):len(b)], shared: true}, opts)
}

func extract(ctx context.Context, in *input, opts *Limits) (*Data, error) {
	x := &extraction{ctx: ctx, budget: newBudget(opts, in.size), feed: scanFeed(in.size)}
	d, err := x.extract(in, true)
	if err != nil {
		return nil, &Error{Format: strings.Join(x.trail, "/"), Tried: x.tried, Err: err}
	}
	d.Format = strings.Join(x.trail, "/")
	d.ByteOrder = byteOrder(d.BTF)
	return d, nil
}

// maxLayers bounds the containers in each other: gzip, bzImage, zstd and ELF are four.
const maxLayers = 8

// extraction is the work on one file.
type extraction struct {
	ctx    context.Context
	budget *budget
	feed   int64    // bytes that attempts found by searching may still consume
	work   int64    // bytes of records that false finds of BTF may still cost
	trail  []string // the containers entered so far
	tried  []string // what was attempted in vain
}

// extract finds the BTF of one layer. search says whether an unknown layer may be searched for
// compressed streams: those found by a search are not, which keeps the whole linear.
func (x *extraction) extract(in *input, search bool) (*Data, error) {
	if err := x.ctx.Err(); err != nil {
		return nil, err
	}
	if in.size <= 0 {
		return nil, fmt.Errorf("%w: the file is empty", ErrNoBTF)
	}
	if len(x.trail) >= maxLayers {
		return nil, fmt.Errorf("%w: more than %d containers in each other", ErrUnsupported, maxLayers)
	}
	head, err := in.view(0, min(in.size, 64))
	if err != nil {
		return nil, err
	}
	if byteOrder(head) != nil {
		return x.raw(in)
	}
	if bytes.HasPrefix(head, []byte("\x7fELF")) {
		return x.elf(in, head, search)
	}
	if c := codecOf(head); c != nil {
		return x.stream(in, c, search)
	}
	return x.image(in, search)
}

// enter notes a container in the trail; the function it returns takes it off again, for the case
// that it led nowhere.
func (x *extraction) enter(name string) (leave func()) {
	n := len(x.trail)
	x.trail = append(x.trail, name)
	return func() { x.trail = x.trail[:n] }
}

// note records a vain attempt. Ten say enough.
func (x *extraction) note(format string, args ...any) {
	if len(x.tried) < 10 {
		x.tried = append(x.tried, fmt.Sprintf(format, args...))
	}
}

// raw takes the whole input as BTF.
func (x *extraction) raw(in *input) (*Data, error) {
	x.enter("raw")
	if err := x.budget.checkRead("raw BTF", in.size); err != nil {
		return nil, err
	}
	b, err := in.view(0, in.size)
	if err != nil {
		return nil, err
	}
	return &Data{BTF: b, Offset: in.at(0)}, nil
}

// stream decompresses an input that is one compressed file and goes on with what was inside. All of
// the file should be streams; where it is not, the first one may still be whole, as in Android's
// images with a device tree behind the kernel.
func (x *extraction) stream(in *input, c *codec, search bool) (*Data, error) {
	x.enter(c.name)
	size, err := unsignedSize(in)
	if err != nil {
		return nil, err
	}
	var b []byte
	var first error
	for _, single := range []bool{false, true} {
		src := &source{ctx: x.ctx, r: in.reader(0, size)}
		r := bufio.NewReaderSize(src, int(min(size, 64<<10)))
		b, err = x.inflate(c, r, 4*size, single)
		switch {
		case src.err != nil:
			return nil, src.err
		case err == nil:
			return x.extract(unpacked(b), search)
		case first == nil:
			first = err
		}
		if !errors.Is(err, ErrCorrupt) {
			break
		}
	}
	return nil, first
}
