package elfx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// input is a file, a part of one, or a decompressed layer.
type input struct {
	r    io.ReaderAt
	size int64
	mem  []byte // the whole input if it is in memory, else nil
	// shared says that mem belongs to the caller, whose slices may be handed back. A layer that
	// was decompressed here is not shared, so that a section does not keep all of it alive.
	shared bool
	// origin is where in the file this input begins, or -1 if it was unpacked.
	origin int64
}

// unpacked makes an input of decompressed bytes.
func unpacked(b []byte) *input { return &input{size: int64(len(b)), mem: b, origin: -1} }

// part makes an input of n bytes at off, which are inside the input and in memory.
func (in *input) part(off, n int64) *input {
	return &input{size: n, mem: in.mem[off : off+n : off+n], shared: in.shared, origin: in.at(off)}
}

// at returns where in the file the byte at off lies, or -1 if it was unpacked.
func (in *input) at(off int64) int64 {
	if in.origin < 0 {
		return -1
	}
	return in.origin + off
}

// within says whether n bytes at off lie inside the input. Both may be any value at all.
func (in *input) within(off, n uint64) bool {
	return off <= uint64(in.size) && n <= uint64(in.size)-off
}

// view returns n bytes at off, which are inside the input: a part of mem where there is one, else
// bytes read for the caller.
func (in *input) view(off, n int64) ([]byte, error) {
	if in.mem != nil {
		return in.mem[off : off+n : off+n], nil
	}
	if n > math.MaxInt {
		return nil, fmt.Errorf("%w: %d bytes do not fit in memory", ErrTooLarge, n)
	}
	b := make([]byte, n)
	if got, err := in.r.ReadAt(b, off); int64(got) < n {
		return nil, fmt.Errorf("%d bytes at %#x: %w", n, off, noEOF(err))
	}
	return b, nil
}

// keep returns n bytes at off as view does, but never a part of a larger buffer of our own.
func (in *input) keep(off, n int64) ([]byte, error) {
	b, err := in.view(off, n)
	if err == nil && in.mem != nil && !in.shared && n < in.size {
		b = append([]byte(nil), b...)
	}
	return b, err
}

// reader returns a reader of n bytes at off, which are inside the input.
func (in *input) reader(off, n int64) io.Reader {
	var r io.ReaderAt = in.r
	if in.mem != nil {
		r = memReader(in.mem)
	}
	return io.NewSectionReader(r, off, n)
}

// memReader is an io.ReaderAt over bytes.
type memReader []byte

// ReadAt copies from the bytes at off.
func (m memReader) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, m[min(off, int64(len(m))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// source is what a decoder reads from. It fails once its context is done, so that every loop that
// consumes input ends, and it remembers an error that is the input's and not the decoder's.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
	n   int64 // bytes read
}

// Read reads from the wrapped reader.
func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
