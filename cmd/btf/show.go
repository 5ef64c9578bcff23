package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/diff"
	"github.com/btfkit/btfkit/btf/layout"
	"github.com/btfkit/btfkit/btf/path"
	"github.com/spf13/cobra"
)

// A shown is an item of show.
type shown struct {
	Module string     `json:"module"`
	ID     btf.TypeID `json:"id"`
	Kind   string     `json:"kind"`
	Name   string     `json:"name"`
	// C is the definition, or the declaration of a function or variable.
	C string `json:"c"`
	// Size and Align are in bytes; 0 of what has none.
	Size   uint64 `json:"size,omitempty"`
	Align  uint32 `json:"align,omitempty"`
	Packed bool   `json:"packed,omitempty"`
	// Members are the named members, those of anonymous ones included; Holes is what lies between.
	Members []*member `json:"members,omitempty"`
	Holes   []hole    `json:"holes,omitempty"`
}

// A hole is a part of a struct that no member has, in bits.
type hole struct {
	BitOffset uint64 `json:"bit_offset"`
	BitSize   uint64 `json:"bit_size"`
}

func (a *app) showCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show NAME...",
		Short: "shows types with offsets and sizes, functions as C prototypes",
		Long: `Shows types: structs and unions with the offset and the size of each member and
with their holes, as pahole does; functions as their C prototype. NAME may have
a kind, as in "struct sk_buff", or be an id. If a name has several definitions
that differ, it shows each of them.`,
		Example: `  btf show list_head tcp_sendmsg
  btf show 'struct sk_buff' --json`,
		Args:              cobra.MinimumNArgs(1),
		RunE:              a.do(a.show),
		ValidArgsFunction: a.completeNames,
	}
	return a.addSource(c)
}

func (a *app) show(names []string) error {
	src, err := a.open(a.source)
	if err != nil {
		return err
	}
	for _, name := range names {
		types, err := lookUp(src, name)
		if err != nil {
			return err
		}
		for _, t := range types {
			if err := a.showType(src, t); err != nil {
				return fmt.Errorf("%v: %w", t, err)
			}
		}
	}
	return nil
}

// lookUp returns the types that an argument names, those once that are declared alike.
func lookUp(src *source, arg string) (types []btf.Type, err error) {
	if id, err := strconv.ParseUint(arg, 10, 32); err == nil {
		t, err := src.main.TypeByID(btf.TypeID(id))
		if err != nil || t.IsVoid() {
			return nil, cmpOr(err, errors.New("type 0 is void"))
		}
		return []btf.Type{t}, nil
	}
	kinds, name := splitKind(arg)
	for t := range src.all.TypesByName(name, kinds...) {
		same := func(other btf.Type) bool { return diff.SameDeclaration(t, other) }
		if name != "" && t.Kind() != btf.KindDeclTag && !slices.ContainsFunc(types, same) {
			types = append(types, t)
		}
		if len(types) == maxDefinitions {
			break
		}
	}
	if len(types) == 0 {
		return nil, &btf.NotFoundError{Name: name, Kinds: kinds}
	}
	return types, nil
}

// maxDefinitions is how many definitions of one name are shown; a kernel has up to 20.
const maxDefinitions = 256

func cmpOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// splitKind splits "struct sk_buff".
func splitKind(arg string) (kinds []btf.Kind, name string) {
	word, rest, ok := strings.Cut(strings.TrimSpace(arg), " ")
	if kinds, err := parseKinds([]string{word}); ok && err == nil {
		return kinds, strings.TrimSpace(rest)
	}
	return nil, arg
}

func (a *app) showType(src *source, t btf.Type) error {
	v := &shown{Module: src.moduleOf(t), ID: t.ID(), Kind: t.Kind().String(), Name: t.Name()}
	c, err := definition(t)
	if err != nil {
		return err
	}
	v.C = string(c)
	v.Size, _ = t.Sizeof()
	v.Align = layout.Align(t)
	if a.json {
		v.Packed = layout.Packed(t)
		for f := range path.Members(t) {
			v.Members = append(v.Members, &member{f.Member.Name(), declaration(f.Type, ""), f.Type.ID(),
				f.BitOffset, f.BitSize, f.Bitfield})
		}
		for g := range layout.Gaps(t) {
			v.Holes = append(v.Holes, hole{g.BitOffset, g.BitSize})
		}
		return a.out.item(v, "")
	}
	text := clean(v.C) + ";"
	if v.Size > 0 {
		size := fmt.Sprintf("/* %s, align %d */", plural(v.Size, "byte"), v.Align)
		text += " " + a.out.paint(cyan, size)
	}
	if k := t.Kind(); k == btf.KindStruct || k == btf.KindUnion {
		p := &structPrinter{out: a.out}
		if err := p.print(t); err != nil {
			return err
		}
		text = p.b.String()
	}
	comment := fmt.Sprintf("/* %s%s */", clean(t.String()), src.inModule(t))
	text = a.out.paint(cyan, comment) + "\n" + text
	if a.out.count > 0 {
		text = "\n" + text
	}
	return a.out.item(v, text)
}

// definition returns what a type is in C, without a semicolon.
func definition(t btf.Type) ([]byte, error) {
	switch t.Kind() {
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64, btf.KindTypedef, btf.KindFwd:
		return cdump.AppendDefinition(nil, t)
	case btf.KindDatasec, btf.KindDeclTag:
		return []byte("/* has no form in C */"), nil
	}
	return cdump.AppendDeclaration(nil, t, "")
}
