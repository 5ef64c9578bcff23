package mmap

import (
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
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

// A blob is the store of one section.
type blob struct {
	data    string
	section store.Section
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

var _ store.Store = (*blob)(nil)

// Words8 counts memory of the heap: the id table.
func (b *blob) Words8(n int) []uint8 {
	b.idTable += int64(n)
	return make([]uint8, n)
}

// Words32 counts memory of the heap: the id table.
func (b *blob) Words32(n int) []uint32 {
	b.idTable += int64(n) * 4
	return make([]uint32, n)
}

// Words64 counts memory of the heap.
func (b *blob) Words64(n int) []uint64 {
	b.idTable += int64(n) * 8
	return make([]uint64, n)
}

func (b *blob) Bytes() string { return b.data }

// Index does nothing: whoever never asks for a name does not pay for names.
func (b *blob) Index(s store.Section) error {
	b.section = s
	return nil
}

func (b *blob) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	if !b.asked.Load() && !b.asked.Swap(true) {
		if ids, ok := scan(dst, b.section, name); ok {
			return ids
		}
	}
	b.namesOnce.Do(func() {
		b.names = newFinder(b.section)
		b.nameBytes.Store(b.names.size())
	})
	return b.names.appendIDs(dst, b.section, name)
}

// Names makes the matcher read the record headers, which are there anyway.
func (b *blob) Names() store.Names { return store.Names{} }

func (b *blob) Info() btf.Info {
	info := btf.Info{Backend: "mmap", Why: b.why, DataBytes: int64(len(b.data)),
		IndexBytes: b.idTable + b.nameBytes.Load()}
	info.Mapped = b.mapping != nil
	return info
}

func (b *blob) Close() error {
	m := b.mapping
	b.data, b.mapping, b.names = "", nil, finder{}
	if m == nil {
		return nil
	}
	return m.unmap()
}
