package fuzz

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// shared is a store over a string that outlives it.
type shared struct {
	store.Section
	data string
}

// openShared opens a string without copying it.
func openShared(data string, base *btf.Spec) (*btf.Spec, error) {
	return store.Open(&shared{data: data}, store.Options{Base: base})
}

func (s *shared) Bytes() string                 { return s.data }
func (s *shared) Index(sec store.Section) error { s.Section = sec; return nil }
func (s *shared) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	return s.AppendIDsScanning(dst, name)
}
func (s *shared) Names() store.Names { return store.Names{} }
func (s *shared) Info() btf.Info     { return btf.Info{Backend: "shared"} }
func (s *shared) Close() error       { return nil }
