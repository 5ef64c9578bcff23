package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/elements"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/spf13/cobra"
)

// A finder is the command find with its flags.
type finder struct {
	*app
	src *source

	regex, names, traceable bool
	enum, member            bool
	kindNames               []string
	param                   string
	first                   int

	kinds []btf.Kind
}

// A match is an item of find.
type match struct {
	Module string     `json:"module"`
	ID     btf.TypeID `json:"id"`
	Kind   string     `json:"kind"`
	Name   string     `json:"name"`
	// Declaration is that of a function, in C.
	Declaration string `json:"declaration,omitempty"`
	// Param is the index of the parameter that --param selects.
	Param *int `json:"param,omitempty"`
	// Enumerator and Member are what --enum and --member find in the type.
	Enumerator *enumerator `json:"enumerator,omitempty"`
	Member     *member     `json:"member,omitempty"`
}

// An enumerator has an int64 for its value, or a uint64.
type enumerator struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

func (a *app) findCommand() *cobra.Command {
	find := &finder{app: a}
	c := &cobra.Command{
		Use:   "find [PATTERN]",
		Short: "finds types, functions, enumerators and members by name",
		Long: `Finds types, functions, enumerators or members by name. PATTERN is a name, or a
glob of the shell such as 'tcp_*', which must match the whole name. With --param
it finds functions by the type of a parameter.`,
		Example: `  btf find 'tcp_*' --param sk_buff
  btf find --regex '_drop_reason$' --kind enum
  btf find --enum TCP_ESTABLISHED`,
		Args:              cobra.MaximumNArgs(1),
		RunE:              a.do(find.run),
		ValidArgsFunction: a.completeNames,
	}
	f := c.Flags()
	f.BoolVarP(&find.regex, "regex", "E", false,
		"PATTERN is a regular expression, for a part of the name")
	f.StringSliceVarP(&find.kindNames, "kind", "k", nil,
		"only types of these `kinds`, such as func,struct")
	f.StringVarP(&find.param, "param", "p", "", "functions with a parameter of this C `type`; "+
		"a name alone stands for pointers to it, too")
	f.IntVar(&find.first, "first", 0, "--param must be among the first `n` parameters")
	f.BoolVarP(&find.traceable, "traceable", "t", false,
		"functions that BPF programs can be attached to, as far as their types say")
	f.BoolVar(&find.enum, "enum", false, "look for enumerators")
	f.BoolVar(&find.member, "member", false, "look for members of structs and unions")
	f.BoolVarP(&find.names, "names", "n", false, "print names alone, for other programs")
	completeKinds(c)
	return a.addSource(c)
}

func (f *finder) run(args []string) error {
	pattern := ""
	if len(args) > 0 {
		pattern = args[0]
	}
	m, err := f.matcher(pattern)
	if err == nil {
		err = f.check(pattern)
	}
	if err != nil {
		return usageError{err}
	}
	if f.src, err = f.open(f.source); err != nil {
		return err
	}
	switch {
	case f.enum:
		err = f.findEnumerators(m)
	case f.member:
		err = f.findMembers(m)
	case f.param != "" || f.traceable:
		err = f.findFunctions(m)
	default:
		err = f.findTypes(m)
	}
	if err == nil && f.out.count == 0 {
		fmt.Fprintln(f.stderr, "btf: nothing found")
		return errNothing
	}
	return err
}

// matcher makes a Matcher of what the user typed; nil if that is nothing.
func (f *finder) matcher(pattern string) (*btf.Matcher, error) {
	switch {
	case pattern == "" && !f.regex:
		return nil, nil
	case f.regex:
		return btf.NewMatcher(pattern)
	}
	return btf.NewGlobMatcher(pattern)
}

// check refuses flags that make no sense, or not together.
func (f *finder) check(pattern string) (err error) {
	if f.kinds, err = parseKinds(f.kindNames); err != nil {
		return err
	}
	functions := f.param != "" || f.traceable
	switch {
	case (f.enum || f.member) && pattern == "":
		return errors.New("--enum and --member want a name or a pattern")
	case f.enum && f.member || (f.enum || f.member) && (functions || len(f.kinds) > 0):
		return errors.New("--enum and --member go with no other of --kind, --param and --traceable")
	case functions && len(f.kinds) > 0:
		return errors.New("--kind: --param and --traceable select functions")
	case f.first < 0 || f.first > 0 && f.param == "":
		return errors.New("--first: wants a number above 0, and --param")
	case pattern == "" && !functions && len(f.kinds) == 0:
		return errors.New("wants a name, a pattern, or one of --kind, --param and --traceable")
	}
	return nil
}

