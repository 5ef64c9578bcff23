package elfx

import "encoding/binary"

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

// blobSize returns the length of the base BTF that b begins with, or 0 if it does not parse in
// full, and what it cost to find out: the bytes of records that were walked, limit at most.
func blobSize(b []byte, limit int64) (size, cost int64) {
	order := byteOrder(b)
	if order == nil || len(b) < 24 {
		return 0, 0
	}
	field := func(at int) int64 { return int64(order.Uint32(b[at:])) }
	header := field(4)
	types, strs := header+field(8), header+field(16)
	typesEnd, strsEnd := types+field(12), strs+field(20)
	size = max(typesEnd, strsEnd)
	if header < 24 || header > 4096 || typesEnd > int64(len(b)) || strsEnd > int64(len(b)) ||
		typesEnd == types || strsEnd == strs || b[strs] != 0 || b[strsEnd-1] != 0 ||
		types < strsEnd && strs < typesEnd {
		return 0, 0
	}
	for at := types; at < typesEnd; {
		if at-types > limit || typesEnd-at < 12 {
			return 0, at - types
		}
		n, ok := recordSize(order.Uint32(b[at+4:]))
		if nameOff := int64(order.Uint32(b[at:])); !ok || n > typesEnd-at || nameOff >= strsEnd-strs {
			return 0, at - types
		}
		at += n
	}
	return size, typesEnd - types
}

// recordSize returns the size of a type record with that info word.
func recordSize(info uint32) (int64, bool) {
	vlen := int64(info & 0xffffff)
	switch info >> 24 & 0x7f {
	case 1, 14, 17: // INT, VAR, DECL_TAG
		return 12 + 4, true
	case 2, 7, 8, 9, 10, 11, 12, 16, 18: // PTR, FWD to FUNC, FLOAT, TYPE_TAG
		return 12, true
	case 3: // ARRAY
		return 12 + 12, true
	case 4, 5, 15, 19: // STRUCT, UNION, DATASEC, ENUM64
		return 12 + 12*vlen, true
	case 6, 13: // ENUM, FUNC_PROTO
		return 12 + 8*vlen, true
	}
	return 0, false
}
