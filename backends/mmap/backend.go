package mmap

import (
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/btfkit/btfkit/btf"
)

// A mapping is memory that unmap gives back.
type mapping struct {
	bytes []byte
	unmap func() error
}

// A mapFunc maps the first size bytes of f, its whole length, for reading.
type mapFunc func(f *os.File, size int) (*mapping, error)

// string returns the mapped bytes, which must not be empty. The string is valid until
// unmap, and the core knows: Info says Mapped, so that it copies all that might outlive
// Close. Nobody can write to the mapping through it, since it is read-only; that nobody
// changes the file meanwhile is the caller's part, as the package documentation says.
func (m *mapping) string() string {
	return unsafe.String(unsafe.SliceData(m.bytes), len(m.bytes))
}

type backend struct {
	data    string
	mapping *mapping // nil if data is on the heap
	why     string   // it is not mapped
	idTable int64    // bytes

	// asked is set by the first query by name; the second prepares names.
	asked     atomic.Bool
	namesOnce sync.Once
	names     finder
	// nameBytes is what names takes. Info reads it while names may be in the making.
	nameBytes atomic.Int64
}

var _ btf.Backend = (*backend)(nil)

func (b *backend) alloc(words int) []uint32 {
	b.idTable = int64(words) * 4
	return make([]uint32, words)
}

func (b *backend) Bytes() string { return b.data }

// Index does nothing: whoever never asks for a name does not pay for names.
func (b *backend) Index(*btf.Section) error { return nil }

func (b *backend) AppendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	if !b.asked.Load() && !b.asked.Swap(true) {
		if ids, ok := scan(dst, s, name); ok {
			return ids
		}
	}
	b.namesOnce.Do(func() {
		b.names = newFinder(s)
		b.nameBytes.Store(b.names.size())
	})
	return b.names.appendIDs(dst, s, name)
}

// Names makes the matcher read the record headers, which are there anyway.
func (b *backend) Names(*btf.Section) btf.Names { return btf.Names{} }

func (b *backend) Info() btf.Info {
	info := btf.Info{Backend: "mmap", Why: b.why, DataBytes: int64(len(b.data)),
		IndexBytes: b.idTable + b.nameBytes.Load()}
	if b.mapping != nil {
		info.Storage = btf.Mapped
	}
	return info
}

func (b *backend) Close() error {
	m := b.mapping
	b.data, b.mapping, b.names = "", nil, finder{}
	if m == nil {
		return nil
	}
	return m.unmap()
}
