package synth

import (
	"math/rand/v2"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// generator makes the types of a plan, in the order of their ids.
type generator struct {
	Shape
	*plan
	base *btf.Spec
	rand *rand.Rand
	b    *builder.Builder

	names   *namer // of types
	parts   *namer // of members, parameters and enumerators
	nparts  int
	ordinal int // of the next named type
	stride  int // between the numbers of consecutive names

	small   []sized // structs and arrays made already, to be members of later structs
	members []builder.Member
	values  []builder.Enumerator
	params  []builder.Param
}

// A sized type may be a member: its size is known.
type sized struct {
	id   btf.TypeID
	size uint32 // in bytes
	nest int    // structs and arrays inside each other
}

// Members by value are bounded, so that sizes and the kernel's stack of 32 suffice.
const (
	maxMember = 4096
	maxNest   = 8
	maxSmall  = 1024
	pointer   = 8 // bytes
)

func (g *generator) emitAll() error {
	distinct := max(1, int(float64(g.named)*(1-g.Sharing)))
	g.names = newNamer(distinct, g.NameLen, g.Seed)
	g.nparts = max(1, g.Types/3)
	g.parts = newNamer(g.nparts, 10, ^g.Seed)
	g.stride = 1
	if !g.Sorted {
		g.stride = coprime(g.named)
	}
	for i, e := range g.kinds {
		name := ""
		if e.named() {
			name = g.name(distinct)
		}
		g.emit(i, e.kind(), name)
		if g.b.Err() != nil {
			return g.b.Err()
		}
	}
	return nil
}

// name returns the name of the next named type, of distinct ones.
func (g *generator) name(distinct int) string {
	n := int(uint64(g.ordinal) * uint64(g.stride) % uint64(g.named))
	g.ordinal++
	return g.names.name(int(uint64(n) * uint64(distinct) / uint64(g.named)))
}

// coprime returns a number whose multiples visit all of 0 to n-1 modulo n.
func coprime(n int) int {
	for _, prime := range []int{1_000_003, 999_983, 7919} {
		if n%prime != 0 {
			return prime
		}
	}
	return 1
}

func (g *generator) emit(i int, k btf.Kind, name string) {
	switch k {
	case btf.KindInt:
		g.b.Int(name, 4, btf.Int{Encoding: btf.IntEncoding(i & 1), Bits: 32})
	case btf.KindFloat:
		g.b.Float(name, 8)
	case btf.KindArray:
		g.array()
	case btf.KindStruct, btf.KindUnion:
		g.composite(k, name)
	case btf.KindEnum, btf.KindEnum64:
		g.enum(k, name)
	case btf.KindFwd:
		g.b.Fwd(name, btf.KindStruct+btf.Kind(i&1))
	case btf.KindFunc:
		g.b.Func(name, g.drawID(g.protos), btf.Linkage(i&1))
	case btf.KindFuncProto:
		g.proto()
	case btf.KindVar:
		g.b.Var(name, g.drawID(g.ints), btf.LinkageGlobal)
	case btf.KindDatasec:
		g.datasec(name)
	case btf.KindDeclTag:
		g.b.DeclTag(name, g.drawID(g.structs), -1)
	case btf.KindTypeTag:
		g.b.TypeTag(name, g.drawID(g.ints))
	default:
		g.link(i, k, name)
	}
}

// drawID draws one of ids, which is not empty.
func (g *generator) drawID(ids []btf.TypeID) btf.TypeID { return ids[g.rand.IntN(len(ids))] }

// link makes a pointer, qualifier or typedef.
func (g *generator) link(i int, k btf.Kind, name string) {
	target := g.next[i]
	if target == 0 {
		target = g.end(k)
	}
	switch k {
	case btf.KindPtr:
		g.b.Ptr(target)
	case btf.KindTypedef:
		g.b.Typedef(name, target)
	case btf.KindConst:
		g.b.Const(target)
	case btf.KindVolatile:
		g.b.Volatile(target)
	case btf.KindRestrict:
		g.b.Restrict(target)
	}
}

// end draws what a chain ends at: anything for a pointer, else what has a size.
func (g *generator) end(k btf.Kind) btf.TypeID {
	if g.base != nil && g.rand.IntN(2) == 0 {
		if id, ok := g.inBase(); ok {
			return id
		}
	}
	n := g.rand.IntN(16)
	switch {
	case k == btf.KindPtr && n == 0:
		return 0
	case k == btf.KindPtr && n < 3 && len(g.protos) > 0:
		return g.drawID(g.protos)
	case k == btf.KindPtr && n == 3 && len(g.fwds) > 0:
		return g.drawID(g.fwds)
	case n < 12 && len(g.structs) > 0:
		return g.drawID(g.structs)
	}
	return g.drawID(g.ints)
}

// inBase draws a type of the base that has a size of its own; ok is false if a few tries do not
// find one.
func (g *generator) inBase() (id btf.TypeID, ok bool) {
	_, end := g.base.IDs()
	for range 16 {
		id := 1 + btf.TypeID(g.rand.IntN(int(end)-1))
		t, err := g.base.TypeByID(id)
		if err != nil {
			return 0, false
		}
		switch t.Kind() {
		case btf.KindInt, btf.KindStruct, btf.KindUnion, btf.KindEnum:
			return id, true
		}
	}
	return 0, false
}

// array makes an array of numbers, or one of arrays or structs made before.
func (g *generator) array() {
	elem, n := sized{g.drawID(g.ints), 4, 0}, uint32(1+g.rand.IntN(16))
	if len(g.small) > 0 && g.rand.IntN(4) == 0 {
		if s := g.small[g.rand.IntN(len(g.small))]; s.size*n <= maxMember && s.nest < maxNest {
			elem = s
		}
	}
	id := g.b.Array(elem.id, g.drawID(g.ints), n)
	g.makeAvailable(sized{id, elem.size * n, elem.nest + 1})
}

// makeAvailable makes a type available to later structs and arrays.
func (g *generator) makeAvailable(s sized) {
	switch {
	case s.size == 0 || s.size > maxMember || s.nest >= maxNest:
	case len(g.small) < maxSmall:
		g.small = append(g.small, s)
	default:
		g.small[g.rand.IntN(maxSmall)] = s
	}
}

// drawPartName draws the name of a member, parameter or enumerator.
func (g *generator) drawPartName() string { return g.parts.name(g.rand.IntN(g.nparts)) }

// width draws a number of elements, from half of Width to one and a half.
func (g *generator) width() int { return max(1, g.Width/2+g.rand.IntN(g.Width+1)) }

func (g *generator) composite(k btf.Kind, name string) {
	g.members = g.members[:0]
	width, nest, size := g.width(), 0, uint32(0)
	for range width {
		m := g.member(width)
		nest = max(nest, m.nest)
		at := uint32(0)
		if k == btf.KindStruct {
			at = (size + 7) &^ 7
		}
		g.members = append(g.members,
			builder.Member{Name: g.drawPartName(), Type: m.id, BitOffset: at * 8})
		size = max(size, at+m.size)
	}
	size = (size + 7) &^ 7
	id := btf.TypeID(0)
	if k == btf.KindStruct {
		id = g.b.Struct(name, size, g.members...)
	} else {
		id = g.b.Union(name, size, g.members...)
	}
	g.makeAvailable(sized{id, size, nest + 1})
}

// member draws the type of one of width members. Very wide structs have only pointers and numbers,
// so that their bit offsets fit 32 bits.
func (g *generator) member(width int) sized {
	n := g.rand.IntN(8)
	switch {
	case n < 3 && len(g.pointers) > 0:
		return sized{g.drawID(g.pointers), pointer, 0}
	case n == 3 && len(g.enums) > 0:
		return sized{g.drawID(g.enums), 4, 0}
	case n == 4 && len(g.small) > 0 && width <= 1<<16:
		return g.small[g.rand.IntN(len(g.small))]
	}
	return sized{g.drawID(g.ints), 4, 0}
}

func (g *generator) enum(k btf.Kind, name string) {
	g.values = g.values[:0]
	for i := range g.width() {
		v := int64(i)
		if k == btf.KindEnum64 {
			v += 1 << 40
		}
		g.values = append(g.values, builder.Enumerator{Name: g.drawPartName(), Value: v})
	}
	if k == btf.KindEnum {
		g.b.Enum(name, 4, false, g.values...)
	} else {
		g.b.Enum64(name, 8, false, g.values...)
	}
}

func (g *generator) proto() {
	g.params = g.params[:0]
	for range g.rand.IntN(6) {
		t := g.drawID(g.ints)
		if len(g.pointers) > 0 && g.rand.IntN(2) == 0 {
			t = g.drawID(g.pointers)
		}
		g.params = append(g.params, builder.Param{Name: g.drawPartName(), Type: t})
	}
	ret := btf.TypeID(0)
	if g.rand.IntN(2) == 0 {
		ret = g.drawID(g.ints)
	}
	g.b.FuncProto(ret, g.params...)
}

// datasec makes the one section, of all variables.
func (g *generator) datasec(name string) {
	vars := make([]builder.VarSecinfo, 0, len(g.vars))
	for i, v := range g.vars {
		vars = append(vars, builder.VarSecinfo{Type: v, Offset: uint32(i) * 4, Size: 4})
	}
	g.b.Datasec(name, max(4, uint32(len(vars))*4), vars...)
}
