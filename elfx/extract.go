package elfx

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
)

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
