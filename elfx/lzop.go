package elfx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"

	lzo "github.com/anchore/go-lzo"
)

const lzopMagic = "\x89LZO\x00\r\n\x1a\n"

// The flags of an lzop header that change what follows (lzop's conf.h).
const (
	lzopAdlerOut  = 1 << 0  // Adler-32 of each block's decompressed bytes
	lzopAdlerIn   = 1 << 1  // Adler-32 of each block's compressed bytes
	lzopExtra     = 1 << 6  // an extra header field
	lzopCRCOut    = 1 << 8  // CRC-32 of each block's decompressed bytes
	lzopCRCIn     = 1 << 9  // CRC-32 of each block's compressed bytes
	lzopMulti     = 1 << 10 // one part of a multi-part archive
	lzopFilter    = 1 << 11 // a filter was applied
	lzopHeaderCRC = 1 << 12 // the header's checksum is a CRC-32 and not an Adler-32
)

// lzopBlock is the greatest block that lzop reads; it writes 256 KiB.
const lzopBlock = 64 << 20

// lzopMember reads one file of the container that lzop writes around LZO1X blocks. All its fields
// are big-endian.
//
//	magic 9, version 2, library 2, needed 2, method 1, level 1, flags 4, [filter 4],
//	mode 4, mtime 4+4, name 1+n, checksum 4, [extra 4+n+4]
//	blocks: out 4, in 4, [checksums of out], [checksums of in, if in < out], bytes
//	end: 4 zero bytes
type lzopMember struct {
	*sink
	rest   []byte
	flags  uint32
	filter int // the distance of a delta filter, or 0
}

// decodeLzop reads one member, or all that follow each other.
func decodeLzop(s *sink, src []byte, single bool) (int, error) {
	m := &lzopMember{sink: s, rest: src}
	for {
		err := m.header()
		if err != nil {
			err = fmt.Errorf("lzop header: %w", err)
		}
		for more := true; more && err == nil; {
			more, err = m.block()
		}
		if err != nil || single || !bytes.HasPrefix(m.rest, []byte(lzopMagic)) {
			return len(src) - len(m.rest), err
		}
	}
}

// next returns the next n bytes.
func (m *lzopMember) next(n int64) ([]byte, error) {
	if n > int64(len(m.rest)) {
		m.rest = nil
		return nil, io.ErrUnexpectedEOF
	}
	b := m.rest[:n]
	m.rest = m.rest[n:]
	return b, nil
}

func (m *lzopMember) u32() (uint32, error) {
	b, err := m.next(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

// header reads up to the first block. Versions before 0x0940 (lzop 1.00) lack fields; the kernel
// does not write them.
func (m *lzopMember) header() error {
	begin := m.rest
	h, err := m.next(9 + 2 + 2 + 2 + 1 + 1 + 4)
	if err != nil {
		return err
	}
	version, needed, method := binary.BigEndian.Uint16(h[9:]), binary.BigEndian.Uint16(h[13:]), h[15]
	if version < 0x0940 || needed > 0x1040 {
		return fmt.Errorf("%w: version %#x, which needs %#x", ErrUnsupported, version, needed)
	}
	if method < 1 || method > 3 {
		return fmt.Errorf("%w: method %d", ErrUnsupported, method)
	}
	if m.flags = binary.BigEndian.Uint32(h[17:]); m.flags&lzopMulti != 0 {
		return fmt.Errorf("%w: part of an archive of several parts", ErrUnsupported)
	}
	if err := m.readFilter(); err != nil {
		return err
	}
	rest, err := m.next(4 + 4 + 4 + 1)
	if err != nil {
		return err
	}
	if _, err := m.next(int64(rest[12])); err != nil {
		return err
	}
	if err := m.headerSum(begin[9 : len(begin)-len(m.rest)]); err != nil {
		return err
	}
	if m.flags&lzopExtra == 0 {
		return nil
	}
	begin = m.rest
	n, err := m.u32()
	if err == nil {
		_, err = m.next(int64(n))
	}
	if err != nil {
		return err
	}
	return m.headerSum(begin[:4+n])
}

// readFilter reads the number of the filter: bytes were replaced by their difference to the one
// that many bytes before.
func (m *lzopMember) readFilter() error {
	m.filter = 0
	if m.flags&lzopFilter == 0 {
		return nil
	}
	n, err := m.u32()
	if err == nil && (n < 1 || n > 16) {
		err = fmt.Errorf("%w: filter %d", ErrUnsupported, n)
	}
	m.filter = int(n)
	return err
}

// headerSum compares the checksum that follows with that of b.
func (m *lzopMember) headerSum(b []byte) error {
	want, err := m.u32()
	if err != nil {
		return err
	}
	got := adler32.Checksum(b)
	if m.flags&lzopHeaderCRC != 0 {
		got = crc32.ChecksumIEEE(b)
	}
	if got != want {
		return fmt.Errorf("%w: checksum", ErrCorrupt)
	}
	return nil
}

// block unpacks the next block; more is false at the end mark.
func (m *lzopMember) block() (more bool, err error) {
	out, err := m.u32()
	if err != nil || out == 0 {
		return false, err
	}
	in, err := m.u32()
	if err != nil {
		return false, err
	}
	if out > lzopBlock || in > out || in == 0 {
		return false, fmt.Errorf("%w: block of %d bytes in %d", ErrCorrupt, out, in)
	}
	sums := [4]lzopSum{
		{lzopAdlerOut, adler32.Checksum, 0}, {lzopCRCOut, crc32.ChecksumIEEE, 0},
		{lzopAdlerIn, adler32.Checksum, 0}, {lzopCRCIn, crc32.ChecksumIEEE, 0},
	}
	for i := range sums {
		if m.flags&sums[i].flag == 0 || i >= 2 && in == out {
			sums[i].of = nil // a stored block has the checksums of its output only
		} else if sums[i].want, err = m.u32(); err != nil {
			return false, err
		}
	}
	src, err := m.next(int64(in))
	if err != nil {
		return false, err
	}
	if err := compareSums(sums[2:], src); err != nil {
		return false, err
	}
	dst, err := m.unpackBlock(src, int64(out))
	if err != nil {
		return false, err
	}
	return true, compareSums(sums[:2], dst)
}

// unpackBlock appends to the output what a block unpacks to.
func (m *lzopMember) unpackBlock(src []byte, size int64) ([]byte, error) {
	dst, err := m.extend(size)
	if err != nil {
		return nil, err
	}
	if len(src) == len(dst) {
		copy(dst, src)
	} else if n, err := lzo.Decompress(src, dst); err != nil {
		return nil, err
	} else if n != len(dst) {
		return nil, fmt.Errorf("%w: block of %d bytes holds %d", ErrCorrupt, len(dst), n)
	}
	for i := m.filter; m.filter > 0 && i < len(dst); i++ {
		dst[i] += dst[i-m.filter]
	}
	return dst, nil
}

// lzopSum is a checksum of a block; of is nil if there is none.
type lzopSum struct {
	flag uint32
	of   func([]byte) uint32
	want uint32
}

func compareSums(sums []lzopSum, b []byte) error {
	for _, sum := range sums {
		if sum.of != nil && sum.of(b) != sum.want {
			return fmt.Errorf("%w: checksum of a block", ErrCorrupt)
		}
	}
	return nil
}
