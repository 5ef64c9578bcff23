// Package cdump writes types as C: the declaration or definition of one type, the definitions of
// several with all types that they need, or a whole vmlinux.h.
//
// The text is byte for byte what libbpf and bpftool write, as of bpftool 7.8 (Linux 7.2); see
// btf_dump.c in the kernel's tools/lib/bpf and btf.c in its tools/bpf/bpftool. So compilers accept
// it where they accept theirs, also in BPF programs:
//
//   - Definitions come in an order that C accepts. A struct is defined before the structs that
//     embed it. If it is only pointed at, it is declared before, where C needs that.
//   - Bitfields, padding and packed structs are written so that a compiler computes the same
//     offsets and sizes, although BTF states no alignment. The package's tests check that for a
//     kernel.
//   - Where several types have one name, the second is called NAME___2, and so on in the
//     order of the text; so are enumerators and typedefs, which share names in C.
//
// For other forms, see package dump.
//
// # Untrusted input
//
// Any BTF that opens may be given. It fails with btf.ErrCorrupt if a type is missing or a struct
// contains itself. Small input may describe huge output, or take exponential time to follow;
// Options.Limit stops that. Names are written as they are, and may be any bytes: read a header
// made of untrusted BTF with care before you compile it.
//
// # Cost
//
// Header takes 0.1 s for a kernel of 126,610 types, 2.8 MB of text, where bpftool takes 0.2 s; a
// third of that is the order by name. It needs 8 bytes a type, 80 more for the order, and an
// allocation for every 256 types; names are not copied. The functions for one type take a few
// microseconds and 9 KiB.
package cdump

