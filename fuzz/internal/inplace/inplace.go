// Package inplace opens BTF where it lies: it copies nothing and builds no index. Targets that
// edit one image millions of times, and tests of what lies behind the last byte, need that.
package inplace

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// Open opens text, which must stay as it is until the Spec is closed. If mapped is set, the Spec
// takes text for memory that vanishes on Close, and copies names.
func Open(text string, mapped bool) (*btf.Spec, error) {
	return store.Open(&place{text: text, mapped: mapped}, store.Options{})
}

type place struct {
	store.Section
	text   string
	mapped bool
}

func (p *place) Bytes() string               { return p.text }
func (p *place) Index(s store.Section) error { p.Section = s; return nil }
func (p *place) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	return p.AppendIDsScanning(dst, name)
}
func (p *place) Names() store.Names { return store.Names{} }
func (p *place) Info() btf.Info     { return btf.Info{Backend: "inplace", Mapped: p.mapped} }
func (p *place) Close() error       { return nil }
