package elfx

import (
	"fmt"
	"math"
)

// memory hands out the buffers for unpacked bytes. How many there are shows at a stream's end only,
// and a buffer that is outgrown stays until the collector runs. So all buffers that may be outgrown
// get a quarter of the limit together. The next one is as large as everything that may still be
// unpacked: it is never outgrown, and whatever is unpacked later goes behind it. All buffers of one
// file together thus have 1.25 times the limit, however many layers the file has.
type memory struct {
	spare int64  // bytes that buffers may have before the large one is made
	large []byte // what is free of the large one; nil before it is made
	made  int64  // bytes allocated
}

// leastBuffer is the size of the smallest buffer.
const leastBuffer = 4 << 10

// overrun is what decompressors want behind the bytes that they write.
const overrun = 64

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
		most := min(b.room(), unlimited-used-zstdBlock-overrun)
		large, err := b.allocate(used + most + zstdBlock + overrun)
		if err != nil {
			return nil, err
		}
		b.large = large[:cap(large)]
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
