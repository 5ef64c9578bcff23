package elfx

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math"
	"slices"

	"github.com/mikelolasagasti/xz"
)

// The library for xz decodes LZMA2 and undoes the filters of xz 5.2. It refuses a file with one of
// those that came later, ARM64 (5.4) and RISC-V (5.6), and it takes nothing but whole files. So the
// container (https://tukaani.org/xz/xz-file-format.txt) is read here, and the library gets files
// made for it: one block each, without the filters that it lacks and without a checksum.

const (
	xzMagic  = "\xfd7zXZ\x00"
	xzFooter = "YZ"
	lzma2ID  = 0x21
)

// xzDecoder reads streams.
type xzDecoder struct {
	*sink
	xzCursor
	library *xz.Reader // kept for its dictionary
	dict    int64      // the size of that
}

// decodeXZ reads streams one by one. Between them may be zeros, four or a multiple.
func decodeXZ(s *sink, src []byte, single bool) (int, error) {
	x := &xzDecoder{sink: s, xzCursor: xzCursor{rest: src}}
	for {
		x.stream()
		at := len(src) - len(x.rest)
		next := bytes.TrimLeft(x.rest, "\x00")
		if x.err != nil || single || (len(x.rest)-len(next))%4 != 0 ||
			!bytes.HasPrefix(next, []byte(xzMagic)) {
			return at, x.err
		}
		x.rest = next
	}
}

// xzBlocks sums up what the index must list.
type xzBlocks struct {
	count uint64
	sum   uint32
}

func (x *xzBlocks) add(unpadded, unpacked uint64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], unpadded)
	binary.LittleEndian.PutUint64(b[8:], unpacked)
	x.count, x.sum = x.count+1, crc32.Update(x.sum, crc32.IEEETable, b[:])
}

// stream reads one stream.
func (x *xzDecoder) stream() {
	if magic := x.bytes(len(xzMagic)); x.err == nil && string(magic) != xzMagic {
		x.fail("no magic number")
	}
	flags := x.readChecked("stream header", 2)
	check := x.newCheck(flags)
	var blocks xzBlocks
	for x.err == nil && len(x.rest) > 0 && x.rest[0] != 0 {
		before := len(x.rest)
		unpacked, padding := x.block(check)
		blocks.add(uint64(before-len(x.rest)-padding), unpacked)
	}
	x.index(blocks, flags)
}

// index reads the list of the blocks and the footer.
func (x *xzDecoder) index(blocks xzBlocks, flags []byte) {
	begin := x.rest
	x.bytes(1)
	var listed xzBlocks
	if count := x.number(); x.err == nil && count != blocks.count {
		x.fail("index of %d blocks, there are %d", count, blocks.count)
	}
	for x.err == nil && listed.count < blocks.count {
		unpadded := x.number()
		listed.add(unpadded, x.number())
	}
	if x.err == nil && listed != blocks {
		x.fail("index lists other blocks than there are")
	}
	x.skipPadding(-(len(begin) - len(x.rest)) & 3)
	size := len(begin) - len(x.rest)
	if x.err == nil {
		x.rest = begin
	}
	x.readChecked("index", size)
	footer := x.checkedBehind("footer", 6)
	if end := x.bytes(len(xzFooter)); x.err == nil && (string(end) != xzFooter ||
		!bytes.Equal(footer[4:], flags) ||
		uint64(binary.LittleEndian.Uint32(footer))*4 != uint64(size)) {
		x.fail("footer")
	}
}

// newCheck returns the hash that the stream's blocks have behind them, or nil.
func (x *xzDecoder) newCheck(flags []byte) hash.Hash {
	if x.err != nil {
		return nil
	}
	switch id := uint16(flags[0])<<8 | uint16(flags[1]); id {
	case 0:
		return nil
	case 1:
		return crc32.NewIEEE()
	case 4:
		return crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		return sha256.New()
	default:
		x.unsupported("integrity check %#x", id)
		return nil
	}
}

// block reads a block. padding is what the index does not count.
func (x *xzDecoder) block(check hash.Hash) (unpacked uint64, padding int) {
	h := x.header()
	packed, size, err := lzma2Extent(x.rest)
	if x.err == nil && err != nil {
		x.err = err
	}
	chunks := x.bytes(packed)
	if x.err == nil && (h.packed != unknownSize && h.packed != uint64(packed) ||
		h.unpacked != unknownSize && h.unpacked != uint64(size)) {
		x.fail("block of %d bytes in %d, its header says %d in %d", size, packed, h.unpacked, h.packed)
	}
	out := x.unpackBlock(h, chunks, size)
	padding = -packed & 3
	x.skipPadding(padding)
	if check == nil {
		return uint64(size), padding
	}
	sum := x.bytes(check.Size())
	if x.err != nil {
		return 0, 0
	}
	check.Reset()
	check.Write(out)
	got := check.Sum(nil)
	if len(got) <= 8 {
		slices.Reverse(got) // the checksums are little-endian, other than Go's
	}
	if !bytes.Equal(got, sum) {
		x.fail("checksum of a block")
	}
	return uint64(size), padding
}

