// Package dump writes types as "bpftool btf dump file F" does, as plain text and as JSON: every
// record with every field, in the order of ids. Both are byte for byte the output of bpftool 7.8
// (Linux 7.2), its faults included, so programs that read bpftool's output can read this. See
// tools/bpf/bpftool/btf.c and json_writer.c in the kernel's sources. For C, see package cdump.
//
//	[27] PTR '(anon)' type_id=31
//	[31] STRUCT 'list_head' size=16 vlen=2
//		'next' type_id=27 bits_offset=0
//		'prev' type_id=27 bits_offset=64
//
// JSON is one object with the array "types". Each type has "id", "kind", "name", then what its
// kind has: "size", "type_id", "vlen", and an array of its elements: "members", "values",
// "params" or "vars". Sizes are in bytes; bits_offset, nr_bits and bitfield_size in bits.
//
// A missing name is written as "(anon)", and one outside of the strings as "(invalid)". Names are
// bytes of no declared encoding; JSON escapes quotes, backslashes and the five control characters
// that have short escapes, nothing else. So the output for hostile BTF may be invalid JSON, as
// bpftool's is.
//
// Output is written in pieces of some 64 KiB, and nothing is allocated per type: 126,610 types of
// a kernel are 12 MB of text in 30 ms, and 18 MB of JSON in 40 ms.
package dump

