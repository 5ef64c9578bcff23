package elfx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// step is how many bytes are read or unpacked between two looks at the context.
const step = 1 << 20

// growth bounds the first buffer for a stream to a multiple of its size, whatever its header or
// trailer claims. Real kernels and modules stay below it.
const growth = 8

// unpack decompresses the stream at the start of src, and all that follow it at once unless single
// is set. hint is the expected number of bytes. read is how many bytes of src it took, also where
// it fails.
func (x *extraction) unpack(c *codec, src []byte, hint int64, single bool) (
	out []byte, read int, err error) {
	s := &sink{ctx: x.ctx, budget: x.budget}
	if s.out, err = x.budget.buffer(min(hint, growth*int64(len(src)), x.budget.room())); err != nil {
		return nil, 0, err
	}
	read, err = c.decode(s, src, single)
	if x.ctx.Err() != nil {
		return nil, read, x.ctx.Err()
	}
	if err != nil {
		return nil, read, x.streamError(c, len(s.out), err)
	}
	return x.budget.keep(s.out), read, nil
}

// streamError says how far a stream could be read. A decoder's complaint means corrupt data.
func (x *extraction) streamError(c *codec, done int, err error) error {
	if errors.Is(err, errWindow) {
		return fmt.Errorf("%s stream: %w: %w above the limit of Options.MaxWindow (%d bytes)",
			c.name, ErrTooLarge, err, x.budget.window)
	}
	for _, class := range []error{ErrUnsupported, ErrCorrupt, ErrTooLarge} {
		if errors.Is(err, class) {
			return fmt.Errorf("%s stream: %w", c.name, err)
		}
	}
	return fmt.Errorf("%s stream: %w after %d bytes out: %w", c.name, ErrCorrupt, done, noEOF(err))
}

// sink collects what the streams of one layer unpack to.
type sink struct {
	ctx    context.Context
	budget *budget
	out    []byte
}

// extend makes room for n bytes behind out, takes them from the budget and returns them to be
// filled in. They are part of out at once.
func (s *sink) extend(n int64) ([]byte, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	if n > s.budget.room() {
		return nil, s.budget.exceeded()
	}
	out, err := s.budget.grow(s.out, n)
	if err != nil {
		return nil, err
	}
	start := int64(len(out))
	s.out = out[:start+n]
	return s.out[start:], s.budget.take(n)
}

// giveBack takes back the last n bytes that extend returned.
func (s *sink) giveBack(n int) {
	s.out = s.out[:len(s.out)-n]
	s.budget.size += int64(n)
	s.budget.unpack += int64(n)
}

// readAll appends what a decoder returns until its end. It makes room for one byte more than may
// come, so that the end is seen without growing.
func (s *sink) readAll(r io.Reader) error {
	for {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		out, err := s.budget.grow(s.out, 1)
		if err != nil {
			return err
		}
		n, err := r.Read(out[len(out):min(cap(out), len(out)+step)])
		s.out = out[:len(out)+n]
		if err := s.budget.take(int64(n)); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// source is what a decoder reads from that takes an io.Reader; some have faster code for the
// bufio.Reader inside. It fails once the context is done, so that a decoder that consumes input and
// returns nothing ends, too.
type source struct {
	*bufio.Reader
	in *contextReader
}

// newSource makes a source of bytes.
func newSource(ctx context.Context, b []byte) *source {
	in := &contextReader{ctx: ctx, rest: b}
	return &source{Reader: bufio.NewReaderSize(in, min(len(b), 64<<10)), in: in}
}

// left returns how many bytes the decoder did not read.
func (s *source) left() int { return len(s.in.rest) + s.Buffered() }

// contextReader reads bytes until its context is done.
type contextReader struct {
	ctx  context.Context
	rest []byte
}

// Read copies the next bytes.
func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// noEOF turns the end of the input inside a structure into an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
