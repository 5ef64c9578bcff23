package core

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// An Ext is the content of .BTF.ext. It is immutable and safe for concurrent use. Its
// iterators decode the bytes while they run.
type Ext struct {
	spec   *btf.Spec
	order  binary.ByteOrder
	tables [3]table
}

// The tables of .BTF.ext, in the order of their places in the header.
const (
	funcTable = iota
	lineTable
	reloTable
)

var (
	tableNames = [...]string{"func_info", "line_info", "core_relo"}
	leastSizes = [...]uint32{8, 16, 16}
)

// A table is a part of .BTF.ext behind the word that says how long its records are.
type table struct {
	data   []byte
	record uint32
}

// A FuncInfo says which function starts at an instruction.
type FuncInfo struct {
	// Section is the ELF section of the instruction.
	Section string
	// Offset is where it is there, in bytes.
	Offset uint32
	// Func is the FUNC.
	Func btf.Type
}

// A LineInfo says which line of source an instruction is from.
type LineInfo struct {
	// Section is the ELF section of the instruction.
	Section string
	// Offset is where it is there, in bytes.
	Offset uint32
	// File and Text are the name of the source file and the text of the line.
	File, Text string
	// Line and Column count from 1.
	Line, Column uint32
}

// A Relocation is a question about a type. A loader writes the answer into an instruction.
type Relocation struct {
	// Section is the ELF section of the instruction.
	Section string
	// Offset is where it is there, in bytes.
	Offset uint32
	// Type is the type in the object that the question is about.
	Type btf.Type
	// Access leads from Type to a field, as "0:1:2" does: the index in an array of Types, then the
	// indexes of members and of elements. For a question about an enumerator it is the index of
	// the enumerator; for one about the type, "0".
	Access string
	// Kind is the question.
	Kind Kind
}

const headerLen, reloHeaderLen = 24, 32

