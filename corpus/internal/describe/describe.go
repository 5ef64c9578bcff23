// Package describe works out what the corpus' manifest states about a blob, by reading it.
package describe

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
)

// Open opens b on top of its bases with the cache backend.
func Open(b corpus.Blob) (*btf.Spec, error) {
	var below *btf.Spec
	if base, ok := b.Base(); ok {
		spec, err := Open(base)
		if err != nil {
			return nil, err
		}
		below = spec
	} else if b.BaseName != "" {
		return nil, fmt.Errorf("%s: no blob named %s, its base", b.Name, b.BaseName)
	}
	raw, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	spec, err := cache.Parse(raw, below)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name, err)
	}
	return spec, nil
}

// Facts describes the own types and strings of spec.
func Facts(spec *btf.Spec) corpus.Facts {
	s := store.SectionOf(spec)
	strs, _ := s.Strings()
	features := make(map[string]bool)
	headerFeatures(features, s.Header())
	names := make([]string, 0, s.Len())
	for i := range s.Len() {
		t := s.TypeAt(i)
		names = append(names, t.Name())
		typeFeatures(features, t)
	}
	return corpus.Facts{
		BigEndian: s.Header().ByteOrder == binary.BigEndian,
		Types:     s.Len(),
		Strings:   strings.Count(strs, "\x00"),
		Sorted:    len(names) > 1 && slices.IsSorted(names) && names[len(names)-1] != "",
		Features:  slices.Sorted(maps.Keys(features)),
	}
}

func headerFeatures(f map[string]bool, h store.Header) {
	if h.Len != 24 {
		f[fmt.Sprintf("header-%d", h.Len)] = true
	}
	if h.Layout.Len != 0 {
		f["layout"] = true
	}
	if h.UnknownTail {
		f["unknown-header"] = true
	}
}

// typeFeatures notes the kinds that Linux 4.18 did not have, and the forms of a record that a
// reader has to tell apart.
func typeFeatures(f map[string]bool, t btf.Type) {
	k := t.Kind()
	if k > btf.KindRestrict {
		f[k.String()] = true
	}
	if t.Vlen() > 0xffff {
		f["vlen-24"] = true
	}
	switch k {
	case btf.KindStruct, btf.KindUnion:
		memberFeatures(f, t)
	case btf.KindEnum, btf.KindEnum64:
		if t.IsSigned() {
			f["signed-enum"] = true
		}
	case btf.KindFuncProto:
		for _, p := range t.Params() {
			if p.IsVariadic() {
				f["variadic"] = true
			}
		}
	case btf.KindDatasec:
		if t.NameIs(".data..percpu") {
			f["percpu"] = true
		}
	case btf.KindDeclTag, btf.KindTypeTag:
		if t.IsAttribute() {
			f["attribute-tag"] = true
		}
	case btf.KindVar, btf.KindFunc:
		if l, _ := t.Linkage(); l == btf.LinkageExtern {
			f["extern"] = true
		}
	}
}

func memberFeatures(f map[string]bool, t btf.Type) {
	for i, m := range t.Members() {
		if _, _, ok := m.Bits(); ok {
			if t.KindFlag() {
				f["bitfield"] = true
			} else {
				f["old-bitfield"] = true
			}
		}
		if m.NameIs("") {
			f["anonymous-member"] = true
		}
		target := m.Target()
		if n, ok := target.Underlying().ArrayLen(); ok && n == 0 {
			if i == t.Vlen()-1 {
				f["flexible-array"] = true
			} else {
				f["empty-array"] = true
			}
		}
	}
}
