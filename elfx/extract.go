package elfx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// maxLayers bounds the containers in each other: gzip, bzImage, zstd and ELF are four.
const maxLayers = 8

// extraction is the work on one file.
type extraction struct {
	ctx    context.Context
	opts   Options
	budget *budget
	feed   int64    // bytes that attempts found by searching may still consume
	work   int64    // bytes of records that false finds of BTF may still cost
	trail  []string // the containers entered so far
	tried  []string // what was attempted in vain
}

// newExtraction prepares the work on a file of size bytes, of which used were read before.
func newExtraction(ctx context.Context, size int64, opts *Options, used int64) *extraction {
	x := &extraction{ctx: ctx, budget: newBudget(opts, size), feed: scanFeed(size)}
	if opts != nil {
		x.opts = *opts
	}
	x.budget.size -= used
	return x
}

// run does the work, within the pool if there is one.
func (x *extraction) run(in *input) (*Data, error) {
	pool := x.opts.Pool
	if pool == nil {
		return x.extract(in, forStreams)
	}
	need := x.budget.mostNeeded()
	large, err := pool.acquire(x.ctx, need)
	if err != nil {
		return nil, err
	}
	x.budget.reuseLarge(large)
	found := true // after a panic, too, nobody else gets the buffer
	defer func() {
		made, large := x.budget.giveBack()
		if found {
			large = nil // what was found may lie in it
		}
		pool.release(need, made, large)
	}()
	d, err := x.extract(in, forStreams)
	found = err == nil
	return d, err
}

// reach is what a layer may be searched for.
type reach int

const (
	// forBTF is for layers that were found by searching, or that a kernel's header points out: they
	// are searched for BTF as it is, and for zstd frames with nothing but BTF inside. An initial
	// ramdisk full of modules may be among them.
	forBTF reach = iota
	// forStreams is for a file itself: it is also searched for compressed streams of all formats.
	forStreams
)

// extract finds the BTF of one layer.
func (x *extraction) extract(in *input, search reach) (*Data, error) {
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
		return x.takeWhole(in)
	}
	if bytes.HasPrefix(head, []byte(elfMagic)) {
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

// recordAttempt records a vain attempt. Ten different ones say enough.
func (x *extraction) recordAttempt(format string, args ...any) {
	if what := fmt.Sprintf(format, args...); len(x.tried) < 10 && !slices.Contains(x.tried, what) {
		x.tried = append(x.tried, what)
	}
}

// takeWhole takes the whole input as BTF.
func (x *extraction) takeWhole(in *input) (*Data, error) {
	x.enter("raw")
	b, err := x.load(in, "raw BTF", 0, in.size)
	if err != nil {
		return nil, err
	}
	return &Data{BTF: b, Offset: in.at(0)}, nil
}

// stream decompresses an input that is one compressed file and goes on with what was inside.
// Something else may follow, as in Android's images with a device tree behind the kernel.
func (x *extraction) stream(in *input, c *codec, search reach) (*Data, error) {
	x.enter(c.name)
	size, err := unsignedSize(in)
	if err != nil {
		return nil, err
	}
	src, err := x.load(in, c.name+" file", 0, size)
	if err != nil {
		return nil, err
	}
	b, _, err := x.unpack(c, src, 4*size, false)
	if err != nil {
		return nil, err
	}
	return x.extract(unpacked(b), search)
}

// firstLoad is the most that is allocated for a part of a file before any of it was read: a file
// may have holes of any size, and limits can be lifted.
const firstLoad = DefaultMaxSize

// load returns n bytes at off, which are inside the input: a part of mem where there is one, else
// bytes read for the caller, which count.
func (x *extraction) load(in *input, what string, off, n int64) ([]byte, error) {
	if in.mem != nil {
		return in.view(off, n)
	}
	if err := x.budget.checkRead(what, n); err != nil {
		return nil, err
	}
	if n > math.MaxInt/2 {
		return nil, fmt.Errorf("%w: %s of %d bytes does not fit in memory", ErrTooLarge, what, n)
	}
	b := make([]byte, 0, min(n, firstLoad))
	x.budget.made += n
	for int64(len(b)) < n {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		end := min(int64(cap(b)), int64(len(b))+step, n)
		if err := in.fill(b[len(b):end], off+int64(len(b))); err != nil {
			return nil, err
		}
		b = b[:end]
	}
	return b, nil
}

// keep returns n bytes at off as load does, but not as a part of a larger buffer of our own.
func (x *extraction) keep(in *input, what string, off, n int64) ([]byte, error) {
	b, err := x.load(in, what, off, n)
	if err == nil && in.mem != nil && !in.shared && n < in.size {
		b = x.budget.copyOf(b)
	}
	return b, err
}

// growth bounds the first buffer for a stream to a multiple of its size, whatever its header or
// trailer claims. Real kernels and modules stay below it.
const growth = 8

// unpack decompresses the stream at the start of src, and all that follow it at once unless single
// is set. hint is the expected number of bytes. read is how many bytes of src it took, also where
// it fails.
func (x *extraction) unpack(c *codec, src []byte, hint int64, single bool) (
	out []byte, read int, err error) {
	s := &sink{ctx: x.ctx, budget: x.budget}
	size := min(hint, growth*int64(len(src)), x.budget.unpackable())
	if s.out, err = x.budget.buffer(size); err != nil {
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

// Searching must stay linear in the size of the input, although its bytes may be made to look
// like thousands of overlapping blobs or streams. So the blobs that are parsed may have workFactor
// times the input's size together, and what decompressors read feedFactor times: streams that are
// what they seem do not overlap. attemptCost stands for the buffers that a decompressor sets up,
// and attemptFloor allows small inputs a few.
const (
	workFactor   = 8
	feedFactor   = 2
	attemptCost  = 64 << 10
	attemptFloor = 16 * attemptCost
)

// scanFeed is what decompressors may read altogether while an input of size bytes is searched.
func scanFeed(size int64) int64 { return feedFactor*size + attemptFloor }
