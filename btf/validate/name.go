package validate

import (
	"github.com/btfkit/btfkit/btf"
)

// maxName is KSYM_NAME_LEN, how long identifiers may be in bytes.
const maxName = 512

// name returns a string by its offset, a little more than may be long.
func (c *checker) name(off uint32) string {
	return btf.Internal.Section(c.spec).Storing(off).NamePrefix(off, maxName+1)
}

// isLetter is the kernel's isalpha, on Latin-1 (lib/ctype.c).
func isLetter(b byte) bool {
	return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0xc0 && b != 0xd7 && b != 0xf7
}

// isIdentifier is btf_name_valid_identifier.
func isIdentifier(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		b := name[i]
		if !isLetter(b) && b != '_' && b != '.' && (i == 0 || b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// isSectionName is btf_name_valid_section, with the kernel's isprint.
func isSectionName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		if b := name[i]; b < 0x20 || b >= 0x7f && b < 0xa0 {
			return false
		}
	}
	return true
}

// checkName holds a name to be an identifier, or none if it may be missing.
func (c *checker) checkName(source, what string, off uint32, optional bool) {
	if off == 0 && optional {
		return
	}
	if name := c.name(off); !isIdentifier(name) {
		c.add("name", source, "%s %.40q is no identifier of up to %d bytes", what, name, maxName)
	}
}

// checkTypeName holds the name of a type to the rules of its kind.
func (c *checker) checkTypeName(source string) {
	off := c.t.NameOffset()
	switch k := c.t.Kind(); k {
	case btf.KindInt, btf.KindFloat:
	case btf.KindPtr, btf.KindArray, btf.KindConst, btf.KindVolatile, btf.KindRestrict,
		btf.KindFuncProto:
		if off != 0 {
			c.add("name", source, "a name, which a %v does not have", k)
		}
	case btf.KindStruct, btf.KindUnion, btf.KindEnum, btf.KindEnum64:
		c.checkName(source, "name", off, true)
	case btf.KindTypeTag, btf.KindDeclTag:
		if c.name(off) == "" {
			c.add("name", source, "no value")
		}
	case btf.KindDatasec:
		if name := c.name(off); !isSectionName(name) {
			c.add("name", source, "name %.40q is none of a section", name)
		}
	default:
		c.checkName(source, "name", off, false)
	}
}
