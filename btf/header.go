package btf

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// The header, struct btf_header of include/uapi/linux/btf.h. All integers are in
// the producer's byte order; every offset counts from the end of the header.
//
//	 0  magic    u16   0xeb9f
//	 2  version  u8    1
//	 3  flags    u8    0
//	 4  hdr_len  u32   24, or 32 with the layout fields (7.1), or more
//	 8  type_off u32   12 type_len u32
//	16  str_off  u32   20 str_len  u32
//	24  layout_off u32 28 layout_len u32   only if hdr_len >= 32
const (
	magic           = 0xeb9f
	version         = 1
	minHeaderLen    = 24
	layoutHeaderLen = 32
)

// Header is the decoded header of one section of BTF. Offsets and lengths are in
// bytes; the offsets are absolute, from the start of the input.
type Header struct {
	// BigEndian is the byte order of the producer, told by the magic number.
	BigEndian bool
	// Len is hdr_len, the header's own length.
	Len uint32
	// TypesOff and TypesLen bound the type records.
	TypesOff int64
	TypesLen uint32
	// StringsOff and StringsLen bound the strings.
	StringsOff int64
	StringsLen uint32
	// LayoutOff and LayoutLen bound the layout section; LayoutLen 0 means none.
	LayoutOff int64
	LayoutLen uint32
	// UnknownTail reports that header bytes beyond the known fields are not zero:
	// a newer producer said something that this package does not understand.
	UnknownTail bool
}

// ParseHeader decodes and checks the header at the start of data: magic, version,
// flags, and that each section lies within data and that types and strings do not
// overlap. Gaps, any order of the sections and bytes behind them are legal. It
// returns a *FormatError and does not allocate otherwise.
func ParseHeader(data string) (Header, error) {
	var h Header
	if err := h.parseStart(data); err != nil {
		return h, err
	}
	if int64(h.Len) > int64(len(data)) {
		return h, headerError(4, ErrCorrupt,
			fmt.Errorf("header length %d exceeds input of %d bytes", h.Len, len(data)))
	}
	known := minHeaderLen
	if h.Len >= layoutHeaderLen {
		known = layoutHeaderLen
	}
	for _, c := range []byte(data[known:h.Len]) {
		h.UnknownTail = h.UnknownTail || c != 0
	}
	return h, h.checkBounds(int64(len(data)))
}

// parseStart decodes the fields, without knowing where the input ends.
func (h *Header) parseStart(data string) error {
	if len(data) == 0 {
		return headerError(0, ErrCorrupt, errors.New("empty input"))
	}
	if len(data) < minHeaderLen {
		return headerError(0, ErrCorrupt,
			fmt.Errorf("%d bytes are too few for a header of %d", len(data), minHeaderLen))
	}
	switch {
	case data[0] == magic&0xff && data[1] == magic>>8:
	case data[0] == magic>>8 && data[1] == magic&0xff:
		h.BigEndian = true
	default:
		return headerError(0, ErrCorrupt, fmt.Errorf(
			"magic bytes %#02x %#02x instead of 0x9f 0xeb or 0xeb 0x9f%s",
			data[0], data[1], otherFormat(data)))
	}
	if data[2] != version {
		return headerError(2, ErrUnsupported, fmt.Errorf("version %d", data[2]))
	}
	if data[3] != 0 {
		return headerError(3, ErrUnsupported, fmt.Errorf("flags %#x", data[3]))
	}
	u32 := func(off int) uint32 { return load32(data[off:], h.BigEndian) }
	if h.Len = u32(4); h.Len < minHeaderLen {
		return headerError(4, ErrCorrupt, fmt.Errorf("header length %d below %d", h.Len, minHeaderLen))
	}
	h.TypesOff, h.TypesLen = int64(h.Len)+int64(u32(8)), u32(12)
	h.StringsOff, h.StringsLen = int64(h.Len)+int64(u32(16)), u32(20)
	if h.Len >= layoutHeaderLen && len(data) >= layoutHeaderLen {
		h.LayoutOff, h.LayoutLen = int64(h.Len)+int64(u32(24)), u32(28)
	}
	return nil
}

// otherFormat says what else an input may be that somebody takes for raw BTF.
func otherFormat(data string) string {
	for _, f := range [...]struct{ magic, name string }{
		{"\x7fELF", "an ELF file"}, {"\x1f\x8b", "gzip"}, {"\xfd7zXZ", "xz"},
		{"\x28\xb5\x2f\xfd", "zstd"}, {"BZh", "bzip2"}, {"\x02\x21\x4c\x18", "lz4"},
		{"MZ", "a kernel image"},
	} {
		if strings.HasPrefix(data, f.magic) {
			return ": " + f.name + ", not raw BTF; package elfx opens such files"
		}
	}
	return ""
}

func (h *Header) checkBounds(size int64) error {
	for _, s := range [...]struct {
		name     string
		off, len int64
		field    int64
	}{
		{"types", h.TypesOff, int64(h.TypesLen), 8},
		{"strings", h.StringsOff, int64(h.StringsLen), 16},
		{"layout", h.LayoutOff, int64(h.LayoutLen), 24},
	} {
		if s.len != 0 && s.off+s.len > size {
			return headerError(s.field, ErrCorrupt, fmt.Errorf(
				"%s at %#x with %d bytes exceed input of %d bytes", s.name, s.off, s.len, size))
		}
	}
	typesEnd := h.TypesOff + int64(h.TypesLen)
	stringsEnd := h.StringsOff + int64(h.StringsLen)
	if h.TypesLen != 0 && h.StringsLen != 0 &&
		h.TypesOff < stringsEnd && h.StringsOff < typesEnd {
		return headerError(8, ErrCorrupt, fmt.Errorf(
			"types [%#x, %#x) and strings [%#x, %#x) overlap",
			h.TypesOff, typesEnd, h.StringsOff, stringsEnd))
	}
	return nil
}

// types, strings and layout cut the sections out of data, which must be the input
// that the header was parsed from.
func (h *Header) types(data string) string   { return cut(data, h.TypesOff, h.TypesLen) }
func (h *Header) strings(data string) string { return cut(data, h.StringsOff, h.StringsLen) }
func (h *Header) layout(data string) string  { return cut(data, h.LayoutOff, h.LayoutLen) }

func cut(data string, off int64, n uint32) string {
	if n == 0 {
		return "" // its offset is free
	}
	return data[off : off+int64(n)]
}

func headerError(off int64, class, err error) error {
	return &FormatError{Section: "header", Offset: off, Class: class, Err: err}
}

// load32 reads a u32 at the start of s, which must have 4 bytes or more.
func load32(s string, bigEndian bool) uint32 {
	_ = s[3]
	v := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	if bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return v
}
