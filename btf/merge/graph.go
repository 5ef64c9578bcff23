package merge

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A graph has types as nodes, those of the base and of all modules in one row, so that the base's
// numbers are their ids. It finds out which are equal by partition refinement: at first, all are in
// one class that look the same but for what they refer to. Then, classes are split whose nodes
// refer to different classes, until there is none.
type graph struct {
	baseEnd uint32
	types   []btf.Type // by node
	starts  []uint32   // the first node of each module, and the end
	// label numbers how a node looks, without what it refers to.
	label  []uint32
	labels map[string]uint32
	// refs has the nodes that node n refers to from refsAt[n] to refsAt[n+1].
	refs, refsAt []uint32

	// definitions has the node that forward declarations stand for, by label; else none.
	definitions []uint32
	class       []uint32 // by node
	first       []uint32 // the first node of each class
	size        []uint32 // of each class, in nodes
	steps       int      // of compatible
}

// read adds the types that spec covers: the base and its bases, or what a module adds to them.
func (g *graph) read(spec *btf.Spec) error {
	sec := btf.Internal.Section(spec)
	start := uint32(len(g.types))
	names := 16*(int64(len(sec.Data))+int64(sec.StrEnd())) + 1<<20 // bytes that may be read
	var look []byte
	for _, t := range spec.All() {
		if t.IsVoid() && start > 0 {
			continue // it is there
		}
		var err error
		if look, err = g.appendLook(look[:0], t, start-sec.First, sec.End()); err != nil {
			return err
		}
		if names -= int64(len(look)); names < 0 {
			return fmt.Errorf("%v: overlapping names: %w", t, ErrLimit)
		}
		if !isMergeable(t.Kind()) {
			look = binary.LittleEndian.AppendUint32(look, uint32(len(g.types)))
		}
		label, ok := g.labels[string(look)]
		if !ok {
			label = uint32(len(g.labels))
			g.labels[string(look)] = label
		}
		g.types = append(g.types, t)
		g.label = append(g.label, label)
	}
	return nil
}

// addVoid adds what read adds first of a base.
func (g *graph) addVoid() {
	g.types, g.refsAt = []btf.Type{{}}, []uint32{0}
	g.labels[""] = 0
	g.label = []uint32{0}
}

// isMergeable reports whether types of the kind can be equal to others.
func isMergeable(k btf.Kind) bool {
	return k != btf.KindVar && k != btf.KindDatasec && raw.Kind(k) <= raw.LastKind
}

// appendLook appends what a record says, names as text, and adds to g.refs what it refers to.
// Own ids of the section, below end, are moved by shift to make nodes.
func (g *graph) appendLook(look []byte, t btf.Type, shift, end uint32) ([]byte, error) {
	g.refsAt = append(g.refsAt, uint32(len(g.refs)))
	sec, off := btf.Internal.Record(t)
	if sec == nil {
		return look, nil // void looks like nothing else
	}
	info := sec.Word(off + 4)
	kind := raw.InfoKind(info)
	r, trailer := kind.References(), raw.Builtin[kind]
	var err error
	ref := func(id uint32) {
		if id >= end && err == nil {
			err = fmt.Errorf("%v refers to type %d, which does not exist: %w", t, id, btf.ErrCorrupt)
		}
		if id >= g.baseEnd && g.baseEnd != 0 {
			id += shift
		}
		g.refs = append(g.refs, id)
	}
	word := func(w uint32) { look = binary.LittleEndian.AppendUint32(look, w) }
	name := func(w uint32) {
		look = append(look, sec.NameBytes(w)...)
		look = append(look, 0)
	}

	name(sec.Word(off))
	word(info)
	if third := sec.Word(off + 8); r.Header {
		ref(third)
	} else {
		word(third)
	}
	for i := uint32(3); i < 3+uint32(trailer.Info)/4; i++ {
		if i == uint32(r.Fixed[0]) || i == uint32(r.Fixed[1]) {
			ref(sec.Word(off + 4*i))
		} else {
			word(sec.Word(off + 4*i))
		}
	}
	step := uint32(trailer.Elem) / 4
	if step == 0 {
		return look, err
	}
	at := off + raw.HeaderSize
	for range raw.InfoVlen(info) {
		for j := range step {
			switch w := sec.Word(at + 4*j); j {
			case uint32(r.Name):
				name(w)
			case uint32(r.ID):
				ref(w)
			default:
				word(w)
			}
		}
		at += 4 * step
	}
	return look, err
}

