package elfx

import (
	"encoding/binary"

	"github.com/btfkit/btfkit/btf"
)

// The first four bytes of BTF of version 1 without flags, in either byte order.
const (
	magicLE = "\x9f\xeb\x01\x00"
	magicBE = "\xeb\x9f\x01\x00"
)

// byteOrder returns the byte order that a BTF magic number at the start of b tells, or nil.
func byteOrder(b []byte) binary.ByteOrder {
	switch {
	case len(b) < 2:
		return nil
	case b[0] == 0x9f && b[1] == 0xeb:
		return binary.LittleEndian
	case b[0] == 0xeb && b[1] == 0x9f:
		return binary.BigEndian
	}
	return nil
}

// maxHeader bounds the header length of BTF that is found by searching: known ones have 24 and 32
// bytes.
const maxHeader = 4096

// blobSize returns the length of the stand-alone BTF that b begins with, or 0 if there is none that
// parses in full. cost is the number of bytes that had to be parsed to tell: limit at most, and
// none where the header is not plausible.
func blobSize(b []byte, limit int64) (size, cost int64) {
	size = headerSize(b)
	if size == 0 || size > limit {
		return 0, 0
	}
	spec, err := btf.Parse(b[:size], nil)
	if err != nil {
		return 0, size
	}
	spec.Close()
	return size, size
}

// headerSize returns the length of a blob as its header tells, or 0 if the header or the ends of
// the strings are not those of a kernel. It costs the same whatever b holds, so that the search
// can afford it at every magic number.
func headerSize(b []byte) int64 {
	order := byteOrder(b)
	if order == nil || len(b) < 24 {
		return 0
	}
	field := func(at int) int64 { return int64(order.Uint32(b[at:])) }
	header := field(4)
	if header < 24 || header > min(maxHeader, int64(len(b))) {
		return 0
	}
	types, strs := header+field(8), header+field(16)
	typesEnd, strsEnd := types+field(12), strs+field(20)
	size := max(typesEnd, strsEnd)
	if header >= 32 {
		size = max(size, header+field(24)+field(28))
	}
	if size > int64(len(b)) || typesEnd == types || strsEnd == strs ||
		b[strs] != 0 || b[strsEnd-1] != 0 {
		return 0
	}
	return size
}
