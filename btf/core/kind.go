package core

import "fmt"

// Kind is what a relocation asks, enum bpf_core_relo_kind of include/uapi/linux/bpf.h.
type Kind uint32

// The kinds, by their values in the format.
const (
	FieldByteOffset Kind = iota // where a field is, in bytes
	FieldByteSize               // how long it is, in bytes
	FieldExists                 // 1 if there is such a field
	FieldSigned                 // 1 if it is a signed integer or enum
	FieldLShiftU64              // how far to shift a bitfield left in a 64-bit load
	FieldRShiftU64              // how far to shift it right then
	TypeIDLocal                 // the type's id in the object
	TypeIDTarget                // its id in the kernel
	TypeExists                  // 1 if there is such a type
	TypeSize                    // its size in bytes
	EnumvalExists               // 1 if there is such an enumerator
	EnumvalValue                // its value
	TypeMatches                 // 1 if a type has all that the object's has
)

var kindNames = [...]string{"FIELD_BYTE_OFFSET", "FIELD_BYTE_SIZE", "FIELD_EXISTS", "FIELD_SIGNED",
	"FIELD_LSHIFT_U64", "FIELD_RSHIFT_U64", "TYPE_ID_LOCAL", "TYPE_ID_TARGET", "TYPE_EXISTS",
	"TYPE_SIZE", "ENUMVAL_EXISTS", "ENUMVAL_VALUE", "TYPE_MATCHES"}

// String returns the name that the kernel has for the kind, without BPF_CORE_.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint32(k))
}

// isField reports whether the kind is about a field.
func (k Kind) isField() bool { return k <= FieldRShiftU64 }

// isEnumval reports whether the kind is about an enumerator.
func (k Kind) isEnumval() bool { return k == EnumvalExists || k == EnumvalValue }

// AsksExistence reports whether the kind asks if something exists: the answer 0 is as good as 1
// then, since the program asks before it goes on.
func (k Kind) AsksExistence() bool {
	return k == FieldExists || k == TypeExists || k == EnumvalExists || k == TypeMatches
}