// unpackBlock appends to the output what a block unpacks to.
func (x *xzDecoder) unpackBlock(h xzHeader, chunks []byte, size int64) []byte {
	dict := x.dictionary(h, size)
	if x.err != nil {
		return nil
	}
	var out []byte
	if out, x.err = x.extend(size); x.err == nil {
		x.err = x.undo(h.filters, chunks, dict, out)
	}
	if x.err != nil {
		x.giveBack(len(out))
	}
	return out
}

// dictionary returns the property for the smallest dictionary that serves: as large as the block's
// header says, or as the block. It takes the dictionary's memory from the budget.
func (x *xzDecoder) dictionary(h xzHeader, size int64) (property byte) {
	if x.err == nil && h.dict > x.budget.window {
		x.err = errWindow
	}
	for dictSize(property) < min(h.dict, size) {
		property++
	}
	if n := dictSize(property); x.err == nil && n > x.dict {
		x.dict, x.err = n, x.budget.spend(n)
	}
	return property
}

// dictSize returns the size that a property of LZMA2 stands for: 2^n or 2^n + 2^(n-1).
func dictSize(property byte) int64 {
	return min(int64(2|property&1)<<(property/2+11), math.MaxUint32)
}

// undo fills out with what the LZMA2 data in chunks unpacks to, and undoes the filters from the
// last to the first. The library does as many as it can while it unpacks.
func (x *xzDecoder) undo(filters []xzFilter, chunks []byte, dict byte, out []byte) error {
	left := 1 + lastIndex(filters, xzFilter.isUndoneHere)
	err := x.unpackLZMA2(filters[left:], bytes.NewReader(chunks), dict, out)
	for err == nil && left > 0 {
		left--
		switch f := filters[left]; f.id {
		case filterARM64:
			undoARM64(out, f.start())
		case filterRISCV:
			undoRISCV(out, f.start())
		default:
			err = x.unpackLZMA2(filters[left:left+1], storedChunks(out), 0, out)
		}
	}
	return err
}

// lastIndex returns the index of the last element that satisfies f, or -1.
func lastIndex(filters []xzFilter, f func(xzFilter) bool) int {
	for i, filter := range slices.Backward(filters) {
		if f(filter) {
			return i
		}
	}
	return -1
}

// unpackLZMA2 fills out with the help of the library.
func (x *xzDecoder) unpackLZMA2(filters []xzFilter, chunks io.Reader, dict byte, out []byte) error {
	in := io.MultiReader(bytes.NewReader(xzHead(filters, dict)), chunks)
	var err error
	if x.library == nil {
		x.library, err = xz.NewReader(in, math.MaxUint32)
	} else {
		err = x.library.Reset(in)
	}
	for len(out) > 0 && err == nil {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		var n int
		n, err = io.ReadFull(x.library, out[:min(step, len(out))])
		out = out[n:]
	}
	if errors.Is(err, xz.ErrOptions) {
		return fmt.Errorf("%w: a filter's properties", ErrUnsupported)
	}
	return err
}

// xzHead encodes what is in front of LZMA2 data: the header of a stream without checksums and that
// of a block with the filters.
func xzHead(filters []xzFilter, dict byte) []byte {
	checked := func(b []byte) []byte {
		return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	}
	block := []byte{0, byte(len(filters))}
	for _, f := range filters {
		block = append(block, byte(f.id), byte(len(f.props)))
		block = append(block, f.props...)
	}
	block = append(block, lzma2ID, 1, dict)
	for len(block)%4 != 0 {
		block = append(block, 0)
	}
	block[0] = byte(len(block) / 4)
	return slices.Concat([]byte(xzMagic), checked([]byte{0, 0}), checked(block))
}

// storedChunks presents bytes as LZMA2 data, not compressed, for a filter that the library has but
// that was applied before one of ours. The library has read each byte before it is written over.
func storedChunks(b []byte) io.Reader {
	var parts []io.Reader
	for chunk := range slices.Chunk(b, 1<<16) {
		head := []byte{1, byte((len(chunk) - 1) >> 8), byte(len(chunk) - 1)}
		parts = append(parts, bytes.NewReader(head), bytes.NewReader(chunk))
	}
	return io.MultiReader(append(parts, bytes.NewReader([]byte{0}))...)
}

