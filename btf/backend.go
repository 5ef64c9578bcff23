package btf

import "github.com/btfkit/btfkit/btf/internal/raw"

// A Backend opens BTF: it decides where the bytes live and which indexes exist. Packages cache,
// mmap and arena export one each. Functions that open BTF on behalf of a caller, such as those
// of package elfx, take a Backend as an argument. To write one, see package btf/store.
//
// All methods may be called at once from several goroutines.
type Backend interface {
	// Name returns a short name, such as "cache".
	Name() string
	// Open opens the file of raw BTF at path on top of base. base may come from any
	// backend; nil means that the file stands alone. Errors name the path.
	Open(path string, base *Spec) (*Spec, error)
	// Parse opens raw BTF in memory on top of base. It keeps no reference to data.
	Parse(data []byte, base *Spec) (*Spec, error)
}

// Info describes what a backend holds for one Spec.
type Info struct {
	// Backend is the backend's name, such as "cache".
	Backend string
	// Mapped says that the bytes are in a mapping of a file or in other memory outside the Go
	// heap, which Close gives back; strings that outlive Close are copied out. Otherwise the Go
	// heap holds them, and Close only drops references.
	Mapped bool
	// Why says why the bytes are there and not where the backend usually keeps them, such
	// as "mapping refused: ..."; it is empty in the usual case.
	Why string
	// DataBytes is the length of the blob. IndexBytes is the size of the indexes that the
	// backend has built so far. Both are in bytes.
	DataBytes, IndexBytes int64
}

// Internal connects the packages of this module: btf/store opens Specs with it, and btf/builder
// reads records. No promise covers it, and no other package has a use for it.
var Internal internal

type internal struct{}

// Open opens what a store holds.
func (internal) Open(s store, l lookup, base *Spec, m raw.Memory) (*Spec, error) {
	return open(s, l, base, m)
}

// Section returns the section of s, or of the Spec that s is the Own of.
func (internal) Section(s *Spec) *raw.Section { return s.raw }

// Record returns the section that stores t, nil for void, and the offset of t's record there.
func (internal) Record(t Type) (sec *raw.Section, off uint32) { return t.sec, t.off }

// MemberName returns the logical offset of m's name, and the section that m stands in.
func (internal) MemberName(m Member) (sec *raw.Section, off uint32) { return m.sec, m.word(0) }

// Widths returns what sizes many members whose types may share long chains.
func (internal) Widths() (w widths) { return w }

// TypeAt returns the type of own record i of a section, which must exist.
func (internal) TypeAt(sec *raw.Section, i uint32) Type {
	return Type{sec, sec.IDs.At(i), TypeID(sec.First + i)}
}

// Closed reports whether s is closed.
func (internal) Closed(s *Spec) bool { return s.live.closed.Load() }