import (
	"io"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// Raw writes the types that spec covers as "bpftool btf dump file F format raw" does: a line for
// each type, and one for each of its elements. It writes no line for void. For a split file,
// bpftool writes only its own types: pass spec.Own(). The error is w's, or btf.ErrClosed.
func Raw(w io.Writer, spec *btf.Spec) error {
	return write(spec, &encoder{w: w, between: " "})
}

// JSON writes the types that spec covers as "bpftool --json btf dump file F" does, on one line,
// or, if indent is set, as with --pretty. Apart from the form it does what Raw does. Like bpftool,
// it sign-extends the value of an unsigned ENUM from 32 bits to 64.
func JSON(w io.Writer, spec *btf.Spec, indent bool) error {
	return write(spec, &encoder{w: w, json: true, indent: indent, between: ","})
}

// AppendRaw appends what Raw writes for one type to dst; nothing for void.
func AppendRaw(dst []byte, t btf.Type) []byte {
	e := encoder{buf: dst, between: " "}
	if !t.IsVoid() {
		e.record(t)
	}
	return e.buf
}

func write(spec *btf.Spec, e *encoder) error {
	if btf.Internal.Closed(spec) {
		return btf.ErrClosed
	}
	e.buf = make([]byte, 0, flushAt+flushAt/8)
	if e.json {
		e.open('{')
		e.list("types")
	}
	for _, t := range spec.All() {
		if !t.IsVoid() {
			e.record(t)
		}
		if e.err != nil {
			return e.err
		}
	}
	if e.json {
		e.endList()
		e.close('}')
		e.buf = append(e.buf, '\n')
	}
	return e.flush()
}

// record writes one type.
func (e *encoder) record(t btf.Type) {
	sec, off := btf.Internal.Record(t)
	r := record{sec, off}
	kind := raw.InfoKind(r.word(1))
	e.begin(uint64(t.ID()), kindName(kind), r.name(0))
	switch kind {
	case raw.Int:
		e.integer(t)
	case raw.Array:
		e.uint("type_id", r.word(3))
		e.uint("index_type_id", r.word(4))
		e.uint("nr_elems", r.word(5))
	case raw.Struct, raw.Union:
		e.members(t, r)
	case raw.Enum, raw.Enum64:
		e.values(t, r)
	case raw.FuncProto:
		e.params(r)
	case raw.Datasec:
		e.vars(r)
	case raw.Float:
		e.uint("size", r.word(2))
	case raw.Fwd:
		fwd := "struct"
		if t.KindFlag() {
			fwd = "union"
		}
		e.string("fwd_kind", fwd)
	default:
		e.typed(t, r, kind)
	}
	e.end()
}

// typed writes what kinds with a target have; an unknown kind has nothing.
func (e *encoder) typed(t btf.Type, r record, kind raw.Kind) {
	if !kind.In(raw.Typed) {
		return
	}
	e.uint("type_id", r.word(2))
	switch linkage, _ := t.Linkage(); kind {
	case raw.Var:
		if !e.json {
			e.buf = append(e.buf, ',') // only here
		}
		e.string("linkage", linkage.String())
	case raw.Func:
		e.string("linkage", linkage.String())
	case raw.DeclTag:
		e.int("component_idx", int64(int32(r.word(3))))
	}
}

func (e *encoder) integer(t btf.Type) {
	size, _ := t.Size()
	i, _ := t.Int()
	e.uint("size", size)
	e.uint("bits_offset", uint32(i.Offset))
	e.uint("nr_bits", uint32(i.Bits))
	e.string("encoding", i.Encoding.String())
}

func (e *encoder) members(t btf.Type, r record) {
	n := e.sized(r)
	e.list("members")
	for _, m := range t.Members() {
		e.element()
		e.name(n.next(3).name(0))
		e.uint("type_id", uint32(m.TargetID()))
		e.uint("bits_offset", m.BitOffset())
		if bits := m.BitfieldSize(); bits != 0 {
			e.uint("bitfield_size", bits)
		}
		e.endElement()
	}
	e.endList()
}

func (e *encoder) values(t btf.Type, r record) {
	encoding, suffix := "UNSIGNED", ""
	if t.IsSigned() {
		encoding = "SIGNED"
	}
	words := uint32(2)
	if t.Kind() == btf.KindEnum64 {
		words, suffix = 3, "ULL"
		if t.IsSigned() {
			suffix = "LL"
		}
	}
	e.string("encoding", encoding)
	n := e.sized(r)
	e.list("values")
	for _, v := range t.Enumerators() {
		e.element()
		e.name(n.next(words).name(0))
		switch {
		case t.IsSigned():
			e.int("val", v.Int64())
		case e.json && words == 2:
			e.uint64("val", uint64(int32(v.Uint64()))) // bpftool's val is signed
		default:
			e.uint64("val", v.Uint64())
		}
		if !e.json {
			e.buf = append(e.buf, suffix...)
		}
		e.endElement()
	}
	e.endList()
}

func (e *encoder) params(r record) {
	vlen := raw.InfoVlen(r.word(1))
	e.uint("ret_type_id", r.word(2))
	e.uint("vlen", vlen)
	e.list("params")
	for n := r.elements(); vlen > 0; vlen-- {
		p := n.next(2)
		e.element()
		e.name(p.name(0))
		e.uint("type_id", p.word(1))
		e.endElement()
	}
	e.endList()
}

func (e *encoder) vars(r record) {
	n := e.sized(r)
	e.list("vars")
	for range raw.InfoVlen(r.word(1)) {
		v := n.next(3)
		e.element()
		e.uint("type_id", v.word(0))
		e.uint("offset", v.word(1))
		e.uint("size", v.word(2))
		if !e.json {
			e.target(r.sec, v.word(0))
		}
		e.endElement()
	}
	e.endList()
}

// target writes the kind and name of a variable, if it exists.
func (e *encoder) target(sec *raw.Section, id uint32) {
	kind, name := "UNKNOWN", "(anon)"
	sec, off, ok := sec.Find(id)
	if !ok {
		return
	}
	if sec != nil {
		r := record{sec, off}
		kind, name = kindName(raw.InfoKind(r.word(1))), r.name(0)
	}
	e.buf = append(e.buf, " ("...)
	e.buf = append(e.buf, kind...)
	e.buf = append(e.buf, ' ')
	e.name(name)
	e.buf = append(e.buf, ')')
}

// sized writes size and vlen, which several kinds have, and returns where the elements start.
func (e *encoder) sized(r record) record {
	e.uint("size", r.word(2))
	e.uint("vlen", raw.InfoVlen(r.word(1)))
	return r.elements()
}

func kindName(k raw.Kind) string {
	if k == raw.Void || k > raw.LastKind {
		return "UNKNOWN"
	}
	return k.String()
}

// A record is where a record, or one of its elements, starts.
type record struct {
	sec *raw.Section
	off uint32
}

func (r record) word(i uint32) uint32 { return r.sec.Word(r.off + 4*i) }

// name returns what word i names.
func (r record) name(i uint32) string {
	switch off := r.word(i); {
	case off == 0:
		return "(anon)"
	case off >= r.sec.StrEnd():
		return "(invalid)"
	default:
		return r.sec.NameBytes(off)
	}
}

// elements returns where the elements start, for next.
func (r record) elements() record { return record{r.sec, r.off + raw.HeaderSize} }

// next returns where r is, and moves r by as many words as an element has.
func (r *record) next(words uint32) record {
	at := *r
	r.off += 4 * words
	return at
}
