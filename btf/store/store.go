// Package store is for authors of backends. It defines the interface of a store of BTF, opens a
// store as a btf.Spec, and gives the store access to the names of its section. To read BTF, use
// package btf and a backend.
//
// A [Store] owns the bytes of one section and the indexes over them. The core does the rest:
// header, walk, id table, views, matching. So all backends accept and refuse the same inputs. A
// backend is a btf.Backend whose Open and Parse make a Store and hand it to [Open]. It passes
// the suite in [github.com/btfkit/btfkit/btf/btftest]. Package
// [github.com/btfkit/btfkit/btf/store/nameindex] has a hash table of names to build on.
package store

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// A Store owns the bytes of one section and the indexes over them. Everything but Close may be
// called concurrently once Index has returned.
type Store interface {
	// Bytes returns the whole blob. It must not change until Close, and must be
	// valid until then. It is called once, when the section is opened.
	Bytes() string
	// Index prepares the section for lookups; it is called once, before any other method but
	// Bytes and Info, and before any other goroutine sees the section. A store keeps s for
	// later; it may build what it needs here, or at the first query, once and race-free.
	Index(s Section) error
	// AppendIDs appends to dst the ids of the section's own types that have the name, in
	// ascending order. The name is not empty. A store without an index returns
	// Section.AppendIDsScanning. AppendIDs must not allocate, except to grow dst and to
	// build an index at the first call.
	AppendIDs(dst []btf.TypeID, name string) []btf.TypeID
	// Names returns the names in the form that suits the matcher best; the zero
	// Names makes the core read the record headers.
	Names() Names
	// Info says where the bytes live. It may be called at any time before Close.
	Info() btf.Info
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
	// Named has bit i set if own type i is named; its set bits correspond to Offsets. If
	// Named is nil, Offsets is nil, too, and the matcher reads the record headers.
	Named []uint64
}

// A Memory allocates zeroed memory, which must stay valid until the Store's Close.
type Memory interface {
	// Words8 returns n words of 8 bits.
	Words8(n int) []uint8
	// Words32 returns n words of 32 bits.
	Words32(n int) []uint32
	// Words64 returns n words of 64 bits.
	Words64(n int) []uint64
}

// Heap is the Go heap as a Memory.
type Heap struct{ raw.Heap }

// Words64 returns n words of the heap.
func (Heap) Words64(n int) []uint64 { return make([]uint64, n) }

// Options configures Open. The zero value opens a section that stands alone.
type Options struct {
	// Base is what the section is split from, a Spec of any backend; nil if it stands alone.
	Base *btf.Spec
	// Memory is where the id table goes, some 1.4 bytes a type; nil means Heap.
	Memory Memory
}

// Open reads the structure of s's bytes and returns a Spec that owns s, with the checks, the cost
// and the errors of [btf.Parse]. On error, s is closed.
func Open(s Store, o Options) (*btf.Spec, error) {
	m := o.Memory
	if m == nil {
		m = Heap{}
	}
	return btf.Internal.Open(adapter{s}, s, o.Base, m)
}

// An adapter shows a Store to the core, which knows sections of package raw.
type adapter struct{ Store }

// Index is Store.Index.
func (a adapter) Index(s *raw.Section) error { return a.Store.Index(Section{s}) }

// Names is Store.Names.
func (a adapter) Names() raw.Names { return raw.Names(a.Store.Names()) }
