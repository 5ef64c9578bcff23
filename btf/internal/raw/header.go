package raw

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
	Magic           = 0xeb9f
	Version         = 1
	MinHeaderLen    = 24
	LayoutHeaderLen = 32
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
// returns a *Fault and does not allocate otherwise.
func ParseHeader(data string) (Header, error) {
	var h Header
	if err := h.parseStart(data); err != nil {
		return h, err
	}
	if int64(h.Len) > int64(len(data)) {
		return h, headerFault(4, ErrCorrupt,
			fmt.Errorf("header length %d exceeds input of %d bytes", h.Len, len(data)))
	}
	known := MinHeaderLen
	if h.Len >= LayoutHeaderLen {
		known = LayoutHeaderLen
	}
	for _, c := range []byte(data[known:h.Len]) {
		h.UnknownTail = h.UnknownTail || c != 0
	}
	return h, h.checkBounds(int64(len(data)))
}

// parseStart decodes the fields, without knowing where the input ends.
func (h *Header) parseStart(data string) error {
	if len(data) == 0 {
		return headerFault(0, ErrCorrupt, errors.New("empty input"))
	}
	if len(data) < MinHeaderLen {
		return headerFault(0, ErrCorrupt,
			fmt.Errorf("%d bytes are too few for a header of %d", len(data), MinHeaderLen))
	}
	switch {
	case data[0] == Magic&0xff && data[1] == Magic>>8:
	case data[0] == Magic>>8 && data[1] == Magic&0xff:
		h.BigEndian = true
	default:
		return headerFault(0, ErrCorrupt, fmt.Errorf(
			"magic bytes %#02x %#02x instead of 0x9f 0xeb or 0xeb 0x9f%s",
			data[0], data[1], otherFormat(data)))
	}
	if data[2] != Version {
		return headerFault(2, ErrUnsupported, fmt.Errorf("version %d", data[2]))
	}
	if data[3] != 0 {
		return headerFault(3, ErrUnsupported, fmt.Errorf("flags %#x", data[3]))
	}
	u32 := func(off int) uint32 { return Load32(data[off:], h.BigEndian) }
	if h.Len = u32(4); h.Len < MinHeaderLen {
		return headerFault(4, ErrCorrupt, fmt.Errorf("header length %d below %d", h.Len, MinHeaderLen))
	}
	h.TypesOff, h.TypesLen = int64(h.Len)+int64(u32(8)), u32(12)
	h.StringsOff, h.StringsLen = int64(h.Len)+int64(u32(16)), u32(20)
	if h.Len >= LayoutHeaderLen && len(data) >= LayoutHeaderLen {
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
			return headerFault(s.field, ErrCorrupt, fmt.Errorf(
				"%s at %#x with %d bytes exceed input of %d bytes", s.name, s.off, s.len, size))
		}
	}
	if overlap(h.TypesOff, h.TypesLen, h.StringsOff, h.StringsLen) {
		return headerFault(8, ErrCorrupt, fmt.Errorf(
			"types [%#x, %#x) and strings [%#x, %#x) overlap",
			h.TypesOff, h.TypesOff+int64(h.TypesLen),
			h.StringsOff, h.StringsOff+int64(h.StringsLen)))
	}
	return nil
}

// overlap reports whether two extents share a byte.
func overlap(off1 int64, len1 uint32, off2 int64, len2 uint32) bool {
	return max(off1, off2) < min(off1+int64(len1), off2+int64(len2))
}

// CheckLayout checks what libbpf wants of the layout section and reading does not need: it starts
// and ends at a multiple of four bytes, and has no byte in common with types or strings. It returns
// a *Fault.
func (h *Header) CheckLayout() error {
	if h.LayoutLen == 0 {
		return nil
	}
	fault := func(field int64, format string, args ...any) error {
		return headerFault(field, ErrCorrupt, fmt.Errorf(format, args...))
	}
	end := h.LayoutOff + int64(h.LayoutLen)
	switch off := h.LayoutOff - int64(h.Len); {
	case h.LayoutLen%4 != 0:
		return fault(28, "layout of %d bytes, not a multiple of 4", h.LayoutLen)
	case off%4 != 0:
		return fault(24, "layout at offset %d, not a multiple of 4", off)
	case overlap(h.LayoutOff, h.LayoutLen, h.TypesOff, h.TypesLen):
		return fault(24, "layout [%#x, %#x) overlaps types", h.LayoutOff, end)
	case overlap(h.LayoutOff, h.LayoutLen, h.StringsOff, h.StringsLen):
		return fault(24, "layout [%#x, %#x) overlaps strings", h.LayoutOff, end)
	}
	return nil
}

// types, strings and LayoutBytes cut the sections out of data, which must be the input
// that the header was parsed from.
func (h *Header) types(data string) string       { return cut(data, h.TypesOff, h.TypesLen) }
func (h *Header) strings(data string) string     { return cut(data, h.StringsOff, h.StringsLen) }
func (h *Header) LayoutBytes(data string) string { return cut(data, h.LayoutOff, h.LayoutLen) }

func cut(data string, off int64, n uint32) string {
	if n == 0 {
		return "" // its offset is free
	}
	return data[off : off+int64(n)]
}

// Load32 reads a u32 at the start of s, which must have 4 bytes or more.
func Load32(s string, bigEndian bool) uint32 {
	_ = s[3]
	v := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	if bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// BlobSize returns how far the sections reach that the header at the start of head tells of;
// atLeast if that is more, or if there is no header.
func BlobSize(head string, atLeast int64) int64 {
	var h Header
	if h.parseStart(head) != nil {
		return atLeast
	}
	return max(atLeast, int64(h.Len), h.TypesOff+int64(h.TypesLen),
		h.StringsOff+int64(h.StringsLen), h.LayoutOff+int64(h.LayoutLen))
}
