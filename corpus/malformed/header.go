package malformed

import (
	"encoding/binary"

	"github.com/btfkit/btfkit/btf"
)

// Offsets of header fields, struct btf_header in include/uapi/linux/btf.h.
const (
	hdrLen    = 4
	typeOff   = 8
	typeLen   = 12
	strOff    = 16
	strLen    = 20
	layoutOff = 24
	layoutLen = 28
)

// set returns a variant that changes one header word.
func set(name string, at int, v uint32) variant {
	return variant{name, func(m *maker) { m.word(at, v) }}
}

// change returns a variant that changes the finished bytes.
func change(name string, f func([]byte) []byte) variant {
	return variant{name, func(m *maker) { m.finish(f) }}
}

func setByte(name string, at int, v byte) variant {
	return change(name, func(b []byte) []byte {
		b[at] = v
		return b
	})
}

// longHeader returns a variant with a header of n bytes, the last of which is tail.
func longHeader(name string, n uint32, tail byte) variant {
	return variant{name, func(m *maker) {
		m.header = n
		m.finish(func(b []byte) []byte {
			b[n-1] = tail
			return b
		})
	}}
}

// ofSplit makes a variant one of a split blob with a typedef of its own.
func ofSplit(v variant) variant {
	return variant{v.name, func(m *maker) {
		m.split()
		m.add(btf.KindTypedef, "mine", 0, 1)
		v.make(m)
	}}
}

