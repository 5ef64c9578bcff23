package cdump

import (
	"github.com/btfkit/btfkit/btf"
)

// asserts writes what a compiler is to check of a struct or union that was just defined: its size,
// and where each member lies that has an address.
func (p *printer) asserts(t btf.Type) {
	size, _ := t.Size()
	p.write("_Static_assert(sizeof(")
	p.structName(t)
	p.write(") == ")
	p.number(uint64(size))
	p.write(`, "");` + "\n")
	p.path = p.path[:0]
	p.assertMembers(t, t, 0)
	p.write("\n")
}

// assertMembers writes asserts for the members of t, which is outer or lies in it at base bits,
// under the name p.path.
func (p *printer) assertMembers(outer, t btf.Type, base uint64) {
	if !p.enter(t) {
		return
	}
	defer p.leave()
	length := len(p.path)
	for i, m := range t.Members() {
		typ, name, at := p.memberType(t, m), elementName(t, i), base+uint64(m.BitOffset())
		if p.err != nil {
			return
		}
		if _, _, bitfield := m.Bits(); bitfield {
			continue
		}
		p.path = append(p.path[:length], name...)
		if name != "" {
			p.write("_Static_assert(__builtin_offsetof(")
			p.structName(outer)
			p.write(", ")
			p.write(string(p.path))
			p.write(") == ")
			p.number(at / 8)
			p.write(`, "");` + "\n")
			p.path = append(p.path, '.')
		}
		if isComposite(typ.Kind()) && !isNamed(typ) {
			p.assertMembers(outer, typ, at)
		}
	}
}