// unite finds the classes. Each time that FWDs turn out to stand for definitions, types that
// differed in that alone become equal, so that it starts anew.
func (g *graph) unite() error {
	g.refsAt = append(g.refsAt, uint32(len(g.refs)))
	g.definitions = slices.Repeat([]uint32{none}, len(g.labels))
	for {
		g.start()
		if err := g.refine(); err != nil {
			return err
		}
		if !g.defineUnique() && !g.defineInContext() {
			return nil
		}
	}
}

// start puts nodes with the same label into one class.
func (g *graph) start() {
	g.class = slices.Clone(g.label)
	g.first, g.size = make([]uint32, len(g.labels)), make([]uint32, len(g.labels))
	for n := len(g.class) - 1; n >= 0; n-- {
		g.first[g.class[n]] = uint32(n)
		g.size[g.class[n]]++
	}
}

// maxRounds is how many links may have to be followed to tell two types apart.
const maxRounds = 256

// refine splits classes until the nodes of each refer to the same classes.
func (g *graph) refine() error {
	var key []byte
	for range maxRounds {
		before, old := len(g.first), slices.Clone(g.class)
		split := map[string]uint32{}
		for n := range g.types {
			c := old[n]
			if g.size[c] == 1 && g.first[c] == uint32(n) {
				continue // alone
			}
			key = binary.LittleEndian.AppendUint32(key[:0], c)
			for _, ref := range g.refs[g.refsAt[n]:g.refsAt[n+1]] {
				key = binary.LittleEndian.AppendUint32(key, old[g.definition(ref)])
			}
			to, ok := split[string(key)]
			if !ok {
				if to = c; g.first[c] != uint32(n) {
					to = uint32(len(g.first))
					g.first, g.size = append(g.first, uint32(n)), append(g.size, 0)
				}
				split[string(key)] = to
			}
			g.move(n, to)
		}
		if len(g.first) == before {
			return nil
		}
	}
	return fmt.Errorf("merge: types that differ behind more than %d links: %w", maxRounds, ErrLimit)
}

func (g *graph) move(n int, to uint32) {
	g.size[g.class[n]]--
	g.size[to]++
	g.class[n] = to
}

func (g *graph) name(n uint32) string {
	sec, off := btf.Internal.Record(g.types[n])
	if sec == nil {
		return ""
	}
	return sec.NameBytes(sec.Word(off))
}

// none is no node.
const none = ^uint32(0)

// definition returns the node that n stands for, if it is a forward declaration, and n for others.
func (g *graph) definition(n uint32) uint32 {
	if d := g.definitions[g.label[n]]; d != none {
		return d
	}
	return n
}

// representative returns the first of the nodes that are equal to n, or to what n stands for.
func (g *graph) representative(n uint32) uint32 { return g.first[g.class[g.definition(n)]] }

// ids numbers the nodes as the types that represent them are numbered in the result.
func (g *graph) ids() []btf.TypeID {
	ids := make([]btf.TypeID, len(g.types))
	next := btf.TypeID(0)
	for n := range ids {
		if r := g.representative(uint32(n)); r == uint32(n) || uint32(n) < g.baseEnd {
			ids[n] = next
			next++
		}
	}
	for n := range ids[g.baseEnd:] {
		n += int(g.baseEnd)
		ids[n] = ids[g.representative(uint32(n))]
	}
	return ids
}
