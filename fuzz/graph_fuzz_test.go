package fuzz

import (
	"encoding/binary"
	"fmt"
	"slices"

	gofuzz "github.com/google/gofuzz"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// A graph describes well-formed types that refer to each other at random. gofuzz fills it from
// the bytes of a fuzz engine; build writes it with a builder.Builder, and check wants it back.
type graph struct {
	BigEndian, Layout bool
	Nodes             []node
}

// A node is one type. What its fields mean depends on Kind, modulo the number of kinds; Ref and
// Ref2 count modulo the number of types, void included.
type node struct {
	Kind, Name uint8
	Flag       bool
	Ref, Ref2  uint8
	Number     uint32
	Parts      []part
}

type part struct {
	Name, Ref, Width uint8
	Value            uint64
}

func newGraph(data []byte) *graph {
	g := new(graph)
	gofuzz.NewFromGoFuzz(data).NilChance(0.2).NumElements(0, 24).Fuzz(g)
	return g
}

func (g *graph) id(ref uint8) btf.TypeID { return btf.TypeID(int(ref) % (len(g.Nodes) + 1)) }

func (n *node) kind() btf.Kind { return btf.Kind(n.Kind%19 + 1) }

// name returns one of few names, so that types share them.
func name(n uint8) string {
	if n%16 == 0 {
		return ""
	}
	return "unsigned long int_"[n%7 : 8+n%11]
}

func (n *node) name() string {
	if !n.kind().HasName() {
		return ""
	}
	return name(n.Name)
}

func (g *graph) build() ([]byte, error) {
	o := builder.Options{Layout: g.Layout}
	if g.BigEndian {
		o.ByteOrder = binary.BigEndian
	}
	b := builder.New(o)
	for i := range g.Nodes {
		g.Nodes[i].add(b, g)
	}
	return b.Bytes()
}

func (n *node) add(b *builder.Builder, g *graph) {
	ref := g.id(n.Ref)
	switch n.kind() {
	case btf.KindInt:
		b.Int(n.name(), n.Number, n.int())
	case btf.KindPtr:
		b.Ptr(ref)
	case btf.KindArray:
		b.Array(ref, g.id(n.Ref2), n.Number)
	case btf.KindStruct:
		b.Struct(n.name(), n.Number, n.members(g)...)
	case btf.KindUnion:
		b.Union(n.name(), n.Number, n.members(g)...)
	case btf.KindEnum:
		b.Enum(n.name(), n.Number, n.Flag, n.values()...)
	case btf.KindEnum64:
		b.Enum64(n.name(), n.Number, n.Flag, n.values()...)
	case btf.KindFwd:
		b.Fwd(n.name(), n.forward())
	case btf.KindTypedef:
		b.Typedef(n.name(), ref)
	case btf.KindVolatile:
		b.Volatile(ref)
	case btf.KindConst:
		b.Const(ref)
	case btf.KindRestrict:
		b.Restrict(ref)
	case btf.KindFunc:
		b.Func(n.name(), ref, n.linkage())
	case btf.KindFuncProto:
		b.FuncProto(ref, n.params(g)...)
	case btf.KindVar:
		b.Var(n.name(), ref, n.linkage())
	case btf.KindDatasec:
		b.Datasec(n.name(), n.Number, n.variables(g)...)
	case btf.KindFloat:
		b.Float(n.name(), n.Number)
	case btf.KindDeclTag:
		if n.Flag {
			b.DeclAttribute(n.name(), ref, n.component())
		} else {
			b.DeclTag(n.name(), ref, n.component())
		}
	case btf.KindTypeTag:
		if n.Flag {
			b.TypeAttribute(n.name(), ref)
		} else {
			b.TypeTag(n.name(), ref)
		}
	}
}

func (n *node) int() btf.Int {
	return btf.Int{Encoding: btf.IntEncoding(n.Ref & 15), Offset: n.Ref2, Bits: n.Name}
}

func (n *node) forward() btf.Kind {
	if n.Flag {
		return btf.KindUnion
	}
	return btf.KindStruct
}

func (n *node) linkage() btf.Linkage { return btf.Linkage(n.Ref2 % 3) }

func (n *node) component() int { return int(n.Ref2) - 1 }

func (n *node) members(g *graph) (ms []builder.Member) {
	for _, p := range n.Parts {
		m := builder.Member{Name: name(p.Name), Type: g.id(p.Ref), BitOffset: uint32(p.Value)}
		if n.Flag {
			m.BitOffset &= 0xffffff
			m.BitfieldSize = uint32(p.Width)
		}
		ms = append(ms, m)
	}
	return ms
}

// values returns values that the kind can hold.
func (n *node) values() (vs []builder.Enumerator) {
	for _, p := range n.Parts {
		v := int64(p.Value)
		if n.kind() == btf.KindEnum {
			v = int64(uint32(p.Value))
			if n.Flag {
				v = int64(int32(p.Value))
			}
		}
		vs = append(vs, builder.Enumerator{Name: name(p.Name), Value: v})
	}
	return vs
}

func (n *node) params(g *graph) (ps []builder.Param) {
	for _, p := range n.Parts {
		ps = append(ps, builder.Param{Name: name(p.Name), Type: g.id(p.Ref)})
	}
	return ps
}

func (n *node) variables(g *graph) (vs []builder.VarSecinfo) {
	for _, p := range n.Parts {
		vs = append(vs, builder.VarSecinfo{Type: g.id(p.Ref), Offset: uint32(p.Value),
			Size: uint32(p.Value >> 32)})
	}
	return vs
}

// check compares an opened graph with its description.
func (g *graph) check(spec *btf.Spec) error {
	if _, end := spec.IDs(); int(end) != len(g.Nodes)+1 {
		return fmt.Errorf("%d types, want %d", end-1, len(g.Nodes))
	}
	for i := range g.Nodes {
		t, err := spec.TypeByID(btf.TypeID(i + 1))
		if err != nil {
			return err
		}
		if n := &g.Nodes[i]; t.Kind() != n.kind() || t.Name() != n.name() || !n.same(t, g) {
			return fmt.Errorf("%v is not %+v", t, *n)
		}
	}
	return nil
}

// same compares all but kind and name.
func (n *node) same(t btf.Type, g *graph) bool {
	hasTarget := slices.Contains([]btf.Kind{btf.KindPtr, btf.KindArray, btf.KindTypedef,
		btf.KindVolatile, btf.KindConst, btf.KindRestrict, btf.KindFunc, btf.KindVar,
		btf.KindDeclTag, btf.KindTypeTag}, n.kind())
	if id := t.Target().ID(); id != t.TargetID() || hasTarget && id != g.id(n.Ref) {
		return false
	}
	if size, ok := t.Size(); ok && size != n.Number {
		return false
	}
	switch n.kind() {
	case btf.KindInt:
		i, _ := t.Int()
		return i == n.int()
	case btf.KindArray:
		count, _ := t.ArrayLen()
		return t.IndexType().ID() == g.id(n.Ref2) && count == n.Number
	case btf.KindStruct, btf.KindUnion:
		return slices.Equal(membersOf(t), n.members(g))
	case btf.KindEnum, btf.KindEnum64:
		var values []builder.Enumerator
		for _, v := range t.Enumerators() {
			values = append(values, builder.Enumerator{Name: v.Name(), Value: v.Int64()})
		}
		return t.IsSigned() == n.Flag && slices.Equal(values, n.values())
	case btf.KindFwd:
		return t.FwdKind() == n.forward()
	case btf.KindFunc, btf.KindVar:
		l, ok := t.Linkage()
		return ok && l == n.linkage()
	case btf.KindFuncProto:
		var params []builder.Param
		for _, p := range t.Params() {
			params = append(params, builder.Param{Name: p.Name(), Type: p.TargetID()})
		}
		return t.Return().ID() == g.id(n.Ref) && slices.Equal(params, n.params(g))
	case btf.KindDatasec:
		var vars []builder.VarSecinfo
		for _, v := range t.VarSecinfos() {
			vars = append(vars, builder.VarSecinfo{Type: v.TargetID(), Offset: v.Offset(), Size: v.Size()})
		}
		return slices.Equal(vars, n.variables(g))
	case btf.KindDeclTag:
		i, ok := t.ComponentIndex()
		return ok && i == n.component() && t.IsAttribute() == n.Flag
	case btf.KindTypeTag:
		return t.IsAttribute() == n.Flag
	}
	return hasTarget || n.kind() == btf.KindFloat
}

func membersOf(t btf.Type) (ms []builder.Member) {
	for _, m := range t.Members() {
		ms = append(ms, builder.Member{Name: m.Name(), Type: m.TargetID(),
			BitOffset: m.BitOffset(), BitfieldSize: m.BitfieldSize()})
	}
	return ms
}
