// Package funcs selects functions: by name, by the type of a parameter, and by whether they can be
// traced.
//
//	f, err := funcs.New(funcs.Query{Param: "struct sk_buff *", Traceable: true})
//	for m := range f.In(kernel) {
//		fmt.Println(m.Func.Name(), m.Param)
//	}
//
// A query names the type of a parameter as C does, and not by id. For some names a kernel has
// several definitions, each with functions of its own. Modules may have a further definition, or
// only a declaration of the struct.
package funcs

import (
	"fmt"
	"iter"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Query selects the functions that meet all of its conditions. A zero field is no
// condition.
type Query struct {
	// Name selects by name.
	Name *btf.Matcher
	// Param is the type of a parameter in C: "struct sk_buff *", "size_t", "void *". It matches
	// the declared type and the types that its typedefs name: "size_t" and "unsigned long" both
	// select a parameter of type size_t. "sk_buff *" without struct selects a pointer to any type
	// of that name. Qualifiers do not count.
	Param string
	// First is how many parameters, from the first on, are compared with Param; 0 means
	// all.
	First int
	// Traceable selects what CheckTraceable accepts.
	Traceable bool
}

// A Match is a function that was selected.
type Match struct {
	// Func is the FUNC.
	Func btf.Type
	// Param is the index of the first parameter that Query.Param selects, -1 if the query
	// has none.
	Param int
}

// A Source has the functions to search: it is a *btf.Spec, or a *modules.Collection for a kernel
// with its modules.
type Source interface {
	TypesByKind(kinds ...btf.Kind) iter.Seq[btf.Type]
	TypesByMatch(m *btf.Matcher, kinds ...btf.Kind) iter.Seq[btf.Type]
}

// A Finder finds the functions of a Query. It remembers its verdict on each type and prototype
// that it met, in 4 bytes a type of each section, and, once it went through a whole section, which
// functions it selected there, so that asking again is faster. It works on any number of Specs and
// must not be used concurrently. It refers to their types, so drop it when you close them.
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

// In ranges over the functions of src that the query selects, in the order of src. The first time,
// it reads the kind of each record and each prototype once, some 200 instructions for each of a
// kernel's 60,000 functions; when called again, it only visits those that were selected, some 350
// instructions each. If the query has a Name, In asks for that first.
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

// Match reports whether the query selects a FUNC, and by which parameter: see Match.Param. It
// selects no other kinds.
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
