// Package funcs selects functions: by name, by the type of a parameter, and by whether they can be
// traced.
//
//	f, err := funcs.New(funcs.Query{Param: "struct sk_buff *", Traceable: true})
//	for m := range f.In(kernel) {
//		fmt.Println(m.Func.Name(), m.Param)
//	}
//
// Types of parameters are told by name, as C has them, not by id: a kernel has some names of
// several definitions, each with functions of its own, and modules have their own again, or know a
// struct only by a declaration.
package funcs

import (
	"fmt"
	"iter"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Query says which functions to select: those for which all holds that is set.
type Query struct {
	// Name selects by name.
	Name *btf.Matcher
	// Param is the type of a parameter in C: "struct sk_buff *", "size_t", "void *". It is that of
	// a parameter's declaration, through typedefs: "size_t" and "unsigned long" both select a
	// parameter of type size_t, and "sk_buff *" without struct a pointer to anything of that name.
	// Qualifiers do not count.
	Param string
	// First is among how many of the first parameters Param has to be; 0 stands for all.
	First int
	// Traceable selects what CheckTraceable accepts.
	Traceable bool
}

// A Match is a function that was selected.
type Match struct {
	// Func is the FUNC.
	Func btf.Type
	// Param is the index of the first parameter of the type asked for, -1 if none was.
	Param int
}

// A Source is what functions are looked for in: a *btf.Spec, or a *modules.Collection for a kernel
// with its modules.
type Source interface {
	TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type]
	TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// A Finder finds the functions of a Query. It remembers its verdict on each type and prototype that
// it met, in 4 bytes a type of each section, and once it went through a whole section, the functions
// selected there, so that asking again is faster. It works on any number of Specs, must not be used
// concurrently, and is to be dropped with the Specs.
type Finder struct {
	query Query
	want  verdict // on a prototype, for its functions to be selected
	param pattern
	memos map[*raw.Section]*memo
	last  *memo // of the section that was asked last
}

// New returns a Finder. It fails if Param is no type.
func New(q Query) (*Finder, error) {
	f := &Finder{query: q, memos: map[*raw.Section]*memo{}}
	if q.Traceable {
		f.want |= traceable
	}
	if q.Param == "" {
		return f, nil
	}
	f.want |= hasParam
	var ok bool
	if f.param, ok = parsePattern(q.Param); !ok {
		return nil, fmt.Errorf("funcs: no type of a parameter: %.128q", q.Param)
	}
	return f, nil
}

// In ranges over the functions of src that are selected, in the order of src. The first time, it reads
// the kind of each record and each prototype once, some 230 instructions a function of a kernel's
// 60,000; again, it only visits those that were selected, some 350 instructions each. With a Name it
// asks for that first.
func (f *Finder) In(src Source) iter.Seq[Match] {
	return func(yield func(Match) bool) {
		if spec, ok := src.(*btf.Spec); ok && f.query.Name == nil && f.want != 0 {
			f.scan(spec, yield)
			return
		}
		funcs := src.TypesByKind(btf.KindFunc)
		if f.query.Name != nil {
			funcs = src.TypesByMatch(f.query.Name, btf.KindFunc)
		}
		for fn := range funcs {
			if param, ok := f.check(fn); ok && !yield(Match{fn, param}) {
				return
			}
		}
	}
}

// Match reports whether a FUNC is selected, and by which parameter, as in Match. Other kinds are
// not.
func (f *Finder) Match(fn btf.Type) (param int, ok bool) {
	if fn.Kind() != btf.KindFunc || f.query.Name != nil && !f.query.Name.MatchString(fn.Name()) {
		return -1, false
	}
	return f.check(fn)
}

// check looks at the prototype of a FUNC.
func (f *Finder) check(fn btf.Type) (param int, ok bool) {
	if f.want == 0 {
		return -1, true
	}
	sec, off := btf.Internal.Record(fn)
	v, param := f.proto(f.memo(sec), sec.Word(off+8))
	if v&f.want != f.want {
		return -1, false
	}
	return param, true
}

// A pattern is a type as C has it.
type pattern struct {
	keyword  btf.Kind // STRUCT, UNION or ENUM if the word is there
	name     string
	pointers int
}

// parsePattern parses a type such as "const struct sk_buff *".
func parsePattern(c string) (p pattern, ok bool) {
	c = strings.TrimSpace(c)
	for strings.HasSuffix(c, "*") {
		c = strings.TrimSpace(c[:len(c)-1])
		p.pointers++
	}
	var words []string
	for _, word := range strings.Fields(c) {
		switch word {
		case "const", "volatile", "restrict":
			continue
		}
		words = append(words, word)
	}
	if len(words) > 1 {
		if p.keyword = keywords[words[0]]; p.keyword != btf.KindVoid {
			words = words[1:]
		}
	}
	p.name = strings.Join(words, " ")
	return p, p.name != "" && !strings.ContainsAny(p.name, "*()[],;")
}

var keywords = map[string]btf.Kind{
	"struct": btf.KindStruct, "union": btf.KindUnion, "enum": btf.KindEnum,
}

// match reports whether t is what p says.
func (p *pattern) match(t btf.Type) bool {
	for range p.pointers {
		if t = t.Underlying(); t.Kind() != btf.KindPtr {
			return false
		}
		t = t.Target()
	}
	// Typedefs on the way have names, too. The chain may be a cycle.
	for range maxLinks {
		k := t.Kind()
		switch {
		case k == btf.KindTypedef && p.keyword == btf.KindVoid && t.NameIs(p.name):
			return true
		case !k.IsModifier() && k != btf.KindTypedef:
			return p.matchEnd(t, k)
		}
		t = t.Target()
	}
	return false
}

// maxLinks is how many typedefs and modifiers may follow one another.
const maxLinks = 1024

// matchEnd looks at what is behind typedefs and modifiers.
func (p *pattern) matchEnd(t btf.Type, k btf.Kind) bool {
	switch k {
	case btf.KindVoid:
		return p.keyword == btf.KindVoid && p.name == "void"
	case btf.KindFwd:
		k = t.FwdKind()
	case btf.KindEnum64:
		k = btf.KindEnum
	case btf.KindInt, btf.KindFloat, btf.KindStruct, btf.KindUnion, btf.KindEnum:
	default:
		return false
	}
	return (p.keyword == btf.KindVoid || p.keyword == k) && t.NameIs(p.name)
}
