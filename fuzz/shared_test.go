package fuzz

import "github.com/btfkit/btfkit/btf"

// shared is a backend over a string that outlives it.
type shared string

func (s shared) Bytes() string            { return string(s) }
func (s shared) Index(*btf.Section) error { return nil }
func (s shared) AppendIDs(dst []btf.ID, sec *btf.Section, name string) []btf.ID {
	return sec.AppendIDsScanning(dst, name)
}
func (s shared) Names(*btf.Section) btf.Names { return btf.Names{} }
func (s shared) Info() btf.Info               { return btf.Info{Backend: "shared"} }
func (s shared) Close() error                 { return nil }
