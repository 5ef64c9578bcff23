package elfx

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// step is how many bytes are read or unpacked between two looks at the context.
const step = 1 << 20

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
	if n > s.budget.unpackable() {
		return nil, s.budget.exceeded()
	}
	out, err := s.budget.grow(s.out, n)
	if err != nil {
		return nil, err
	}
	start := int64(len(out))
	s.out = out[:start+n]
	return s.out[start:], s.budget.spend(n)
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
		if err := s.budget.spend(int64(n)); err != nil {
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

// unread returns how many bytes the decoder did not read.
func (s *source) unread() int { return len(s.in.rest) + s.Buffered() }

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

// errWindow says that a stream asks for more than Options.MaxWindow.
var errWindow = errors.New("history to keep")

// reserveHistory takes the bytes that a decoder will keep beside its output from the budget, and
// returns how many it may: those asked for, or half of the room. With less than it asked for it
// still unpacks everything, since it cannot refer farther back than to its first byte, and runs
// out of room before it has unpacked more than the other half.
func (s *sink) reserveHistory(asked int64) (int64, error) {
	if min(asked, s.budget.unpackable()) > s.budget.window {
		return 0, errWindow
	}
	n := min(asked, (s.budget.unpackable()+1)/2)
	return n, s.budget.spend(n)
}
