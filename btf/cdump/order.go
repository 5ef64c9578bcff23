package cdump

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// The order of definitions. C wants a struct defined before it is embedded, and declared
// before it is pointed at. So there are two kinds of links from one type to another: a strong
// one needs the other's definition, and a weak one only its name. A link is weak if a pointer is on
// the way to a struct, union or typedef that has a name. Anonymous ones are defined where they
// are used, so that what they embed must be defined there, too, even behind a pointer.

// define writes what t needs and then t, in so far as they are not written yet.
func (p *printer) define(t btf.Type) {
	p.queue = p.queue[:0]
	p.order(t, false)
	for _, next := range p.queue {
		if p.err != nil {
			return
		}
		p.emit(next, 0)
	}
}

// order queues the definitions that t's needs, and then its own, and reports whether the link to t
// is strong. It follows libbpf, also where the answer depends on whether t was seen before, since
// that shows in the output.
func (p *printer) order(t btf.Type, behindPointer bool) (strong bool) {
	n := p.noteOf(t.ID())
	if n.order == done {
		return true
	}
	if !p.enter(t) {
		return false
	}
	defer p.leave()
	if n.order == active {
		if !isComposite(t.Kind()) || !behindPointer || !isNamed(t) {
			p.fail(fmt.Errorf("cdump: %v contains itself: %w", t, btf.ErrCorrupt))
		}
		return false
	}

	switch k := t.Kind(); k {
	case btf.KindInt, btf.KindFloat, btf.KindFunc, btf.KindVar, btf.KindDatasec, btf.KindDeclTag:
		n.order = done
		return false
	case btf.KindPtr:
		strong = p.order(p.target(t), true)
		n.order = done
		return strong
	case btf.KindArray:
		return p.order(p.target(t), false)
	case btf.KindVolatile, btf.KindConst, btf.KindRestrict, btf.KindTypeTag:
		return p.order(p.target(t), behindPointer)
	case btf.KindFuncProto:
		return p.orderProto(t, behindPointer)
	case btf.KindTypedef:
		if strong = p.order(p.target(t), behindPointer); behindPointer && !strong {
			return false
		}
		p.queue = append(p.queue, t)
	case btf.KindStruct, btf.KindUnion:
		if behindPointer && isNamed(t) {
			return false
		}
		p.orderMembers(t, n)
	case btf.KindEnum, btf.KindEnum64, btf.KindFwd:
		// What is anonymous and belongs to something is written there.
		if isNamed(t) || !p.isLinked(t) {
			p.queue = append(p.queue, t)
		}
	default:
		p.fail(fmt.Errorf("cdump: %v: %w", t, btf.ErrUnsupported))
	}
	n.order = done
	return true
}

// orderProto orders what a function takes and returns.
func (p *printer) orderProto(t btf.Type, behindPointer bool) (strong bool) {
	strong = p.order(p.target(t), behindPointer)
	for _, param := range t.Params() {
		if !p.spendLimit(1) {
			break
		}
		if p.order(p.paramType(t, param), behindPointer) {
			strong = true
		}
	}
	return strong
}

// orderMembers orders what a struct embeds, and then queues it, unless it is anonymous.
func (p *printer) orderMembers(t btf.Type, n *note) {
	n.order = active
	for _, m := range t.Members() {
		if !p.spendLimit(1) {
			return
		}
		p.order(p.memberType(t, m), false)
	}
	if isNamed(t) {
		p.queue = append(p.queue, t)
	}
}

// emit writes the definition of t if within is 0. Else t is part of a struct or typedef that is
// about to be defined, and what t's name needs is declared.
func (p *printer) emit(t btf.Type, within btf.TypeID) {
	n := p.noteOf(t.ID())
	if n.emit == done || !p.enter(t) {
		return
	}
	defer p.leave()
	if n.emit == active {
		p.emitActive(t, n, within)
		return
	}

	switch t.Kind() {
	case btf.KindInt:
		p.alias(t)
		n.emit = done
	case btf.KindEnum, btf.KindEnum64:
		if within == 0 {
			p.enumBody(t, 0)
			p.write(";\n\n")
		}
		n.emit = done
	case btf.KindPtr, btf.KindVolatile, btf.KindConst, btf.KindRestrict, btf.KindTypeTag,
		btf.KindArray:
		p.emit(p.target(t), within)
	case btf.KindFwd:
		p.forward(t)
		p.write(";\n\n")
		n.emit = done
	case btf.KindTypedef:
		n.emit = active
		p.emit(p.target(t), t.ID())
		p.emitTypedef(t, n)
		n.emit = done
	case btf.KindStruct, btf.KindUnion:
		p.emitStruct(t, n, within)
	case btf.KindFuncProto:
		p.emit(p.target(t), within)
		for _, param := range t.Params() {
			if !p.spendLimit(1) {
				break
			}
			p.emit(p.paramType(t, param), within)
		}
	}
}

// emitActive declares what is in the middle of its definition, once, for those that it needs and
// that need its name.
func (p *printer) emitActive(t btf.Type, n *note, within btf.TypeID) {
	switch k := t.Kind(); {
	case k == btf.KindTypedef:
		p.emitTypedef(t, n)
	case isComposite(k) && t.ID() != within && isNamed(t):
		p.emitForward(t, n)
	}
}

// emitForward declares a struct or union, once.
func (p *printer) emitForward(t btf.Type, n *note) {
	if !n.forward {
		p.structName(t)
		p.write(";\n\n")
		n.forward = true
	}
}

// emitTypedef writes a typedef, once. What compilers have built in is left out, since
// another compiler than the kernel's reads the text.
func (p *printer) emitTypedef(t btf.Type, n *note) {
	if !n.forward && nameOf(t) != "__builtin_va_list" {
		p.typedef(t)
		p.write(";\n\n")
	}
	n.forward = true
}

// emitStruct defines a struct or union if within is 0, and else declares it. Where its members
// are written, their types are declared before.
func (p *printer) emitStruct(t btf.Type, n *note, within btf.TypeID) {
	n.emit = active
	if within == 0 || !isNamed(t) {
		for _, m := range t.Members() {
			if !p.spendLimit(1) {
				return
			}
			outer := t.ID()
			if !isNamed(t) {
				outer = within
			}
			p.emit(p.memberType(t, m), outer)
		}
	} else if t.ID() != within {
		p.emitForward(t, n)
	}
	n.emit = pending
	if within == 0 {
		p.structBody(t, 0)
		p.write(";\n\n")
		n.emit = done
		if p.checked && isNamed(t) {
			p.asserts(t)
		}
	}
}
