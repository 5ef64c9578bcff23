package btf

// Int is what an INT says besides its size.
type Int struct {
	Encoding IntEncoding
	// Offset is where the value starts, in bits from the start of the storage: not 0
	// only in the older form of bitfields.
	Offset uint8
	// Bits is the width of the value in bits.
	Bits uint8
}

// IntEncoding is a set of BTF_INT_* flags; 0 is an unsigned number.
type IntEncoding uint8

// The flags. The kernel accepts at most one of them.
const (
	IntSigned IntEncoding = 1 << iota
	IntChar
	IntBool
)

// String returns the flag's name as bpftool prints it: "SIGNED", "CHAR", "BOOL", or
// "(none)"; "UNKN" for anything else.
func (e IntEncoding) String() string {
	switch e {
	case 0:
		return "(none)"
	case IntSigned:
		return "SIGNED"
	case IntChar:
		return "CHAR"
	case IntBool:
		return "BOOL"
	}
	return "UNKN"
}

// Linkage is the visibility of a FUNC or VAR.
type Linkage uint32

// The linkages, BTF_FUNC_* and BTF_VAR_*. Compilers write extern for what is declared
// elsewhere, such as kernel functions; the kernel refuses it.
const (
	LinkageStatic Linkage = iota
	LinkageGlobal
	LinkageExtern
)

// String returns "static", "global", "extern" or "(unknown)".
func (l Linkage) String() string {
	switch l {
	case LinkageStatic:
		return "static"
	case LinkageGlobal:
		return "global"
	case LinkageExtern:
		return "extern"
	}
	return "(unknown)"
}
