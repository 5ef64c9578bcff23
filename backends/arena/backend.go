package arena

import (
	"sync"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/nameindex"
)

type backend struct {
	data  string
	mem   *memory
	index nameindex.Index

	namesOnce sync.Once
	names     btf.Names
}

var _ btf.Backend = (*backend)(nil)

func (b *backend) Bytes() string { return b.data }

func (b *backend) Index(s *btf.Section) error {
	b.index = nameindex.Build(s, nameindex.Options{Memory: b.mem})
	return nil
}

func (b *backend) AppendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	return b.index.Append(dst, s, name)
}

func (b *backend) Names(s *btf.Section) btf.Names {
	b.namesOnce.Do(func() { b.names = nameindex.Offsets(s, b.mem) })
	return b.names
}

func (b *backend) Info() btf.Info {
	info := btf.Info{Backend: "arena", Why: b.mem.why, DataBytes: int64(len(b.data)),
		IndexBytes: b.mem.size.Load() - int64(len(b.data))}
	if b.mem.offHeap {
		info.Storage = btf.Mapped
	}
	return info
}

func (b *backend) Close() error {
	b.data, b.index, b.names = "", nameindex.Index{}, btf.Names{}
	return b.mem.free()
}
