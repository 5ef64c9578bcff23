package elfx

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"
)

// codec is one compressed stream format.
type codec struct {
	name  string
	magic string
	// valid looks at the bytes from the magic on, where the magic alone is too short to tell a
	// stream from chance; nil accepts.
	valid func(head []byte) bool
	// open returns a reader of the decompressed bytes, within the budget. single says to stop
	// at the end of the first stream, where the decoder can.
	open func(r io.Reader, b *budget, single bool) (io.Reader, error)
	// ended recognises the error of a decoder that cannot stop there and finds something else
	// behind the stream.
	ended func(error) bool
	// sized says that kernel images append the decompressed size to the stream in 4 bytes (the
	// *_with_size rules of the kernel's scripts/Makefile.lib); only gzip has it built in.
	sized bool
}

// codecs holds every format that kernels and modules are compressed with; the magics are those
// of the kernel's lib/decompress.c. No magic is a prefix of another's.
var codecs = []codec{
	{name: "gzip", magic: "\x1f\x8b\x08", valid: validGzip, open: openGzip},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd", open: openZstd, ended: endedZstd, sized: true},
	{name: "xz", magic: "\xfd7zXZ\x00", open: openXZ, sized: true},
	{name: "lz4", magic: "\x04\x22\x4d\x18", open: openLZ4, ended: endedLZ4},
	{name: "lz4-legacy", magic: "\x02\x21\x4c\x18", open: openLZ4, ended: endedLegacy,
		sized: true},
	{name: "bzip2", magic: "BZh", valid: validBzip2, open: openBzip2, ended: endedBzip2,
		sized: true},
	{name: "lzma", magic: "\x5d\x00\x00", valid: validLZMA, open: openLZMA, sized: true},
	{name: "lzop", magic: "\x89LZO\x00\r\n\x1a\n", open: openLzop, sized: true},
}

// codecHead is the number of bytes that a codec's magic and valid look at.
const codecHead = 13

// codecOf returns the codec of a stream that begins with head, or nil.
func codecOf(head []byte) *codec {
	for i := range codecs {
		if codecs[i].matches(head) {
			return &codecs[i]
		}
	}
	return nil
}

func (c *codec) matches(head []byte) bool {
	return bytes.HasPrefix(head, []byte(c.magic)) && (c.valid == nil || c.valid(head))
}

// validGzip wants the reserved flag bits to be zero (RFC 1952, 2.3.1).
func validGzip(head []byte) bool { return len(head) > 3 && head[3]&0xe0 == 0 }

// validBzip2 wants a level and then the magic of a block or of the end.
func validBzip2(head []byte) bool {
	return len(head) >= 10 && '1' <= head[3] && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// validLZMA wants what xz's own detection wants: a dictionary of 2^n or 2^n + 2^(n-1) bytes, and
// a size that is unknown or below 256 GiB.
func validLZMA(head []byte) bool {
	if len(head) < 13 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	plain := bits.OnesCount32(dict) == 1 ||
		bits.OnesCount32(dict) == 2 && bits.OnesCount32(dict&(dict>>1)) == 1
	return plain && (size == ^uint64(0) || size < 256<<30)
}

func openGzip(r io.Reader, _ *budget, single bool) (io.Reader, error) {
	z, err := gzip.NewReader(r)
	if err == nil {
		z.Multistream(!single)
	}
	return z, err
}

func openXZ(r io.Reader, b *budget, single bool) (io.Reader, error) {
	z, err := xz.NewReader(r, b.window)
	if err == nil {
		z.Multistream(!single)
	}
	return z, err
}

// openZstd decodes in the calling goroutine: a reader that is dropped after an error then leaves
// nothing behind.
func openZstd(r io.Reader, b *budget, _ bool) (io.Reader, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(max(uint64(b.window), zstd.MinWindowSize)))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func endedZstd(err error) bool { return errors.Is(err, zstd.ErrMagicMismatch) }

func openLZ4(r io.Reader, _ *budget, _ bool) (io.Reader, error) { return lz4.NewReader(r), nil }

func endedLZ4(err error) bool { return errors.Is(err, lz4.ErrInvalidFrame) }

// endedLegacy takes any error for the end: a legacy stream has no end mark, and whatever follows
// it is read as the length of a block.
func endedLegacy(error) bool { return true }

func openBzip2(r io.Reader, _ *budget, _ bool) (io.Reader, error) { return bzip2.NewReader(r), nil }

func endedBzip2(err error) bool {
	return err == bzip2.StructuralError("bad magic value in continuation file")
}

// openLZMA lowers the dictionary size in the header to the number of bytes wanted, because the
// decoder allocates it at once: xz -9 claims 64 MiB for a module of 20 kB too.
func openLZMA(r io.Reader, b *budget, _ bool) (io.Reader, error) {
	head := make([]byte, lzma.HeaderLen)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	dict := int64(binary.LittleEndian.Uint32(head[1:]))
	if dict = min(dict, max(b.left, lzma.MinDictCap)); dict > int64(b.window) {
		return nil, errWindow
	}
	binary.LittleEndian.PutUint32(head[1:], uint32(dict))
	return lzma.NewReader(io.MultiReader(bytes.NewReader(head), r))
}

// errWindow says that a stream asks for more than Limits.MaxWindow.
var errWindow = errors.New("history to keep")

// wantsWindow recognises what decoders say of a window that is too large.
func wantsWindow(err error) bool {
	return errors.Is(err, errWindow) || errors.Is(err, xz.ErrMemlimit) ||
		errors.Is(err, zstd.ErrWindowSizeExceeded)
}
