package cdump

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/internal/raw"
)

// bpftool's order of types: by rank, which tells enums from structs and from the rest; then by the
// name of what a type is in the end; then by its own name; then by a hash of what it is made
// of, which unlike its id does not change from build to build; and last by id.

// A sorter compares types.
type sorter struct {
	p *printer
	// hashes has those of types alone and those with members, by id; 0 until known.
	hashes [2][]uint64
}

// A sortKey is what a type is sorted by, in the order of comparison but for the type's own name.
type sortKey struct {
	prefix uint64 // the rank, and how name starts: decides most comparisons
	name   string // of what the type is in the end
	hash   uint64
	t      btf.Type
	named  bool
}

// sorted returns the types that spec covers in bpftool's order, without those that define
// nothing. The first is left out if spec covers void, as bpftool does.
func (p *printer) sorted(spec *btf.Spec) []*sortKey {
	first, end := spec.IDs()
	s := sorter{p: p}
	keys := make([]sortKey, 0, end-first)
	var least sortKey
	for _, t := range spec.All() {
		if !p.spendLimit(1) {
			return nil
		}
		none := definesNothing(t.Kind())
		if none && least.prefix>>56 < maxRank && t.Kind() != btf.KindDeclTag {
			continue // of the greatest rank
		}
		key := s.key(t)
		if first == 0 && (t.IsVoid() || compareKeys(&key, &least) < 0) {
			least = key
		}
		if !none {
			keys = append(keys, key)
		}
	}
	order := make([]*sortKey, 0, len(keys))
	for i := range keys {
		if first != 0 || keys[i].t != least.t {
			order = append(order, &keys[i])
		}
	}
	slices.SortFunc(order, compareKeys)
	return order
}

func definesNothing(k btf.Kind) bool {
	return k == btf.KindFunc || k == btf.KindVar || k == btf.KindDatasec || k == btf.KindDeclTag
}

func (s *sorter) key(t btf.Type) sortKey {
	name := s.finalName(t)
	var start [8]byte
	copy(start[1:], name)
	prefix := binary.BigEndian.Uint64(start[:])
	return sortKey{s.rankOf(t)<<56 | prefix, name, s.hash(t, true), t, isNamed(t)}
}

func compareKeys(a, b *sortKey) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	if a.named || b.named {
		if c := strings.Compare(nameOf(a.t), nameOf(b.t)); c != 0 {
			return c
		}
	}
	if a.hash != b.hash {
		return cmp.Compare(a.hash, b.hash)
	}
	return cmp.Compare(a.t.ID(), b.t.ID())
}

// maxRank is that of whatever has no place of its own.
const maxRank = 10

// rankOf returns a type's rank: that of what it refers to, if it has a name.
func (s *sorter) rankOf(t btf.Type) uint64 {
	for named := false; s.p.spendLimit(1); t = s.p.target(t) {
		named = named || isNamed(t)
		switch k := t.Kind(); {
		case k == btf.KindEnum || k == btf.KindEnum64:
			if named {
				return 1
			}
			return 0
		case k == btf.KindInt || k == btf.KindFloat:
			return 2
		case named && isComposite(k):
			return 3
		case named && k == btf.KindFuncProto:
			return 4
		case !named || !isReference(k):
			return maxRank
		}
	}
	return maxRank
}

// isReference reports whether bpftool looks at what a type of the kind refers to.
func isReference(k btf.Kind) bool {
	return k == btf.KindPtr || k == btf.KindTypedef || k == btf.KindArray || k == btf.KindDeclTag ||
		k.IsModifier()
}

// finalName returns the name of what t refers to in the end. An enum without one goes by
// its first value.
func (s *sorter) finalName(t btf.Type) string {
	if k := t.Kind(); (k == btf.KindEnum || k == btf.KindEnum64) && !isNamed(t) && t.Vlen() > 0 {
		return elementName(t, 0)
	}
	for isReference(t.Kind()) && s.p.spendLimit(1) {
		t = s.p.target(t)
	}
	name := nameOf(t)
	s.p.spendLimit(len(name))
	return name
}

// hash returns a hash of the names of t and of what it consists of: those of members, too,
// unless t is a member itself.
func (s *sorter) hash(t btf.Type, members bool) uint64 {
	known := &s.hashes[0]
	if members {
		known = &s.hashes[1]
	}
	if *known == nil {
		*known = make([]uint64, len(s.p.notes)*noteLen)
	}
	h := &(*known)[t.ID()]
	if *h == 0 && s.p.enter(t) {
		*h = s.newHash(t, members)
		s.p.leave()
	}
	return *h
}

func (s *sorter) newHash(t btf.Type, members bool) uint64 {
	sec, off := btf.Internal.Record(t)
	if sec == nil {
		return 0
	}
	h := s.mixName(0, sec, off)
	off += raw.HeaderSize
	switch k := t.Kind(); {
	case k == btf.KindEnum || k == btf.KindEnum64:
		size := raw.ElementWords(raw.Kind(k)) * 4
		for i := range uint32(t.Vlen()) {
			h = s.mixName(h, sec, off+i*size)
		}
	case members && isComposite(k):
		for i, m := range t.Members() {
			if s.p.err != nil {
				break
			}
			h = s.mixName(h, sec, off+uint32(i)*12)
			h = mixHash(h, s.hash(s.p.memberType(t, m), false))
		}
	case k == btf.KindArray:
		n, _ := t.ArrayLen()
		h = mixHash(mixHash(h, uint64(n)), s.hash(s.p.target(t), members))
	case isReference(k):
		h = mixHash(h, s.hash(s.p.target(t), members))
	}
	return h
}

func mixHash(h, v uint64) uint64 { return h*31 + v }

// mixName mixes in the name that the word at off stands for, if it is not 0.
func (s *sorter) mixName(h uint64, sec *raw.Section, off uint32) uint64 {
	at := sec.Word(off)
	if at == 0 {
		return h
	}
	name := sec.NameBytes(at)
	s.p.spendLimit(len(name))
	var sum uint64
	for i := range len(name) {
		sum = mixHash(sum, uint64(int8(name[i]))) // C's char is signed on the hosts that matter
	}
	return mixHash(h, sum)
}
