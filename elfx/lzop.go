package elfx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"

	lzo "github.com/anchore/go-lzo"
)

// The flags of an lzop header that change what follows (lzop's conf.h).
const (
	lzopAdlerOut = 1 << 0  // Adler-32 of each block's decompressed bytes
	lzopAdlerIn  = 1 << 1  // Adler-32 of each block's compressed bytes
	lzopExtra    = 1 << 6  // an extra header field
	lzopCRCOut   = 1 << 8  // CRC-32 of each block's decompressed bytes
	lzopCRCIn    = 1 << 9  // CRC-32 of each block's compressed bytes
	lzopMulti    = 1 << 10 // one part of a multi-part archive
	lzopFilter   = 1 << 11 // a filter was applied
)

// lzopBlock is the greatest block here: lzop itself writes 256 KiB and reads up to 64 MiB.
const lzopBlock = 8 << 20

// lzopReader reads the container that lzop writes around LZO1X blocks. All its fields are
// big-endian.
//
//	magic 9, version 2, library 2, needed 2, method 1, level 1, flags 4, [filter 4],
//	mode 4, mtime 4+4, name 1+n, checksum 4, [extra 4+n+4]
//	blocks: out 4, in 4, [checksums of out], [checksums of in, if in < out], bytes
//	end: 4 zero bytes
type lzopReader struct {
	r       io.Reader
	flags   uint32
	in, out []byte
	pending []byte // the part of out that was not read yet
	err     error
}

func openLzop(r io.Reader, _ *budget, _ bool) (io.Reader, error) {
	z := &lzopReader{r: r}
	if err := z.header(); err != nil {
		return nil, fmt.Errorf("lzop header: %w", err)
	}
	return z, nil
}

// header reads up to the first block. Versions before 0x0940 (lzop 1.00) lack fields; the kernel
// does not write them.
func (z *lzopReader) header() error {
	var h [9 + 2 + 2 + 2 + 1 + 1 + 4]byte
	if _, err := io.ReadFull(z.r, h[:]); err != nil {
		return err
	}
	if version := binary.BigEndian.Uint16(h[9:]); version < 0x0940 {
		return fmt.Errorf("%w: version %#x", ErrUnsupported, version)
	}
	if method := h[15]; method < 1 || method > 3 {
		return fmt.Errorf("%w: method %d", ErrUnsupported, method)
	}
	z.flags = binary.BigEndian.Uint32(h[17:])
	if z.flags&(lzopMulti|lzopFilter) != 0 {
		return fmt.Errorf("%w: flags %#x", ErrUnsupported, z.flags)
	}
	if err := z.skip(4 + 4 + 4); err != nil {
		return err
	}
	var n [1]byte
	if _, err := io.ReadFull(z.r, n[:]); err != nil {
		return err
	}
	if err := z.skip(int64(n[0]) + 4); err != nil || z.flags&lzopExtra == 0 {
		return err
	}
	extra, err := z.u32()
	if err != nil {
		return err
	}
	return z.skip(int64(extra) + 4)
}

func (z *lzopReader) skip(n int64) error {
	_, err := io.CopyN(io.Discard, z.r, n)
	return err
}

func (z *lzopReader) u32() (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(z.r, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// Read decompresses block by block.
func (z *lzopReader) Read(p []byte) (int, error) {
	for len(z.pending) == 0 {
		if z.err == nil {
			z.err = z.block()
		}
		if z.err != nil {
			return 0, z.err
		}
	}
	n := copy(p, z.pending)
	z.pending = z.pending[n:]
	return n, nil
}

// block reads the next block into pending, or returns io.EOF at the end mark.
func (z *lzopReader) block() error {
	out, err := z.u32()
	if err != nil {
		return noEOF(err)
	}
	if out == 0 {
		return io.EOF
	}
	in, err := z.u32()
	if err != nil {
		return noEOF(err)
	}
	if out > lzopBlock || in > out || in == 0 {
		return fmt.Errorf("lzop: %w: block of %d bytes in %d", ErrCorrupt, out, in)
	}
	var sums [4]uint32 // Adler and CRC of out, then of in
	for i, flag := range [4]uint32{lzopAdlerOut, lzopCRCOut, lzopAdlerIn, lzopCRCIn} {
		if z.flags&flag == 0 || i >= 2 && in == out {
			continue // a stored block has the checksums of its output only
		}
		if sums[i], err = z.u32(); err != nil {
			return noEOF(err)
		}
	}
	return z.unpack(int(in), int(out), sums[0], sums[1])
}

// unpack reads one block's in bytes and makes out bytes of them. The checksums of the compressed
// bytes are not compared: those of the result tell all.
func (z *lzopReader) unpack(in, out int, adler, crc uint32) error {
	z.in, z.out = resized(z.in, in), resized(z.out, out)
	if _, err := io.ReadFull(z.r, z.in); err != nil {
		return noEOF(err)
	}
	if in == out {
		copy(z.out, z.in)
	} else if n, err := lzo.Decompress(z.in, z.out); err != nil {
		return err
	} else if n != out {
		return fmt.Errorf("lzop: %w: block of %d bytes holds %d", ErrCorrupt, out, n)
	}
	if z.flags&lzopAdlerOut != 0 && adler32.Checksum(z.out) != adler ||
		z.flags&lzopCRCOut != 0 && crc32.ChecksumIEEE(z.out) != crc {
		return fmt.Errorf("lzop: %w: block checksum", ErrCorrupt)
	}
	z.pending = z.out
	return nil
}

// resized returns a slice of n bytes, b itself if it is large enough.
func resized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// noEOF turns the end of the input inside a structure into an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
