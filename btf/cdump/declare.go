package cdump

import (
	"fmt"
	"strconv"

	"github.com/btfkit/btfkit/btf"
)

// Declarations. BTF has a chain of types from the outside to the inside:
//
//	[ARRAY 10] -> [PTR] -> [CONST] -> [PTR] -> [CONST] -> [INT]
//
// and C starts with the innermost: const int * const *name[10]. So declare puts the chain on a
// stack, and declarator writes it from the top. Qualifiers stand behind a pointer that they
// qualify, but before anything else. What a function takes or a struct has is a chain of its own,
// higher up on the same stack.

// maxStack is how many links declarations may have that are being written at the same time.
const maxStack = 1 << 20

// declare writes a declaration of name, which may be "", as of type t. Structs and enums without
// a name are written with their body, indented from level on.
func (p *printer) declare(t btf.Type, name string, level int) {
	start := len(p.stack)
	for {
		p.stack = append(p.stack, t)
		if len(p.stack) > maxStack {
			p.fail(fmt.Errorf("cdump: %v: declaration of more than %d links: %w", t, maxStack,
				ErrLimit))
		}
		if !p.spendLimit(1) {
			return
		}
		k := t.Kind()
		if k != btf.KindPtr && k != btf.KindArray && k != btf.KindFuncProto && !k.IsModifier() {
			break
		}
		t = p.target(t)
	}
	chain := p.stack[start:]
	p.declarator(&chain, name, level)
	p.stack = p.stack[:start]
}

// declarator writes what is left of a chain, and the name where it belongs.
func (p *printer) declarator(chain *[]btf.Type, name string, level int) {
	behindPointer := true // nothing needs to be kept apart from what comes first
	for len(*chain) > 0 {
		t := pop(chain)
		if !p.enter(t) {
			return
		}
		switch k := t.Kind(); k {
		case btf.KindPtr:
			if !behindPointer {
				p.write(" ")
			}
			p.write("*")
		case btf.KindConst, btf.KindVolatile, btf.KindRestrict:
			p.write(" ")
			p.write(qualifier(k))
		case btf.KindArray:
			p.array(t, chain, name, behindPointer, level)
			p.leave()
			return
		case btf.KindFuncProto:
			p.function(t, chain, name, behindPointer, level)
			p.leave()
			return
		case btf.KindFunc, btf.KindVar, btf.KindDatasec, btf.KindDeclTag:
			p.leave()
			return // a type of nothing; libbpf leaves it out and warns
		default:
			p.qualifiers(chain)
			p.base(t, level)
		}
		p.leave()
		behindPointer = t.Kind() == btf.KindPtr
	}
	p.name(name, behindPointer)
}

func pop(chain *[]btf.Type) btf.Type {
	last := len(*chain) - 1
	t := (*chain)[last]
	*chain = (*chain)[:last]
	return t
}

// name writes a name, kept apart from what stands before, unless that is a pointer's asterisk.
func (p *printer) name(name string, behindPointer bool) {
	if name != "" && !behindPointer {
		p.write(" ")
	}
	p.write(name)
}

// qualifiers writes those at the top of the chain, which stand before what they qualify.
func (p *printer) qualifiers(chain *[]btf.Type) {
	for len(*chain) > 0 {
		k := (*chain)[len(*chain)-1].Kind()
		if !isQualifier(k) {
			return
		}
		pop(chain)
		p.write(qualifier(k))
		p.write(" ")
	}
}

// dropModifiers takes the modifiers at the top of the chain away: those of arrays and
// functions. GCC adds them to arrays whose elements have some, and to functions that do not return.
func dropModifiers(chain *[]btf.Type) {
	for len(*chain) > 0 && (*chain)[len(*chain)-1].Kind().IsModifier() {
		pop(chain)
	}
}

func qualifier(k btf.Kind) string {
	switch k {
	case btf.KindConst:
		return "const"
	case btf.KindVolatile:
		return "volatile"
	}
	return "restrict"
}

// base writes the innermost type of a chain, or the tag of another.
func (p *printer) base(t btf.Type, level int) {
	switch k := t.Kind(); k {
	case btf.KindVoid:
		p.write("void")
	case btf.KindInt, btf.KindFloat:
		p.write(nameOf(t))
	case btf.KindStruct, btf.KindUnion:
		if isNamed(t) {
			p.structName(t)
		} else {
			p.structBody(t, level)
		}
	case btf.KindEnum, btf.KindEnum64:
		if isNamed(t) {
			p.write("enum ")
			p.write(p.typeName(t))
		} else {
			p.enumBody(t, level)
		}
	case btf.KindFwd:
		p.forward(t)
	case btf.KindTypedef:
		p.write(p.identName(t))
	case btf.KindTypeTag:
		p.tag(t)
	default:
		p.fail(fmt.Errorf("cdump: %v: %w", t, btf.ErrUnsupported))
	}
}

// tag writes an attribute.
func (p *printer) tag(t btf.Type) {
	if t.IsAttribute() {
		p.write(" __attribute__((")
		p.write(nameOf(t))
		p.write("))")
		return
	}
	p.write(` __attribute__((btf_type_tag("`)
	p.write(nameOf(t))
	p.write(`")))`)
}

// array writes an array of what has been written, with the rest of the chain inside.
func (p *printer) array(t btf.Type, chain *[]btf.Type, name string, behindPointer bool, level int) {
	dropModifiers(chain)
	if name != "" && !behindPointer {
		p.write(" ")
	}
	n := len(*chain)
	inner := n > 0 && (*chain)[n-1].Kind() != btf.KindArray
	if inner {
		p.write("(")
	}
	p.declarator(chain, name, level)
	if inner {
		p.write(")")
	}
	length, _ := t.ArrayLen()
	p.write("[")
	p.number(uint64(length))
	p.write("]")
}

// function writes a function that returns what has been written, with the rest of the chain, such
// as a pointer to it, inside.
func (p *printer) function(t btf.Type, chain *[]btf.Type, name string, behindPointer bool,
	level int) {
	dropModifiers(chain)
	if len(*chain) > 0 {
		p.write(" (")
		p.declarator(chain, name, level)
		p.write(")")
	} else {
		p.name(name, behindPointer)
	}
	n := t.Vlen()
	if first, ok := t.Param(0); n == 0 || n == 1 && ok && first.TargetID() == 0 {
		p.write("(void)") // Clang gives functions without parameters one of type void
		return
	}
	p.write("(")
	for i, param := range t.Params() {
		if i > 0 {
			p.write(", ")
		}
		if i == n-1 && param.TargetID() == 0 {
			p.write("...")
			break
		}
		p.declare(p.paramType(t, param), elementName(t, i), level)
		if p.err != nil {
			return
		}
	}
	p.write(")")
}

func (p *printer) number(n uint64) {
	var digits [20]byte
	p.write(string(strconv.AppendUint(digits[:0], n, 10)))
}

func (p *printer) signed(n int64) {
	var digits [20]byte
	p.write(string(strconv.AppendInt(digits[:0], n, 10)))
}
