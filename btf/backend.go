package btf

// A Backend owns the bytes of one section and the indexes over them. The core owns
// the rest: header, walk, id table, views, matching. One Backend value serves one
// Section. Everything but Close may be called concurrently once Index has returned.
//
// A backend is written against this interface, and passes the suite in
// [github.com/btfkit/btfkit/btf/btftest].
type Backend interface {
	// Bytes returns the whole blob. It must not change until Close, and must be
	// valid until then. It is called once, when the section is opened.
	Bytes() string
	// Index prepares the section for lookups; it is called once, before any other
	// goroutine sees the section. A backend may do nothing here and build what it
	// needs at the first query, once and race-free.
	Index(s *Section) error
	// AppendIDs appends to dst the ids of the section's own types that have the
	// name, in ascending order. The name is not empty. Section.AppendIDsScanning
	// is the answer without an index. It must not allocate beyond dst, but for what it
	// builds once, at the first call.
	AppendIDs(dst []ID, s *Section, name string) []ID
	// Names returns the names in the form that suits the matcher best; the zero
	// Names makes the core read the record headers.
	Names(s *Section) Names
	// Info says where the bytes live. It may be called at any time before Close.
	Info() Info
	// Close releases the bytes and the indexes. It is called once, after the last
	// use by the section.
	Close() error
}

// Names gives the names of a section's own types to the matcher. Text and Offsets
// must not change while the section is open.
type Names struct {
	// Text holds the names, each terminated by NUL.
	Text string
	// Offsets holds the start in Text of the name of each named type, by ascending id.
	Offsets []uint32
	// Named has bit i set if own type i is named; its set bits correspond to Offsets.
	// A nil Named means that Offsets is not there either: read the headers.
	Named []uint64
}

// Storage says where a section's bytes live.
type Storage uint8

const (
	// Heap bytes are held by the Go heap; Close only drops references.
	Heap Storage = iota
	// Mapped bytes are in a mapping of a file or in other memory outside the Go
	// heap that Close gives back: strings that outlive Close are copied out.
	Mapped
)

// String returns "heap" or "mapped".
func (s Storage) String() string {
	if s == Mapped {
		return "mapped"
	}
	return "heap"
}

// Info describes what a backend holds for one section.
type Info struct {
	// Backend is the backend's name, such as "cache".
	Backend string
	// Storage is where the bytes live.
	Storage Storage
	// Why says in a few words how that came about, such as "mapping refused: ...";
	// empty if it is the normal case.
	Why string
	// DataBytes is the length of the blob, IndexBytes that of the backend's indexes
	// so far, both in bytes.
	DataBytes, IndexBytes int64
}
