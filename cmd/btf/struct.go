package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
	"github.com/btfkit/btfkit/btf/layout"
)

// A structPrinter writes a struct as C, with offsets, sizes and holes in comments, like pahole.
type structPrinter struct {
	out *output
	b   strings.Builder
}

// What hostile input can make of a few bytes ends here: the text grows no further than maxText
// bytes, and anonymous structs are followed maxDepth deep.
const (
	maxText  = 64 << 20
	maxDepth = 64
)

var errTooLarge = errors.New("anonymous members nested too deep, or too many to be shown")

// column is where the comments start.
const column = 56

func (p *structPrinter) print(t btf.Type) error {
	fmt.Fprintf(&p.b, "%s {\n", strings.TrimSpace(keyword(t)+" "+clean(t.Name())))
	if err := p.members(t, 0, 1); err != nil {
		return err
	}
	attribute := ""
	if layout.Packed(t) {
		attribute = " __attribute__((packed))"
	}
	fmt.Fprintf(&p.b, "}%s; %s", attribute, p.comment(summary(t)))
	return nil
}

func keyword(t btf.Type) string { return strings.ToLower(t.Kind().String()) }

// summary counts: "size 64, align 8, 7 members, 2 holes".
func summary(t btf.Type) string {
	size, _ := t.Sizeof()
	text := fmt.Sprintf("%s, align %d, %s", plural(size, "byte"), layout.Align(t),
		plural(t.Vlen(), "member"))
	holes, padding := 0, uint64(0)
	for g := range layout.Gaps(t) {
		if g.Before == t.Vlen() {
			padding = g.BitSize
		} else {
			holes++
		}
	}
	if holes > 0 {
		text += ", " + plural(holes, "hole")
	}
	if padding > 0 {
		text += ", padding " + bits(padding)
	}
	return text
}

// bits gives a width in bytes, if it is such.
func bits(n uint64) string {
	if n%8 != 0 {
		return plural(n, "bit")
	}
	return plural(n/8, "byte")
}

// members writes the members of t, which lies base bits behind the start of the outermost struct.
func (p *structPrinter) members(t btf.Type, base uint64, depth int) error {
	gaps := map[int]layout.Gap{}
	for g := range layout.Gaps(t) {
		gaps[g.Before] = g
	}
	for i, m := range t.Members() {
		if g, ok := gaps[i]; ok {
			hole := fmt.Sprintf("hole of %s", bits(g.BitSize))
			fmt.Fprintf(&p.b, "\n%s%s\n\n", indent(depth), p.comment(hole))
		}
		if depth > maxDepth || p.b.Len() > maxText {
			return errTooLarge
		}
		if err := p.member(m, base, depth); err != nil {
			return err
		}
	}
	return nil
}

func (p *structPrinter) member(m btf.Member, base uint64, depth int) error {
	v := newMember(m)
	offset := base + v.BitOffset
	text := fmt.Sprintf("%6d %6d", offset/8, v.BitSize/8)
	if v.Bitfield || offset%8 != 0 {
		text = fmt.Sprintf("%6d:%d %4d bit", offset/8, offset%8, v.BitSize)
	}
	t := m.Target()
	if t.IsAnonymous() && t.Vlen() > 0 && t.Kind() != btf.KindEnum && t.Kind() != btf.KindEnum64 {
		fmt.Fprintf(&p.b, "%s%s {\n", indent(depth), keyword(t))
		if err := p.members(t, offset, depth+1); err != nil {
			return err
		}
		p.line(strings.TrimSuffix("} "+clean(m.Name()), " ")+";", text, depth)
		return nil
	}
	decl, err := cdump.AppendDeclaration(nil, t, m.Name())
	if err != nil {
		return err
	}
	line := strings.ReplaceAll(clean(string(decl)), "\n", "\n"+indent(depth))
	if v.Bitfield {
		line += fmt.Sprintf(":%d", v.BitSize)
	}
	p.line(line+";", text, depth)
	return nil
}

// line writes a line of C with a comment behind it.
func (p *structPrinter) line(c, comment string, depth int) {
	last := c[strings.LastIndexByte(c, '\n')+1:]
	width := len(last) + 7*strings.Count(last, "\t")
	if last == c {
		width += 8 * depth
	}
	space := strings.Repeat(" ", max(1, column-width))
	fmt.Fprintf(&p.b, "%s%s%s%s\n", indent(depth), c, space, p.comment(comment))
}

func (p *structPrinter) comment(text string) string {
	return p.out.paint(cyan, "/* "+text+" */")
}

func indent(depth int) string { return strings.Repeat("\t", depth) }
