package naive

import (
	"fmt"
	"strings"
)

// maxDeclaration is where Declaration gives up, in bytes: kernels stay far below, and what refers to
// itself without a name would have no end.
const maxDeclaration = 1 << 16

// Declaration writes a type out as text, in which named structs, unions, enums and typedefs that it
// refers to are names. Two types are declared alike if their texts are the same. It recurses; ok
// says that it came to an end before it gave up.
func (t Type) Declaration() (text string, ok bool) {
	var b strings.Builder
	t.declare(&b, true)
	return b.String(), b.Len() < maxDeclaration
}

func (t Type) declare(b *strings.Builder, root bool) {
	if b.Len() >= maxDeclaration {
		return
	}
	if t.IsVoid() {
		b.WriteString("void")
		return
	}
	kind := t.Kind()
	if !root && t.Name() != "" {
		switch kind {
		case kindEnum, kindEnum64:
			fmt.Fprintf(b, "enum %q", t.Name())
			return
		case kindFwd:
			fmt.Fprintf(b, "%s %q", map[bool]string{false: "struct", true: "union"}[t.flag()], t.Name())
			return
		case kindStruct, kindUnion:
			word := map[bool]string{true: "struct", false: "union"}[kind == kindStruct]
			fmt.Fprintf(b, "%s %q", word, t.Name())
			return
		case kindTypedef:
			fmt.Fprintf(b, "typedef %q", t.Name())
			return
		}
	}
	f := t.Facts()
	signed := f.Signed && kind != kindInt
	fmt.Fprintf(b, "(%d %q %d %v %d %d %d %d %d %d %v", kind, f.Name, f.Size, signed, f.Encoding,
		f.IntOffset, f.IntBits, f.ArrayLen, f.Linkage, f.Component, f.Attribute)
	if kind == kindFwd {
		fmt.Fprint(b, f.FwdKind)
	}
	if id, ok := t.target(); ok {
		t.at(id).declare(b, false)
	}
	if kind == kindFuncProto {
		t.at(t.word(2)).declare(b, false)
	}
	if kind != kindFunc {
		for _, e := range t.Elems() {
			fmt.Fprintf(b, "[%q %d %d %d ", e.Name, e.Offset, e.Width, e.Value)
			t.at(e.Target).declare(b, false)
			b.WriteString("]")
		}
	}
	b.WriteString(")")
}
