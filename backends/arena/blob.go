package arena

import (
	"sync"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/btf/store/nameindex"
)

// A blob is the store of one section.
type blob struct {
	data    string
	mem     *memory
	section store.Section
	index   nameindex.Index

	namesOnce sync.Once
	names     store.Names
}

var _ store.Store = (*blob)(nil)

func (b *blob) Bytes() string { return b.data }

func (b *blob) Index(s store.Section) error {
	b.section = s
	b.index = nameindex.Build(s, b.mem)
	return nil
}

func (b *blob) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	return b.index.Append(dst, b.section, name)
}

func (b *blob) Names() store.Names {
	b.namesOnce.Do(func() { b.names = nameindex.Offsets(b.section, b.mem) })
	return b.names
}

func (b *blob) Info() btf.Info {
	info := btf.Info{Backend: "arena", Why: b.mem.why, DataBytes: int64(len(b.data)),
		IndexBytes: b.mem.size.Load() - int64(len(b.data))}
	info.Mapped = b.mem.offHeap
	return info
}

func (b *blob) Close() error {
	b.data, b.index, b.names = "", nameindex.Index{}, store.Names{}
	return b.mem.free()
}