// Parse checks the bytes of .BTF.ext, in either byte order, beside the BTF of the same object. It
// takes time linear in data, which it keeps and which must not be changed. Errors are of type
// *btf.FormatError. Tables that are empty, or that the header is too short for, have no records.
func Parse(data []byte, spec *btf.Spec) (*Ext, error) {
	e := &Ext{spec: spec, order: spec.ByteOrder()}
	if len(data) < headerLen {
		return nil, fault("header", 0, fmt.Errorf("%d bytes are no .BTF.ext header", len(data)))
	}
	length := e.order.Uint32(data[4:])
	switch {
	case e.order.Uint16(data) != raw.Magic:
		return nil, fault("header", 0, errors.New("no BTF magic in the byte order of the BTF"))
	case data[2] != raw.Version || data[3] != 0:
		return nil, &btf.FormatError{Part: ".BTF.ext header", Offset: 2, Class: btf.ErrUnsupported,
			Err: fmt.Errorf("version %d, flags %#x", data[2], data[3])}
	case length < headerLen || int64(length) > int64(len(data)):
		return nil, fault("header", 4, fmt.Errorf("header length %d of %d bytes", length, len(data)))
	}
	for i := range e.tables {
		place := 8 + 8*i
		if place+8 > int(length) {
			break
		}
		off, size := e.order.Uint32(data[place:]), e.order.Uint32(data[place+4:])
		if err := e.readTable(i, data, int64(length)+int64(off), int64(size)); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// fault returns an error about a place in .BTF.ext.
func fault(part string, off int64, err error) error {
	return &btf.FormatError{Part: ".BTF.ext " + part, Offset: off, Class: btf.ErrCorrupt, Err: err}
}

// readTable checks the table at an offset from the start of data.
func (e *Ext) readTable(which int, data []byte, off, size int64) error {
	name := tableNames[which]
	bad := func(at int64, format string, args ...any) error {
		return fault(name, at, fmt.Errorf(format, args...))
	}
	switch {
	case size == 0:
		return nil
	case off%4 != 0 || size < 4 || off+size > int64(len(data)):
		return bad(off, "%d bytes at offset %d of %d", size, off, len(data))
	}
	own := data[off : off+size]
	record := e.order.Uint32(own)
	if record < leastSizes[which] || record%4 != 0 {
		return bad(off, "records of %d bytes", record)
	}
	t := table{own[4:], record}
	for rest := t.data; len(rest) > 0; {
		at := off + size - int64(len(rest))
		if len(rest) < 8 {
			return bad(at, "%d bytes are no head of a section", len(rest))
		}
		sec, count := e.order.Uint32(rest), e.order.Uint32(rest[4:])
		rest = rest[8:]
		switch {
		case count == 0 || uint64(count)*uint64(record) > uint64(len(rest)):
			return bad(at, "%d records of %d bytes in %d", count, record, len(rest))
		case !e.hasString(sec):
			return bad(at, "no string at %#x", sec)
		}
		for i := range count {
			if err := e.checkRecord(which, rest[i*record:]); err != nil {
				return bad(at+8+int64(i*record), "%w", err)
			}
		}
		rest = rest[count*record:]
	}
	e.tables[which] = t
	return nil
}

// checkRecord reports strings and types that do not exist.
func (e *Ext) checkRecord(which int, r []byte) error {
	word := func(i int) uint32 { return e.order.Uint32(r[4*i:]) }
	if which == lineTable {
		if !e.hasString(word(1)) || !e.hasString(word(2)) {
			return fmt.Errorf("no string at %#x or %#x", word(1), word(2))
		}
		return nil
	}
	if _, end := e.spec.IDs(); word(1) >= uint32(end) {
		return fmt.Errorf("no type %d", word(1))
	}
	if which == reloTable && !e.hasString(word(2)) {
		return fmt.Errorf("no string at %#x", word(2))
	}
	return nil
}

func (e *Ext) hasString(off uint32) bool { return off < btf.Internal.Section(e.spec).StrEnd() }

// MaxText is how many bytes of a name, a path or a line of source are read. Without a bound,
// records that share one long string would take time quadratic in the input.
const MaxText = 4096

func (e *Ext) text(off uint32) string {
	sec := btf.Internal.Section(e.spec).Storing(off)
	text := sec.NamePrefix(off, MaxText)
	if sec.CopyNames {
		return strings.Clone(text)
	}
	return text
}

// records ranges over the records of a table, with the name of the section that each is about.
func (e *Ext) records(which int) iter.Seq2[string, func(i int) uint32] {
	return func(yield func(string, func(int) uint32) bool) {
		t := e.tables[which]
		var r []byte
		word := func(i int) uint32 { return e.order.Uint32(r[4*i:]) }
		for rest := t.data; len(rest) > 0; {
			section := e.text(e.order.Uint32(rest))
			count := e.order.Uint32(rest[4:])
			rest = rest[8:]
			for range count {
				r, rest = rest[:t.record], rest[t.record:]
				if !yield(section, word) {
					return
				}
			}
		}
	}
}

// typeOf returns a type that Parse has seen to exist; void if the Spec is closed.
func (e *Ext) typeOf(id uint32) btf.Type {
	t, _ := e.spec.TypeByID(btf.TypeID(id))
	return t
}

// Funcs ranges over the functions, section by section.
func (e *Ext) Funcs() iter.Seq[FuncInfo] {
	return func(yield func(FuncInfo) bool) {
		for section, word := range e.records(funcTable) {
			if !yield(FuncInfo{section, word(0), e.typeOf(word(1))}) {
				return
			}
		}
	}
}

// Lines ranges over the lines, section by section.
func (e *Ext) Lines() iter.Seq[LineInfo] {
	return func(yield func(LineInfo) bool) {
		for section, word := range e.records(lineTable) {
			if !yield(LineInfo{section, word(0), e.text(word(1)), e.text(word(2)), word(3) >> 10,
				word(3) & (1<<10 - 1)}) {
				return
			}
		}
	}
}

// Relocations ranges over the CO-RE relocations, section by section.
func (e *Ext) Relocations() iter.Seq[Relocation] {
	return func(yield func(Relocation) bool) {
		for section, word := range e.records(reloTable) {
			if !yield(Relocation{section, word(0), e.typeOf(word(1)), e.text(word(2)), Kind(word(3))}) {
				return
			}
		}
	}
}