var headerRows = []row{
	{1, "fewer than 24 bytes", Open, "the shortest header has 24 bytes", []variant{
		change("no bytes", func(b []byte) []byte { return b[:0] }),
		change("the magic number alone", func(b []byte) []byte { return b[:2] }),
		change("23 bytes", func(b []byte) []byte { return b[:23] }),
	}},
	{2, "wrong magic", Open, "nothing else tells that this is BTF, and in which byte order",
		[]variant{
			setByte("first byte 0", 0, 0),
			setByte("second byte 0", 1, 0),
			change("an ELF file", func(b []byte) []byte {
				return append(b[:0], "\x7fELF\x02\x01\x01"+
					"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
			}),
		}},
	{3, "version 0 or 2", Open, "only version 1 is known; libbpf does not look, the kernel does",
		[]variant{setByte("version 0", 2, 0), setByte("version 2", 2, 2)}},
	{4, "flags not 0", Open, "no flag is known, so that one might change everything",
		[]variant{setByte("flag 1", 3, 1), setByte("flag 0x80", 3, 0x80)}},
	{5, "hdr_len below 24, base", Open, "the sections would lie inside the header",
		[]variant{set("hdr_len 0", hdrLen, 0), set("hdr_len 20", hdrLen, 20),
			set("hdr_len 23", hdrLen, 23)}},
	{6, "hdr_len below 24, split", Open, "as for a base; libbpf takes such a blob for an empty one",
		[]variant{ofSplit(set("hdr_len 0", hdrLen, 0)), ofSplit(set("hdr_len 20", hdrLen, 20))}},
	{7, "longer header, zero tail", Sound, "a newer producer said nothing new",
		[]variant{longHeader("hdr_len 26", 26, 0), longHeader("hdr_len 28", 28, 0),
			longHeader("hdr_len 32", 32, 0), longHeader("hdr_len 40", 40, 0)}},
	{8, "longer header, non-zero tail", Validate, "a newer producer said something unknown: it " +
		"can be read, but not be written again; btf_parse_hdr refuses it",
		[]variant{longHeader("hdr_len 28", 28, 1), longHeader("hdr_len 40", 40, 1)}},
	{9, "hdr_len beyond the file", Open, "the header is not there",
		[]variant{
			change("one byte more than the file", func(b []byte) []byte {
				orderOf(b).PutUint32(b[hdrLen:], uint32(len(b)+1))
				return b
			}),
			set("hdr_len 0xffffffff", hdrLen, 0xffffffff),
		}},
	{10, "trailing bytes", Warn, "they belong to no section; btf_check_sec_info refuses them, " +
		"but mapped and padded files have them",
		[]variant{
			change("one NUL", func(b []byte) []byte { return append(b, 0) }),
			change("a page", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }),
		}},
	{11, "gap before a section", Warn, "sections are found by their offsets; " +
		"btf_check_sec_info refuses gaps",
		[]variant{
			{"before types", func(m *maker) { m.gap = 8 }},
			{"before strings", func(m *maker) {
				m.finish(func(b []byte) []byte {
					off := orderOf(b).Uint32(b[strOff:])
					orderOf(b).PutUint32(b[strOff:], off+4)
					return append(b[:24+off:24+off], append(make([]byte, 4), b[24+off:]...)...)
				})
			}},
		}},
	{12, "strings before types", Warn, "btf_parse_str_sec wants strings to end the file; sections " +
		"are found by their offsets",
		[]variant{{"24-byte header", func(m *maker) {
			m.name("xy") // so that the strings have 8 bytes, and types stay aligned
			m.first = true
		}}}},
	{13, "types overlap strings", Open, "bytes cannot be both",
		[]variant{
			set("strings inside types", strOff, 4),
			set("types reach into strings", typeLen, 20),
		}},
	{14, "type_off not a multiple of 4", Validate, "btf_parse_type_sec wants records aligned; " +
		"reading them does not",
		[]variant{{"type_off 1", func(m *maker) { m.gap = 1 }},
			{"type_off 2", func(m *maker) { m.gap = 2 }}}},
	{15, "type range outside the file", Open, "the records are not there",
		[]variant{
			set("type_off beyond the file", typeOff, 4096),
			set("type_len beyond the file", typeLen, 4096),
			set("the sum wraps a u32", typeOff, 0xfffffff4),
			set("type_len 0xffffffff", typeLen, 0xffffffff),
		}},
	{16, "string range outside the file", Open, "the strings are not there",
		[]variant{
			set("str_len one too great", strLen, 6),
			set("str_off beyond the file", strOff, 4096),
			set("the sum wraps a u32", strOff, 0xfffffff0),
			set("str_len 0xffffffff", strLen, 0xffffffff),
		}},
	{17, "no types", Sound, "an empty section has nothing wrong in it",
		[]variant{{"strings of one NUL", func(m *maker) { m.empty() }}}},
	{18, "base without any string byte", Validate, "offset 0 is the empty name all the same; " +
		"btf_parse_str_sec wants a NUL there",
		[]variant{
			{"no types", func(m *maker) { m.empty(); m.strings = nil }},
			{"one anonymous type", func(m *maker) { m.empty(); m.strings = nil; m.ptr(0) }},
		}},
	{21, "over 16 MiB", Sound, "the kernel's limit for user loads (BTF_MAX_SIZE) is not applied " +
		"to its own BTF",
		[]variant{{"17 MiB of strings", func(m *maker) {
			m.strings = append(m.strings, make([]byte, 17<<20)...)
		}}}},
	{22, "over 1,048,574 types", Validate, "the kernel drops what lies behind BTF_MAX_TYPE " +
		"without an error",
		[]variant{{"1,048,575 pointers", func(m *maker) {
			m.empty()
			for range 1<<20 - 1 {
				m.ptr(0)
			}
		}}}},
	{23, "other byte order", Sound, "the magic number tells the order",
		[]variant{{"than its neighbour in this catalogue", func(m *maker) {
			m.order = otherOrder(m.order)
			m.reset()
		}}}},
	{24, "split in another byte order than its base", Validate, "each section is read in its own " +
		"order; no producer writes this",
		[]variant{{"one typedef", func(m *maker) {
			m.split()
			m.order = otherOrder(m.order)
			m.add(btf.KindTypedef, "mine", 0, 1)
		}}}},
	{25, "layout section", Sound, "Linux 7.1 and libbpf write it to size kinds for old readers",
		[]variant{{"as libbpf writes it", func(m *maker) { m.fullLayout() }}}},
	{26, "layout_len or layout_off not a multiple of 4", Verify, "entries have 4 bytes; what is " +
		"left over is no entry (libbpf's btf_parse_hdr)",
		[]variant{
			{"two bytes more", func(m *maker) {
				m.fullLayout()
				m.layout = append(m.layout, 0, 0)
			}},
			{"two bytes before", func(m *maker) {
				m.fullLayout()
				m.types = append(m.types, 0, 0) // which type_len leaves out
				m.word(typeLen, uint32(len(m.types)-2))
			}},
		}},
	{27, "layout overlaps types or strings", Verify, "it is consulted for unknown kinds alone, " +
		"and there is none here, but bytes cannot be both (libbpf's btf_parse_hdr)",
		[]variant{
			{"layout_off 0", func(m *maker) {
				m.fullLayout()
				m.word(layoutOff, 0)
			}},
			{"one entry too far", func(m *maker) {
				m.fullLayout()
				m.word(layoutLen, uint32(len(m.layout)+4))
			}},
		}},
	{28, "layout contradicts a known kind", Warn, "known kinds have their known sizes, as in libbpf",
		[]variant{{"INT without its word", func(m *maker) {
			m.fullLayout()
			m.layout[4*int(btf.KindInt)] = 0
		}}}},
}

func otherOrder(o binary.ByteOrder) binary.ByteOrder {
	if o == binary.ByteOrder(binary.LittleEndian) {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func orderOf(b []byte) binary.ByteOrder {
	if b[0] == 0xeb {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
