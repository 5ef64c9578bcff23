package elfx

import (
	"fmt"
	"math"
	"strconv"
)

// The limits that a zero [Limits] stands for.
const (
	// DefaultMaxSize is the default of Limits.MaxSize: 1 GiB, above every vmlinux with its
	// debug information stripped.
	DefaultMaxSize = 1 << 30
	// DefaultMaxRatio is the default of Limits.MaxRatio. Kernels and modules reach 3 to 8.
	DefaultMaxRatio = 64
	// RatioFloor is the number of decompressed bytes below which no ratio is applied, so that a
	// tiny file full of zeros is not mistaken for an attack: 16 MiB.
	RatioFloor = 16 << 20
	// DefaultMaxWindow is the default of Limits.MaxWindow: 128 MiB, which the kernel's zstd -22
	// asks for when it compresses from a pipe, and its xz, too.
	DefaultMaxWindow = 128 << 20
)

// Options bounds what reading one file may cost. The zero value, or nil, means the defaults.
type Limits struct {
	// MaxSize is the greatest number of bytes that are read whole or decompressed, summed over
	// all layers of one file, and the greatest size of one section. 0 means [DefaultMaxSize];
	// a negative value means no such limit.
	MaxSize int64
	// MaxRatio is the greatest number of decompressed bytes for each byte of the file, summed
	// over all layers; it applies above [RatioFloor] bytes. 0 means [DefaultMaxRatio]; a
	// negative value means no such limit.
	MaxRatio int64
	// MaxWindow is the greatest number of bytes of history that one stream may ask its
	// decompressor to keep, and so what a small hostile file may make it allocate. 0 means
	// [DefaultMaxWindow]; a negative value means no such limit.
	MaxWindow int64
}

// budget counts what one file may still decompress. It is shared by all layers and all attempts.
type budget struct {
	maxSize int64 // for bytes that are read rather than made
	left    int64 // decompressed bytes still allowed
	limit   int64 // left at the start
	name    string
	input   int64
	window  uint32 // of one stream
}

const unlimited = 1<<63 - 1

// newBudget works out what a file of size bytes may unpack to.
func newBudget(o *Limits, size int64) *budget {
	maxSize, ratio, window := int64(DefaultMaxSize), int64(DefaultMaxRatio), int64(DefaultMaxWindow)
	if o != nil && o.MaxSize != 0 {
		maxSize = o.MaxSize
	}
	if o != nil && o.MaxRatio != 0 {
		ratio = o.MaxRatio
	}
	if o != nil && o.MaxWindow != 0 {
		window = o.MaxWindow
	}
	if window < 0 || window > math.MaxUint32 {
		window = math.MaxUint32
	}
	if maxSize < 0 {
		maxSize = unlimited
	}
	b := &budget{
		maxSize: maxSize,
		limit:   maxSize,
		name:    "Limits.MaxSize (" + strconv.FormatInt(maxSize, 10) + " bytes)",
		input:   size,
		window:  uint32(window),
	}
	if ratio < 0 || size > unlimited/ratio {
		ratio = 0
	}
	if byRatio := max(ratio*size, RatioFloor); ratio > 0 && byRatio < maxSize {
		b.limit = byRatio
		b.name = "Limits.MaxRatio (" + strconv.FormatInt(ratio, 10) + " to 1)"
	}
	b.left = b.limit
	return b
}

// take spends n decompressed bytes.
func (b *budget) take(n int64) error {
	if n > b.left {
		return b.exceeded()
	}
	b.left -= n
	return nil
}

// exceeded is the error of a file that unpacks to more than the budget.
func (b *budget) exceeded() error {
	return fmt.Errorf("%w: more than %d bytes unpacked from %d, the limit of %s",
		ErrTooLarge, b.limit, b.input, b.name)
}

// checkRead refuses to read n bytes of a file at once if that is above the size limit.
func (b *budget) checkRead(what string, n int64) error {
	if n > b.maxSize {
		return fmt.Errorf("%w: %s of %d bytes, above the limit of Limits.MaxSize (%d bytes)",
			ErrTooLarge, what, n, b.maxSize)
	}
	return nil
}
