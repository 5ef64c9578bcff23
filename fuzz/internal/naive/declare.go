package naive

import (
	"fmt"
	"strings"
)

// Declaration gives up below maxDepth types, and behind maxText bytes. Kernels stay far away from
// both; what refers to itself without a name would have no end.
const (
	maxDepth = 64
	maxText  = 1 << 20
)

// Declaration writes a type out as text, in which named structs, unions, enums and typedefs that it
// refers to are names. Two types are declared alike if their texts are the same. It recurses; ok
// says that it came to an end before it gave up.
func (t Type) Declaration() (text string, ok bool) {
	var b strings.Builder
	ok = t.declare(&b, 0)
	return b.String(), ok
}

// declare writes a type that is so deep within the first one.
func (t Type) declare(b *strings.Builder, depth int) bool {
	if depth == maxDepth || b.Len() > maxText {
		return false
	}
	if t.IsVoid() {
		b.WriteString("void")
		return true
	}
	kind := t.Kind()
	if depth > 0 && t.Name() != "" {
		switch kind {
		case kindEnum, kindEnum64:
			fmt.Fprintf(b, "enum %q", t.Name())
			return true
		case kindFwd:
			fmt.Fprintf(b, "%s %q", map[bool]string{false: "struct", true: "union"}[t.flag()], t.Name())
			return true
		case kindStruct, kindUnion:
			word := map[bool]string{true: "struct", false: "union"}[kind == kindStruct]
			fmt.Fprintf(b, "%s %q", word, t.Name())
			return true
		case kindTypedef:
			fmt.Fprintf(b, "typedef %q", t.Name())
			return true
		}
	}
	f := t.Facts()
	flag := t.flag() && kind != kindStruct && kind != kindUnion // whose members tell
	fmt.Fprintf(b, "(%d %q %d %v %d %d %d %d %d %d", kind, f.Name, f.Size, flag, f.Encoding,
		f.IntOffset, f.IntBits, f.ArrayLen, f.Linkage, f.Component)
	if id, ok := t.target(); ok {
		if !t.at(id).declare(b, depth+1) {
			return false
		}
	}
	if kind == kindFuncProto && !t.at(t.word(2)).declare(b, depth+1) {
		return false
	}
	if kind != kindFunc {
		for _, e := range t.Elems() {
			fmt.Fprintf(b, "[%q %d %d %d ", e.Name, e.Offset, e.Width, e.Value)
			if !t.at(e.Target).declare(b, depth+1) {
				return false
			}
			b.WriteString("]")
		}
	}
	b.WriteString(")")
	return true
}
