package cdump

import (
	"strconv"

	"github.com/btfkit/btfkit/btf"
)

// Names. C has one space of names for tags of structs, unions and enums, and another for typedefs
// and enumerators. What comes second there gets a number.

// maxName is the longest that a name gets with a number, in bytes.
const maxName = 255

// typeName returns the tag that t goes by.
func (p *printer) typeName(t btf.Type) string { return p.unique(t, p.types) }

// identName returns the name that a typedef goes by.
func (p *printer) identName(t btf.Type) string { return p.unique(t, p.idents) }

// unique returns t's name, with a number if others were asked for before that have the same.
// Declarations share the name of what they declare.
func (p *printer) unique(t btf.Type, names map[string]uint32) string {
	if !isNamed(t) {
		return ""
	}
	n, name := p.noteOf(t.ID()), nameOf(t)
	switch {
	case n.count == 1:
		return name
	case n.count > 1:
		return p.renamed[t.ID()]
	case t.Kind() == btf.KindFwd || t.Kind() == btf.KindEnum && t.Vlen() == 0:
		n.count = 1
		return name
	}
	n.count = p.declared(names, name)
	if n.count == 1 {
		return name
	}
	if p.renamed == nil {
		p.renamed = map[btf.TypeID]string{}
	}
	name += "___" + strconv.FormatUint(uint64(n.count), 10)
	name = name[:min(len(name), maxName)]
	p.renamed[t.ID()] = name
	return name
}

// declared counts a use of a name for something new. The maps' keys share the section's bytes.
func (p *printer) declared(names map[string]uint32, name string) uint32 {
	if !p.spendLimit(len(name)) {
		return 1
	}
	names[name]++
	return names[name]
}