// unknownSize stands for a size that a block's header leaves open.
const unknownSize = math.MaxUint64

// xzHeader is a block's header.
type xzHeader struct {
	packed, unpacked uint64
	filters          []xzFilter // in the order in which they were applied
	dict             int64
}

// header reads a block's header.
func (x *xzDecoder) header() xzHeader {
	h := xzHeader{packed: unknownSize, unpacked: unknownSize}
	if x.err != nil || len(x.rest) == 0 {
		return h
	}
	c := &xzCursor{rest: x.readChecked("block header", 4*int(x.rest[0])), err: x.err}
	c.bytes(1)
	flags := c.byte()
	if flags&0x3c != 0 {
		c.unsupported("block flags %#x", flags)
	}
	if flags&0x40 != 0 {
		h.packed = c.number()
	}
	if flags&0x80 != 0 {
		h.unpacked = c.number()
	}
	for range flags & 3 {
		f := xzFilter{id: c.number(), props: c.bytes(int(min(c.number(), 1<<10)))}
		if !f.isKnown() {
			c.unsupported("filter %#x with properties % x", f.id, f.props)
		}
		h.filters = append(h.filters, f)
	}
	if id, props := c.number(), c.bytes(int(min(c.number(), 1<<10))); c.err == nil {
		if id != lzma2ID || len(props) != 1 || props[0] > 40 {
			c.unsupported("filter %#x with properties % x at the end", id, props)
		} else {
			h.dict = dictSize(props[0])
		}
	}
	c.skipPadding(len(c.rest))
	x.err = c.err
	return h
}

// lzma2Extent returns how long LZMA2 data is and how much it unpacks to, as the headers of its
// chunks tell.
func lzma2Extent(b []byte) (packed int, unpacked int64, err error) {
	for at := 0; at < len(b); {
		control := int(b[at])
		if control == 0 {
			return at + 1, unpacked, nil
		}
		head := 3
		switch {
		case control >= 0xc0:
			head = 6
		case control >= 0x80:
			head = 5
		case control > 2:
			return at, unpacked, fmt.Errorf("%w: LZMA2 chunk of type %#x", ErrCorrupt, control)
		}
		if head > len(b)-at {
			break
		}
		size := int(binary.BigEndian.Uint16(b[at+1:])) + 1
		if head > 3 {
			unpacked += int64(control&0x1f)<<16 + int64(size)
			size = int(binary.BigEndian.Uint16(b[at+3:])) + 1
		} else {
			unpacked += int64(size)
		}
		at += head + size
	}
	return len(b), unpacked, io.ErrUnexpectedEOF
}

// xzCursor reads fields. Its first error sticks, and then it returns zeros.
type xzCursor struct {
	rest []byte
	err  error
}

func (c *xzCursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
	}
}

func (c *xzCursor) unsupported(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
	}
}

// bytes returns the next n bytes, or nil.
func (c *xzCursor) bytes(n int) []byte {
	if c.err == nil && n > len(c.rest) {
		c.err, c.rest = io.ErrUnexpectedEOF, nil
	}
	if c.err != nil {
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *xzCursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// skipPadding passes over n bytes of padding.
func (c *xzCursor) skipPadding(n int) {
	if len(bytes.Trim(c.bytes(n), "\x00")) > 0 {
		c.fail("padding")
	}
}

// number reads an integer of up to 63 bits, seven in a byte.
func (c *xzCursor) number() uint64 {
	v, n := binary.Uvarint(c.rest[:min(9, len(c.rest))])
	if c.err == nil && (n <= 0 || n > 1 && c.rest[n-1] == 0) {
		c.fail("number")
	}
	if c.err != nil {
		return 0
	}
	c.bytes(n)
	return v
}

// readChecked returns the next n bytes, behind which their CRC-32 is.
func (c *xzCursor) readChecked(what string, n int) []byte {
	b := c.bytes(n)
	c.compare(what, b, c.bytes(4))
	return b
}

// checkedBehind returns n bytes, in front of which their CRC-32 is.
func (c *xzCursor) checkedBehind(what string, n int) []byte {
	sum := c.bytes(4)
	b := c.bytes(n)
	c.compare(what, b, sum)
	return b
}

func (c *xzCursor) compare(what string, b, sum []byte) {
	if c.err == nil && crc32.ChecksumIEEE(b) != binary.LittleEndian.Uint32(sum) {
		c.fail("%s: checksum", what)
	}
}
