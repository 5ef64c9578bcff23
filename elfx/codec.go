package elfx

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/gzip"
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
	// decode unpacks the stream at the start of src, and unless single is set those that follow
	// it at once. It returns how many bytes of src it read, also where it fails.
	decode func(s *sink, src []byte, single bool) (read int, err error)
	// sized says that kernel images append the decompressed size to the stream in 4 bytes (the
	// *_with_size rules of the kernel's scripts/Makefile.lib); only gzip has it built in.
	sized bool
}

// codecs holds every format that kernels and modules are compressed with; the magics are those
// of the kernel's lib/decompress.c. No magic is a prefix of another's.
var codecs = []codec{
	{name: "gzip", magic: gzipMagic, valid: validGzip, decode: decodeGzip},
	{name: "zstd", magic: zstdMagic, decode: decodeZstd, sized: true},
	{name: "xz", magic: xzMagic, decode: decodeXZ, sized: true},
	{name: "lz4", magic: "\x04\x22\x4d\x18", decode: decodeLZ4},
	{name: "lz4-legacy", magic: lz4Magic, decode: decodeLZ4Legacy, sized: true},
	{name: "bzip2", magic: "BZh", valid: validBzip2, decode: decodeBzip2, sized: true},
	{name: "lzma", magic: "\x5d\x00", valid: validLZMA, decode: decodeLZMA, sized: true},
	{name: "lzop", magic: lzopMagic, decode: decodeLzop, sized: true},
}

const gzipMagic = "\x1f\x8b\x08"

// codecHead is the number of bytes that a codec's magic and valid look at.
const codecHead = 13

// codecOf returns the codec of a stream that begins with head, or nil.
func codecOf(head []byte) *codec {
	if isSkippable(head) {
		head = []byte(zstdMagic)
	}
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
	if len(head) < lzma.HeaderLen || head[0] >= 9*5*5 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	plain := bits.OnesCount32(dict) == 1 ||
		bits.OnesCount32(dict) == 2 && bits.OnesCount32(dict&(dict>>1)) == 1
	return plain && (size == ^uint64(0) || size < 256<<30)
}

// oddLZMA is for lzma streams with other parameters than the usual, which have no magic number: it
// counts where a file begins and nothing else fits.
var oddLZMA = codec{name: "lzma", valid: validLZMA, decode: decodeLZMA}

// decodeGzip reads members one by one, so that the end of the last is known.
func decodeGzip(s *sink, src []byte, single bool) (int, error) {
	in := newSource(s.ctx, src)
	z, err := gzip.NewReader(in.Reader)
	for err == nil {
		z.Multistream(false)
		if err = s.readAll(z); err != nil {
			break
		}
		next, _ := in.Peek(4)
		if single || !bytes.HasPrefix(next, []byte(gzipMagic)) || !validGzip(next) {
			break
		}
		err = z.Reset(in.Reader)
	}
	return len(src) - in.unread(), err
}

// decodeBzip2 cannot stop before what follows a stream: the decoder complains of that.
func decodeBzip2(s *sink, src []byte, _ bool) (int, error) {
	in := newSource(s.ctx, src)
	err := s.readAll(bzip2.NewReader(in.Reader))
	switch err {
	case bzip2.StructuralError("bad magic value in continuation file"):
		err = nil
	case bzip2.StructuralError("deprecated randomized files"):
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return len(src) - in.unread(), err
}

// decodeLZ4 reads frames; its decoder goes on to the next by itself.
func decodeLZ4(s *sink, src []byte, _ bool) (int, error) {
	in := newSource(s.ctx, src)
	start := len(s.out)
	err := s.readAll(lz4.NewReader(in.Reader))
	switch {
	case errors.Is(err, lz4.ErrInvalidFrame) && len(s.out) > start:
		err = nil // something else follows
	case errors.Is(err, lz4.ErrInvalidFrameDescriptor):
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return len(src) - in.unread(), err
}

// The legacy format of lz4 is a magic number and blocks: the length in 4 bytes, and what unpacks to
// 8 MiB, or to less in the last one (lz4's doc/lz4_Frame_format.md). Nothing marks the end.
const (
	lz4Magic = "\x02\x21\x4c\x18"
	lz4Block = 8 << 20
)

// decodeLZ4Legacy unpacks blocks in place: the decoder for streams takes the decompressed size that
// kernel images append for the length of one more.
func decodeLZ4Legacy(s *sink, src []byte, single bool) (int, error) {
	at, start, whole := len(lz4Magic), len(s.out), true
	for whole && len(src)-at >= 4 {
		n := int(binary.LittleEndian.Uint32(src[at:]))
		if n > lz4.CompressBlockBound(lz4Block) || n > len(src)-at-4 {
			break
		}
		most := min(lz4Block, 255*int64(n)) // a byte adds 255 at most to a length
		dst, err := s.extend(min(most, s.budget.unpackable()))
		if err != nil {
			return at, err
		}
		got, err := lz4.UncompressBlock(src[at+4:at+4+n], dst)
		if err != nil && int64(len(dst)) < most {
			return at, s.budget.exceeded()
		}
		if err != nil {
			return at, err
		}
		s.giveBack(len(dst) - got)
		at += 4 + n
		whole = got == lz4Block
		if !single && bytes.HasPrefix(src[at:], []byte(lz4Magic)) {
			at, whole = at+len(lz4Magic), true
		}
	}
	// Whole blocks to the end, or the size, or more is missing.
	unpacked := uint32(len(s.out) - start)
	if whole && at < len(src) && !single || at == len(lz4Magic) {
		return at, fmt.Errorf("%w after %d bytes out", io.ErrUnexpectedEOF, unpacked)
	}
	return at, nil
}

// decodeLZMA lowers the dictionary size in the header to the number of bytes wanted, because the
// decoder allocates it at once: xz -9 claims 64 MiB for a module of 20 kB too.
func decodeLZMA(s *sink, src []byte, _ bool) (int, error) {
	if len(src) < lzma.HeaderLen {
		return len(src), io.ErrUnexpectedEOF
	}
	in := newSource(s.ctx, src)
	var head [lzma.HeaderLen]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return len(head), err
	}
	asked := int64(binary.LittleEndian.Uint32(head[1:]))
	if size := binary.LittleEndian.Uint64(head[5:]); size < uint64(asked) {
		asked = int64(size)
	}
	dict, err := s.reserveHistory(max(asked, lzma.MinDictCap))
	if err != nil {
		return len(head), err
	}
	binary.LittleEndian.PutUint32(head[1:], uint32(dict))
	z, err := lzma.NewReader(&afterHeader{source: in, head: head[:]})
	if err == nil {
		err = s.readAll(z)
	}
	return len(src) - in.unread(), err
}

// afterHeader is a source behind other bytes.
type afterHeader struct {
	*source
	head []byte
}

// Read returns the header first.
func (r *afterHeader) Read(p []byte) (int, error) {
	if len(r.head) == 0 {
		return r.source.Read(p)
	}
	n := copy(p, r.head)
	r.head = r.head[n:]
	return n, nil
}
