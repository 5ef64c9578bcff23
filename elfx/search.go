package elfx

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
)

// searchStep is how much is searched between two looks at the context.
const searchStep = 16 << 20

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

// search looks for BTF in an image, and if streams is set for compressed streams that hold any.
func (x *extraction) search(in *input, streams bool) (*Data, error) {
	off, n, err := x.findBTF(in.mem)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		x.enter("raw")
		b, err := in.keep(off, n)
		return &Data{BTF: b, Offset: in.at(off)}, err
	}
	if streams {
		d, err := x.findStream(in)
		if d != nil || err != nil {
			return d, err
		}
	}
	return nil, fmt.Errorf("%w: neither BTF, ELF nor a known image with BTF in it: a kernel needs "+
		"CONFIG_DEBUG_INFO_BTF to have any", ErrNoBTF)
}

// findBTF returns the place of the largest blob in b that parses, or n = 0.
func (x *extraction) findBTF(b []byte) (off, n int64, err error) {
	seen := 0
	x.work = workFactor * int64(len(b))
	for _, magic := range []string{magicLE, magicBE} {
		err = x.each(b, magic, func(at int64) (next int64) {
			seen++
			size, cost := blobSize(b[at:], x.work)
			x.work -= cost
			if size > n {
				off, n = at, size
			}
			return at + max(size, 1)
		})
		if err != nil {
			return 0, 0, err
		}
	}
	if n == 0 {
		x.note("search for BTF in %d bytes: magic seen %d times, no blob parses", len(b), seen)
	}
	return off, n, nil
}

// each calls visit with every offset of pattern in b, in order; visit returns where to go on.
func (x *extraction) each(b []byte, pattern string, visit func(at int64) (next int64)) error {
	want, size := []byte(pattern), int64(len(b))
	for from := int64(0); from < size; {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		end := min(size, from+searchStep)
		i := bytes.Index(b[from:end], want)
		switch {
		case i >= 0:
			from = visit(from + int64(i))
		case end == size:
			from = size
		default:
			from = end - int64(len(want)) + 1 // a match may lie across two steps
		}
	}
	return nil
}

// candidate is a place where a compressed stream may begin.
type candidate struct {
	at    int64
	codec *codec
}

// findStream decompresses what looks like a compressed stream, in file order, until one holds BTF.
// It returns nothing if none does.
func (x *extraction) findStream(in *input) (*Data, error) {
	var found []candidate
	for i := range codecs {
		c := &codecs[i]
		err := x.each(in.mem, c.magic, func(at int64) int64 {
			if c.matches(in.mem[at:min(at+codecHead, in.size)]) {
				found = append(found, candidate{at, c})
			}
			return at + 1
		})
		if err != nil {
			return nil, err
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].at < found[j].at })
	for i, f := range found {
		if x.feed <= attemptCost {
			x.note("search ended at %#x: %d of %d streams left", f.at, len(found)-i, len(found))
			break
		}
		d, err := x.tryStream(in, f)
		if err == nil || final(err) && !errors.Is(err, ErrNoBTF) {
			return d, err
		}
		x.note("%s at %#x: %v", f.codec.name, f.at, err)
	}
	if len(found) == 0 {
		x.note("search for compressed streams: none")
	}
	return nil, nil
}

// tryStream decompresses one candidate and looks into it.
func (x *extraction) tryStream(in *input, f candidate) (*Data, error) {
	leave := x.enter(f.codec.name)
	x.feed -= attemptCost
	n := min(in.size-f.at, x.feed)
	src := &source{ctx: x.ctx, r: in.reader(f.at, n)}
	// No hint: most finds are chance, and each would reserve memory for the rest of the file.
	b, err := x.inflate(f.codec, src, 0, true)
	x.feed -= src.n
	if err == nil {
		var d *Data
		if d, err = x.extract(unpacked(b), false); err == nil {
			return d, nil
		}
	}
	leave()
	return nil, err
}