func (f *finder) findTypes(m *btf.Matcher) error {
	types := f.src.own.TypesByKind(f.kinds...)
	if m != nil {
		types = f.src.own.TypesByMatch(m, f.kinds...)
	}
	for t := range types {
		if t.IsVoid() {
			continue
		}
		if err := f.item(f.newMatch(t), t, t.Name(), ""); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) findFunctions(m *btf.Matcher) error {
	var queries []*funcs.Finder
	types := []string{f.param}
	if f.param != "" && !strings.Contains(f.param, "*") {
		types = append(types, f.param+" *")
	}
	for _, param := range types {
		q, err := funcs.New(funcs.Query{Param: param, First: f.first, Traceable: f.traceable})
		if err != nil {
			return usageError{fmt.Errorf("--param: %w", err)}
		}
		queries = append(queries, q)
	}
	functions := f.src.own.TypesByKind(btf.KindFunc)
	if m != nil {
		functions = f.src.own.TypesByMatch(m, btf.KindFunc)
	}
	for fn := range functions {
		param, ok := firstMatch(queries, fn)
		if !ok {
			continue
		}
		v, detail := f.newMatch(fn), ""
		if p, ok := fn.Param(param); ok {
			v.Param = &param
			detail = fmt.Sprintf("parameter %d, %s", param, declaration(p.Target(), p.Name()))
		}
		if err := f.item(v, fn, fn.Name(), detail); err != nil {
			return err
		}
	}
	return nil
}

// firstMatch reports whether one of the queries selects a function, and by which parameter: the
// first that any does.
func firstMatch(queries []*funcs.Finder, fn btf.Type) (param int, ok bool) {
	for _, q := range queries {
		if p, matched := q.Match(fn); matched && (!ok || p < param) {
			param, ok = p, true
		}
	}
	return param, ok
}

func (f *finder) findEnumerators(m *btf.Matcher) error {
	for t, e := range elements.EnumeratorsByMatch(f.src.own, m) {
		v, value := f.newMatch(t), value(t, e)
		v.Enumerator = &enumerator{e.Name(), value}
		detail := fmt.Sprintf("%s = %d", clean(e.Name()), value)
		if err := f.item(v, t, e.Name(), detail); err != nil {
			return err
		}
	}
	return nil
}

// value returns an int64, or a uint64 if the enum is unsigned.
func value(t btf.Type, e btf.Enumerator) any {
	if t.IsSigned() {
		return e.Int64()
	}
	return e.Uint64()
}

func (f *finder) findMembers(m *btf.Matcher) error {
	for t, e := range elements.MembersByMatch(f.src.own, m) {
		v := f.newMatch(t)
		v.Member = newMember(e)
		detail := v.Member.text(declaration(e.Target(), e.Name()))
		if err := f.item(v, t, e.Name(), detail); err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) newMatch(t btf.Type) *match {
	v := &match{Module: f.src.moduleOf(t), ID: t.ID(), Kind: t.Kind().String(), Name: t.Name()}
	if f.json && t.Kind() == btf.KindFunc {
		v.Declaration = declaration(t, "")
	}
	return v
}

// item writes a match: its name alone, or the type, its module and a detail.
func (f *finder) item(v *match, t btf.Type, name, detail string) error {
	if f.names {
		return f.out.item(v, clean(name))
	}
	text := f.out.describe(t) + f.src.inModule(t)
	if detail != "" {
		text += ": " + detail
	}
	return f.out.item(v, text)
}

// declaration is cdump's for people; where there is none, the type's description.
func declaration(t btf.Type, name string) string {
	text, err := cdump.AppendDeclaration(nil, t, name)
	if err != nil {
		return clean(t.String() + " " + name)
	}
	return clean(string(text))
}
