package elfx

import (
	"fmt"
	"math"
)

// The limits that a zero [Options] stands for.
const (
	// DefaultMaxSize is the default of Options.MaxSize: 1 GiB, above every vmlinux with its
	// debug information stripped.
	DefaultMaxSize = 1 << 30
	// DefaultMaxRatio is the default of Options.MaxRatio. Kernels and modules reach 3 to 8.
	DefaultMaxRatio = 64
	// RatioFloor is the number of decompressed bytes below which no ratio is applied, so that a
	// tiny file full of zeros is not mistaken for an attack: 16 MiB.
	RatioFloor = 16 << 20
	// DefaultMaxWindow is the default of Options.MaxWindow: 128 MiB, which the kernel's zstd -22
	// asks for when it compresses from a pipe, and its xz, too.
	DefaultMaxWindow = 128 << 20
)

// Options bounds what reading one file may cost. The zero value, or nil, means the defaults.
type Options struct {
	// MaxSize is the greatest number of bytes that are read whole or decompressed, summed over
	// all layers of one file; the history that xz and lzma keep beside their output counts, too.
	// Reading a file allocates at most 1.3 times as much, and a few megabytes. 0 means
	// [DefaultMaxSize]; a negative value means no such limit.
	MaxSize int64
	// MaxRatio is the greatest number of decompressed bytes, history included, for each byte of
	// the file, summed over all layers; it applies above [RatioFloor] bytes. 0 means
	// [DefaultMaxRatio]; a negative value means no such limit.
	MaxRatio int64
	// MaxWindow is the greatest number of bytes of history that one stream may ask for, as it
	// says in its header. 0 means [DefaultMaxWindow]; a negative value means no such limit.
	MaxWindow int64
	// Pool bounds the memory of all calls that have it in their Options together. Nil means that
	// each call has its own limits alone.
	Pool *Pool
	// FixDatasec fills in what compilers leave to the loader: the sizes of DATASECs and the offsets
	// of their variables, from the sections and symbols of the ELF file. Without it the BTF of an
	// object that was not linked has zeros there. It does what libbpf does when it opens an object:
	//
	//   - a DATASEC of size 0 gets the size of the ELF section of its name, and its global and weak
	//     variables get the values of their symbols as offsets; static ones have theirs already;
	//   - a variable with a hidden or internal symbol becomes static;
	//   - the entries of every DATASEC are sorted by offset;
	//   - .ksyms and .kconfig, which are in no ELF file, stay as they are but for that.
	//
	// BTF that this changes is a copy, and Data.Offset is -1. A split BTF is left alone.
	FixDatasec bool
}

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
	b.memory.spare = b.room() / 4
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

// worst returns the most bytes that the work may still need.
func (b *budget) worst() int64 {
	if b.unpack > unlimited-b.input {
		return b.size
	}
	return min(b.size, b.unpack+b.input)
}

// room returns how many bytes may still be unpacked.
func (b *budget) room() int64 { return min(b.size, b.unpack) }

// take spends n bytes that were unpacked, or that a decompressor keeps as history.
func (b *budget) take(n int64) error {
	if n > b.room() {
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