import (
	"errors"
	"fmt"
	"io"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// ErrLimit is the class of errors for output that grows beyond Options.Limit, and for types that
// are nested 16,384 deep.
var ErrLimit = errors.New("limit exceeded")

// DefaultLimit is the limit that stands for 0 in Options: 256 MiB, some 50 times what a kernel
// needs. Input made to be slow runs a few seconds against it.
const DefaultLimit = 256 << 20

// appendLimit is the limit of what is appended for one type.
const appendLimit = 4 << 20

// Options says how Header and Definitions write. The zero value is bpftool's default.
type Options struct {
	// Unsorted makes Header take the types by ascending id, as bpftool's "unsorted" does.
	// Otherwise they are sorted by kind and name, which keeps headers of different builds
	// similar.
	Unsorted bool
	// Asserts writes a _Static_assert of C11 for the size of each struct and union and the
	// offset of each member, bitfields aside, behind the definition: so a compiler for a
	// machine with another layout reports the difference.
	Asserts bool
	// Limit bounds the output, in bytes; each type that is visited on the way counts as a byte,
	// too. 0 means DefaultLimit.
	Limit int64
}

func (o Options) limit() int64 {
	if o.Limit == 0 {
		return DefaultLimit
	}
	return o.Limit
}

// Header writes a header file with all types that spec covers, as "bpftool btf dump file F format
// c" does: preprocessor lines, definitions, and the prototypes of kernel functions that BPF
// programs may call. For a split file, bpftool also writes the types of the base, and so does
// Header for spec. For spec.Own() it writes the types of the section and the types of the bases
// that they need.
//
// If the types are sorted, bpftool does not write the first one for its own sake, and neither does
// Header. That makes a difference only if it is an anonymous enum that nothing refers to.
//
// Errors are w's, btf.ErrClosed, and those that the package's documentation names. After an error,
// w has a part of the text.
func Header(w io.Writer, spec *btf.Spec, o Options) error {
	p, err := newPrinter(w, spec, o.limit())
	if err != nil {
		return err
	}
	p.checked = o.Asserts
	p.write(headerStart)
	if o.Unsorted {
		for t := range spec.TypesByKind() {
			p.define(t)
		}
	} else {
		for _, key := range p.sorted(spec) {
			p.define(key.t)
		}
	}
	p.kfuncs(spec)
	p.write(headerEnd)
	return p.flush()
}

// Definitions writes the definitions of types and of all types that they need, each once, in an
// order that C accepts. The text is what libbpf's btf_dump__dump_type writes for one type after
// the other, and what bpftool writes for "root_id" between the preprocessor lines. The types
// must be of spec or its bases. A FUNC, VAR, DATASEC or DECL_TAG defines nothing: give a FUNC's
// FUNC_PROTO or a VAR's type instead.
//
// It fails as Header does. Time is linear in the output; if an anonymous ENUM is among the
// types, it also reads all other types once.
func Definitions(w io.Writer, spec *btf.Spec, o Options, types ...btf.Type) error {
	p, err := newPrinter(w, spec, o.limit())
	if err != nil {
		return err
	}
	p.checked = o.Asserts
	for _, t := range types {
		if !p.ownsType(t) {
			return fmt.Errorf("cdump: %v is not a type of the Spec", t)
		}
		p.define(t)
	}
	return p.flush()
}

// AppendDefinition appends to dst the definition of t alone, without what it needs and without a
// semicolon: a STRUCT, UNION or ENUM with its body, a TYPEDEF, or the declaration of a FWD. Other
// kinds have no definition and are an error.
func AppendDefinition(dst []byte, t btf.Type) ([]byte, error) {
	return appendWith(dst, t, func(p *printer) {
		switch t.Kind() {
		case btf.KindStruct, btf.KindUnion:
			p.structBody(t, 0)
		case btf.KindEnum, btf.KindEnum64:
			p.enumBody(t, 0)
		case btf.KindTypedef:
			p.typedef(t)
		case btf.KindFwd:
			p.forward(t)
		default:
			p.fail(fmt.Errorf("cdump: %v has no definition in C", t))
		}
	})
}

// AppendDeclaration appends to dst the declaration of something named name that has the type t, as
// libbpf's btf_dump__emit_type_decl writes it, without a semicolon; "" appends the type alone, as
// for a cast. FUNC and VAR have names of their own, which "" stands for:
//
//	int tcp_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
//
// Named structs, unions, enums and typedefs are given by name, anonymous ones with their body, over
// several lines. DATASEC and DECL_TAG have no declaration and are an error.
func AppendDeclaration(dst []byte, t btf.Type, name string) ([]byte, error) {
	return appendWith(dst, t, func(p *printer) {
		switch t.Kind() {
		case btf.KindFunc, btf.KindVar:
			if name == "" {
				name = nameOf(t)
			}
			p.declare(p.target(t), name, 0)
		case btf.KindDatasec, btf.KindDeclTag:
			p.fail(fmt.Errorf("cdump: %v has no declaration in C", t))
		default:
			p.declare(t, name, 0)
		}
	})
}

// appendWith lets print write behind dst.
func appendWith(dst []byte, t btf.Type, print func(*printer)) ([]byte, error) {
	p, err := newPrinter(nil, t.Spec(), appendLimit)
	if err != nil {
		return dst, err
	}
	p.buf = dst
	print(p)
	if p.err != nil {
		return dst, p.err
	}
	return p.buf, nil
}

// A printer writes C. Its first error sticks, and ends all loops and recursion.
type printer struct {
	w     io.Writer // nil if everything stays in buf
	buf   []byte
	left  int64 // of the limit
	depth int   // of recursion
	err   error

	sec   *raw.Section // the last of the chain that types come from; nil for void
	long  int32        // size of a pointer and of a long, in bytes
	notes []*[noteLen]note
	// linked tells which types others refer to; nil until asked.
	linked []bool

	queue []btf.Type // what define is to write
	stack []btf.Type // links of declarations that are being written; see declare

	checked bool   // Options.Asserts
	path    []byte // of a member; see assertMembers

	types, idents map[string]uint32     // how many have had the name so far
	renamed       map[btf.TypeID]string // those whose name was taken
}

// A note is what a printer knows about a type.
type note struct {
	order, emit progress
	// forward is set once a struct was declared, or a typedef written, before its turn.
	forward bool
	align   int8   // alignment of a struct or union, in bytes; 0 until known
	count   uint32 // how many had its name, with it; 0 until it was asked for its name
}

// progress is how far a type is with something.
type progress uint8

const (
	pending progress = iota
	active
	done
)

// noteLen is how many notes are allocated at once.
const noteLen = 256

// noteOf returns what is known of a type.
func (p *printer) noteOf(id btf.TypeID) *note {
	page := &p.notes[id/noteLen]
	if *page == nil {
		*page = new([noteLen]note)
	}
	return &(*page)[id%noteLen]
}

func newPrinter(w io.Writer, spec *btf.Spec, limit int64) (*printer, error) {
	p := &printer{w: w, left: limit, types: map[string]uint32{}, idents: map[string]uint32{},
		notes: make([]*[noteLen]note, 1), long: 8}
	if spec != nil {
		if btf.Internal.Closed(spec) {
			return nil, btf.ErrClosed
		}
		p.sec = btf.Internal.Section(spec)
		p.long = int32(spec.PointerSize())
		p.notes = make([]*[noteLen]note, p.sec.End()/noteLen+1)
	}
	*p.noteOf(0) = note{order: done, emit: done} // void needs nothing
	return p, nil
}

// fail keeps the first error.
func (p *printer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// spendLimit takes n from the limit and reports whether there is no error yet.
func (p *printer) spendLimit(n int) bool {
	p.left -= int64(n)
	if p.left < 0 {
		p.fail(fmt.Errorf("cdump: output too long: %w", ErrLimit))
	}
	return p.err == nil
}

// maxDepth is how deep types may be nested: more than what compilers make by far, and a
// stack of a few megabytes. libbpf has no limit, and dies of some 100,000 levels.
const maxDepth = 1 << 14

// enter starts a level of recursion at t, which leave ends, and reports whether to go on.
func (p *printer) enter(t btf.Type) bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail(fmt.Errorf("cdump: %v: nested %d deep: %w", t, maxDepth, ErrLimit))
	}
	return p.spendLimit(1)
}

func (p *printer) leave() { p.depth-- }

// flushAt is how many bytes are gathered before they are written.
const flushAt = 64 << 10

// write adds s to the output, within the limit.
func (p *printer) write(s string) {
	if !p.spendLimit(len(s)) {
		return
	}
	p.buf = append(p.buf, s...)
	if p.w != nil && len(p.buf) >= flushAt {
		p.flush()
	}
}

func (p *printer) flush() error {
	if p.err == nil && p.w != nil {
		_, err := p.w.Write(p.buf)
		p.buf = p.buf[:0]
		if err != nil {
			p.fail(err)
		}
	}
	return p.err
}
