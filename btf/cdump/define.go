package cdump

import (
	"github.com/btfkit/btfkit/btf"
)

// Bodies of definitions.

// structName writes a struct or union by its name.
func (p *printer) structName(t btf.Type) {
	p.write(keyword(t))
	if isNamed(t) {
		p.write(" ")
		p.write(p.typeName(t))
	}
}

func keyword(t btf.Type) string {
	if k := t.Kind(); k == btf.KindUnion || k == btf.KindFwd && t.FwdKind() == btf.KindUnion {
		return "union"
	}
	return "struct"
}

// forward writes what a FWD declares.
func (p *printer) forward(t btf.Type) {
	p.write(keyword(t))
	p.write(" ")
	p.write(p.typeName(t))
}

// structBody writes a struct or union with its members, padding them to their offsets. level
// is how far the line is indented.
func (p *printer) structBody(t btf.Type, level int) {
	if !p.enter(t) {
		return
	}
	defer p.leave()
	align, packed := int32(p.align(t)), p.isPacked(t)
	p.structName(t)
	p.write(" {")
	var end int32 // of the members so far, in bits
	bitfield := false
	for i, m := range t.Members() {
		typ, start, bits := p.memberType(t, m), int32(m.BitOffset()), int32(m.BitfieldSize())
		if p.err != nil {
			return
		}
		memberAlign := int32(1)
		if !packed {
			memberAlign = int32(p.align(typ))
		}
		p.pad(end, start, memberAlign, bitfield && bits != 0, level+1)
		p.newline(level + 1)
		p.declare(typ, elementName(t, i), level+1)
		if bitfield = bits != 0; bitfield {
			p.write(": ")
			p.number(uint64(bits))
			end = start + bits
		} else {
			end = start + int32(max(0, p.size(typ)))*8
		}
		p.write(";")
	}
	size, _ := t.Size()
	if t.Kind() == btf.KindStruct {
		p.pad(end, int32(size*8), align, false, level+1)
	}
	if t.Vlen() > 0 || size > 0 {
		p.newline(level)
	}
	p.write("}")
	if packed {
		p.write(" __attribute__((packed))")
	}
}

// enumBody writes an enum with its values; without any, only its name.
func (p *printer) enumBody(t btf.Type, level int) {
	p.write("enum")
	if isNamed(t) {
		p.write(" ")
		p.write(p.typeName(t))
	}
	if t.Vlen() == 0 {
		return
	}
	p.write(" {")
	wide := false // some value needs more than 32 bits
	for i, v := range t.Enumerators() {
		name := elementName(t, i)
		p.newline(level + 1)
		p.write(name)
		if n := p.declared(p.idents, name); n > 1 {
			p.write("___")
			p.number(uint64(n))
		}
		p.write(" = ")
		p.enumerator(t, v)
		wide = wide || v.Uint64()>>32 != 0
		if p.err != nil {
			return
		}
	}
	p.newline(level)
	p.write("}")
	// An enum has the size of an int, unless that is told, or a value does not fit.
	switch size, _ := t.Size(); {
	case size == 1:
		p.write(" __attribute__((mode(byte)))")
	case size == 8 && p.long == 8 && (t.Kind() == btf.KindEnum || !wide):
		p.write(" __attribute__((mode(word)))")
	}
}

func (p *printer) enumerator(t btf.Type, v btf.Enumerator) {
	wide := t.Kind() == btf.KindEnum64
	if t.IsSigned() {
		p.signed(v.Int64())
		if wide {
			p.write("LL")
		}
	} else {
		p.number(v.Uint64())
		if wide {
			p.write("ULL")
		}
	}
	p.write(",")
}

// typedef writes a typedef. Old versions of GCC have __gnuc_va_list refer to void.
func (p *printer) typedef(t btf.Type) {
	name := p.identName(t)
	p.write("typedef ")
	if t.TargetID() == 0 && name == "__gnuc_va_list" {
		p.write("__builtin_va_list __gnuc_va_list")
		return
	}
	p.declare(p.target(t), name, 0)
}

// alias defines a type that GCC has built in for Arm's vector instructions, and others have not.
func (p *printer) alias(t btf.Type) {
	name, like := p.typeName(t), ""
	switch name {
	case "__Poly8_t":
		like = "unsigned char"
	case "__Poly16_t":
		like = "unsigned short"
	case "__Poly64_t":
		like = "unsigned long long"
	case "__Poly128_t":
		like = "unsigned __int128"
	default:
		return
	}
	p.write("typedef ")
	p.write(like)
	p.write(" ")
	p.write(name)
	p.write(";\n\n")
}

// tabs is as far as lines are indented.
const tabs = "\t\t\t\t\t\t\t\t\t\t\t\t\t"

func (p *printer) newline(level int) {
	p.write("\n")
	p.write(tabs[:min(level, len(tabs))])
}
