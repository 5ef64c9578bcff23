package btftest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// Hex writes the bytes of a section that is split from base, or stands alone if that is
// nil, with what each field means: the header, the records, the layout section and the
// strings, in that order. Bytes between them are left out. Offsets are in hexadecimal
// from the start of data. Long strings are cut short. It returns an error if data cannot
// be opened.
func Hex(w io.Writer, data []byte, base *btf.Spec) error {
	spec, err := btf.Parse(data, base)
	if err != nil {
		return err
	}
	sec := store.SectionOf(spec)
	h := hexer{w: bufio.NewWriter(w), sec: sec, header: sec.Header(), data: data}
	h.order = spec.ByteOrder()
	h.writeHeader()
	h.section("types", h.header.Types.Off)
	for i := range sec.Len() {
		h.record(sec.TypeAt(i))
	}
	h.writeLayout()
	h.writeStrings()
	return h.w.Flush()
}

type hexer struct {
	w      *bufio.Writer
	sec    store.Section
	header store.Header
	data   []byte
	order  binary.ByteOrder
	off    int64 // of the next field
}

// hexWidth is how many bytes a line shows.
const hexWidth = 8

// field writes the next n bytes and what they mean.
func (h *hexer) field(n int, format string, args ...any) {
	shown := fmt.Sprintf("% x", h.data[h.off:h.off+int64(min(n, hexWidth))])
	if n > hexWidth {
		shown += " ..."
	}
	line := fmt.Sprintf("%06x  %-*s  %s", h.off, 3*hexWidth+3, shown, fmt.Sprintf(format, args...))
	fmt.Fprintln(h.w, strings.TrimRight(line, " "))
	h.off += int64(n)
}

func (h *hexer) section(name string, off int64) {
	fmt.Fprintf(h.w, "%s\n", name)
	h.off = off
}

func (h *hexer) u32() uint32 { return h.order.Uint32(h.data[h.off:]) }

// words writes fields of four bytes each, by name.
func (h *hexer) words(names ...string) {
	for _, name := range names {
		h.field(4, "%s %d", name, h.u32())
	}
}

func (h *hexer) writeHeader() {
	h.section("header", 0)
	h.field(2, "magic, %v", h.order)
	h.field(1, "version %d", h.data[h.off])
	h.field(1, "flags %d", h.data[h.off])
	h.words("hdr_len", "type_off", "type_len", "str_off", "str_len")
	if h.header.Len >= 32 {
		h.words("layout_off", "layout_len")
	}
	if rest := int64(h.header.Len) - h.off; rest > 0 {
		h.field(int(rest), "unknown")
	}
}

// name writes a name_off.
func (h *hexer) name(what string) {
	off := h.u32()
	// In hostile input, every record may have a name as long as the input.
	name := h.sec.NamePrefix(off, maxShown+1)
	if len(name) > maxShown {
		h.field(4, "%s %d %q...", what, off, name[:maxShown])
		return
	}
	h.field(4, "%s %d %q", what, off, name)
}

func (h *hexer) record(t btf.Type) {
	rec := store.RecordOf(t)
	h.off = rec.Offset
	end := h.off + int64(len(rec.Bytes))
	h.name(fmt.Sprintf("[%d] name_off", t.ID()))
	info := h.u32()
	flag := ""
	if t.KindFlag() {
		flag = ", kind_flag"
	}
	h.field(4, "  info %v, vlen %d%s", t.Kind(), info&0xffffff, flag)
	switch _, sized := t.Size(); {
	case sized:
		h.words("  size")
	case t.Kind() == btf.KindArray || t.Kind() == btf.KindFwd:
		h.words("  unused")
	default:
		h.words("  type")
	}
	if t.IsOpaque() {
		if n := int(end - h.off); n > 0 {
			h.field(n, "  unknown")
		}
		return
	}
	h.trailer(t)
	for range t.Vlen() {
		h.element(t.Kind(), t.KindFlag())
	}
}

func (h *hexer) trailer(t btf.Type) {
	switch t.Kind() {
	case btf.KindInt:
		i, _ := t.Int()
		h.field(4, "  encoding %v, offset %d, bits %d", i.Encoding, i.Offset, i.Bits)
	case btf.KindArray:
		h.words("  type", "  index_type", "  nelems")
	case btf.KindVar:
		l, _ := t.Linkage()
		h.field(4, "  linkage %v", l)
	case btf.KindDeclTag:
		h.field(4, "  component_idx %d", int32(h.u32()))
	}
}

func (h *hexer) element(kind btf.Kind, flag bool) {
	const name = "    name_off"
	switch kind {
	case btf.KindStruct, btf.KindUnion:
		h.name(name)
		h.words("    type")
		if off := h.u32(); flag {
			h.field(4, "    offset %d, bitfield size %d", off&0xffffff, off>>24)
			return
		}
		h.words("    offset")
	case btf.KindEnum:
		h.name(name)
		if flag {
			h.field(4, "    val %d", int32(h.u32()))
			return
		}
		h.words("    val")
	case btf.KindEnum64:
		h.name(name)
		h.field(4, "    val_lo32 %#x", h.u32())
		h.field(4, "    val_hi32 %#x", h.u32())
	case btf.KindFuncProto:
		h.name(name)
		h.words("    type")
	case btf.KindDatasec:
		h.words("    type", "    offset", "    size")
	}
}

func (h *hexer) writeLayout() {
	if h.header.Layout.Len == 0 {
		return
	}
	h.section("layout", h.header.Layout.Off)
	for entry := range h.header.Layout.Len / 4 {
		what := fmt.Sprintf("entry %d", entry)
		if entry < 128 {
			what = btf.Kind(entry).String()
		}
		h.field(4, "%s info_sz %d, elem_sz %d", what, h.data[h.off], h.data[h.off+1])
	}
}

func (h *hexer) writeStrings() {
	h.section("strings", h.header.Strings.Off)
	strs, start := h.sec.Strings()
	for at := 0; at < len(strs); {
		s := strs[at : at+strings.IndexByte(strs[at:], 0)] // the last one ends, too: Open saw to it
		h.field(len(s)+1, "%d %s", int(start)+at, abbreviate(s))
		at += len(s) + 1
	}
}
