// Package inplace opens BTF where it lies: it copies nothing and builds no index. Targets that
// edit one image millions of times, and tests of what lies behind the last byte, need that.
package inplace

import (
	"github.com/btfkit/btfkit/btf"
)

// Open opens text, which must stay as it is until the Spec is closed. Storage is what Info will
// say of it: from memory that is Mapped, names are copied.
func Open(text string, storage btf.Storage) (*btf.Spec, error) {
	return btf.Open(backend{text, storage}, btf.Options{})
}

type backend struct {
	text    string
	storage btf.Storage
}

func (b backend) Bytes() string            { return b.text }
func (b backend) Index(*btf.Section) error { return nil }
func (b backend) AppendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	return s.AppendIDsScanning(dst, name)
}
func (b backend) Names(*btf.Section) btf.Names { return btf.Names{} }
func (b backend) Info() btf.Info               { return btf.Info{Backend: "inplace", Storage: b.storage} }
func (b backend) Close() error                 { return nil }
