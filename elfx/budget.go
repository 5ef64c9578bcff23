package elfx

import (
	"fmt"
	"math"
)

// budget counts what one file may still cost. It is shared by all layers and all attempts.
type budget struct {
	memory
	size     int64 // bytes that may still be read, unpacked or kept as history
	unpack   int64 // the same without those that are read: what MaxRatio leaves
	maxSize  int64
	sizeName string // of the option that maxSize is from
	maxRatio int64
	most     int64 // unpack at the start
	input    int64 // the size of the file
	window   int64 // history of one stream
}

// unlimited stands for a limit that was lifted.
const unlimited = math.MaxInt64

// newBudget works out what a file of size bytes may cost.
func newBudget(o *Options, size int64) *budget {
	if o == nil {
		o = new(Options)
	}
	b := &budget{
		maxSize:  limitOf(o.MaxSize, DefaultMaxSize),
		maxRatio: limitOf(o.MaxRatio, DefaultMaxRatio),
		window:   min(limitOf(o.MaxWindow, DefaultMaxWindow), math.MaxUint32),
		input:    size,
		most:     unlimited,
		sizeName: "Options.MaxSize",
	}
	if o.Pool != nil && o.Pool.size < b.maxSize {
		b.maxSize, b.sizeName = o.Pool.size, "Options.Pool"
	}
	b.size = b.maxSize
	if size <= unlimited/b.maxRatio {
		b.most = max(b.maxRatio*size, RatioFloor)
	}
	b.unpack = b.most
	b.memory.spare = b.unpackable() / 4
	return b
}

// limitOf returns the value of a field of Options.
func limitOf(v, byDefault int64) int64 {
	switch {
	case v == 0:
		return byDefault
	case v < 0:
		return unlimited
	}
	return v
}

// mostNeeded returns the most bytes that the work may still need.
func (b *budget) mostNeeded() int64 {
	if b.unpack > unlimited-b.input {
		return b.size
	}
	return min(b.size, b.unpack+b.input)
}

// unpackable returns how many bytes may still be unpacked.
func (b *budget) unpackable() int64 { return min(b.size, b.unpack) }

// spend spends n bytes that were unpacked, or that a decompressor keeps as history.
func (b *budget) spend(n int64) error {
	if n > b.unpackable() {
		return b.exceeded()
	}
	b.size -= n
	b.unpack -= n
	return nil
}

// exceeded is the error of a file that unpacks to more than the budget.
func (b *budget) exceeded() error {
	if b.unpack < b.size {
		return fmt.Errorf("%w: more than %d bytes unpacked from %d, the limit of "+
			"Options.MaxRatio (%d to 1)", ErrTooLarge, b.most, b.input, b.maxRatio)
	}
	return fmt.Errorf("%w: more than %d bytes unpacked from %d, the limit of "+
		"%s (%d bytes)", ErrTooLarge, b.maxSize, b.input, b.sizeName, b.maxSize)
}

// checkRead spends n bytes that are to be read at once.
func (b *budget) checkRead(what string, n int64) error {
	if n > b.size {
		return fmt.Errorf("%w: %s of %d bytes, above the limit of %s (%d bytes) for all that is "+
			"read and unpacked", ErrTooLarge, what, n, b.sizeName, b.maxSize)
	}
	b.size -= n
	return nil
}

// memory hands out the buffers for unpacked bytes. How many there are shows at a stream's end only,
// and a buffer that is outgrown stays until the collector runs. So all buffers that may be outgrown
// get a quarter of the limit together. The next one is as large as everything that may still be
// unpacked: it is never outgrown, and whatever is unpacked later goes behind it. All buffers of one
// file together thus have 1.25 times the limit, however many layers the file has.
type memory struct {
	spare int64  // bytes that buffers may have before the large one is made
	large []byte // what is free of the large one; nil before it is made
	whole []byte // all of the large one, which may be there before it is needed
	made  int64  // bytes allocated
}

// reuseLarge takes the large buffer of a call that ended, which serves if it is large enough.
func (m *memory) reuseLarge(large []byte) {
	m.whole = large
	m.made += int64(cap(large))
}

// giveBack returns the bytes allocated, and the large buffer, which it forgets: it can be used
// again, or collected now.
func (m *memory) giveBack() (made int64, large []byte) {
	large = m.whole
	m.large, m.whole = nil, nil
	return m.made, large
}

// leastBuffer is the size of the smallest buffer.
const leastBuffer = 4 << 10

// What decompressors want behind the bytes that they write: all of them a little, and zstd's, which
// sees a limit only when it is behind it, one block.
const (
	overrun   = 64
	zstdBlock = 128 << 10 // the most that one unpacks to
)

// buffer returns an empty buffer for n bytes, or for more.
func (b *budget) buffer(n int64) ([]byte, error) { return b.grow(nil, max(n, leastBuffer)) }

// grow returns a buffer that begins with the bytes of buf, which were taken from the budget, and
// has room for n more.
func (b *budget) grow(buf []byte, n int64) ([]byte, error) {
	used, has := int64(len(buf)), int64(cap(buf))
	if n <= has-used {
		return buf, nil
	}
	if b.large != nil && has > 0 {
		return nil, b.exceeded() // buf is the large one already, or the limit was reached before
	}
	if size := max(2*has, used+n) + overrun; b.large == nil && size <= b.spare {
		b.spare -= size
		larger, err := b.allocate(size)
		return append(larger, buf...), err
	}
	if b.large == nil {
		most := min(b.unpackable(), unlimited-used-zstdBlock-overrun)
		size := used + most + zstdBlock + overrun
		if int64(cap(b.whole)) < size {
			whole, err := b.allocate(size)
			if err != nil {
				return nil, err
			}
			b.whole = whole
		}
		b.large = b.whole[:cap(b.whole)]
	}
	return append(b.large[:0], buf...), nil
}

// allocate makes an empty buffer of n bytes.
func (m *memory) allocate(n int64) ([]byte, error) {
	if n > math.MaxInt/2 {
		return nil, fmt.Errorf("%w: %d bytes do not fit in memory", ErrTooLarge, n)
	}
	m.made += n
	return make([]byte, 0, n), nil
}

// keep sets a filled buffer aside: what is unpacked next does not overwrite it.
func (b *budget) keep(buf []byte) []byte {
	if len(buf) > 0 && len(b.large) > 0 && &buf[0] == &b.large[0] {
		b.large = b.large[len(buf):]
	}
	return buf[:len(buf):len(buf)]
}

// copyOf returns a copy of part, which belongs to a larger buffer, so that it does not keep all of
// that alive. Where memory is short it returns part itself.
func (b *budget) copyOf(part []byte) []byte {
	if int64(len(part)) > b.spare {
		return part
	}
	b.spare -= int64(len(part))
	b.made += int64(len(part))
	return append([]byte(nil), part...)
}
