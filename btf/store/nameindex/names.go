package nameindex

import (
	"strings"

	"github.com/btfkit/btfkit/btf/store"
)

// Pack copies the names of the own types of s, in the order of ids, into one text for the
// matcher, which reads it front to back. It takes the names' bytes, 4 for each name and a
// bit for each type: 1.8 MB for a kernel. If the names overlap (see
// store.Section.NameBudget) it returns the zero Names, and the matcher reads the record
// headers.
func Pack(s store.Section) store.Names {
	count, size := 0, 0
	for i := range s.Len() {
		if name := s.NameBytes(s.NameOffset(i)); name != "" {
			count++
			if size += len(name) + 1; int64(size-count) > s.NameBudget() {
				return store.Names{}
			}
		}
	}
	var text strings.Builder
	text.Grow(size)
	n := store.Names{Offsets: make([]uint32, 0, count), Named: make([]uint64, (s.Len()+63)/64)}
	for i := range s.Len() {
		if name := s.NameBytes(s.NameOffset(i)); name != "" {
			n.Named[i/64] |= 1 << (i % 64)
			n.Offsets = append(n.Offsets, uint32(text.Len()))
			text.WriteString(name)
			text.WriteByte(0)
		}
	}
	n.Text = text.String()
	return n
}

// Offsets returns Names that point into the strings of s, without a copy of the names of
// its own types. It takes 4 bytes for each name and a bit for each type, in the given
// memory, or on the Go heap if m is nil: 300 kB for a kernel. The result aliases the
// backend's bytes. Such Names cannot point into the strings of a base. So if s is split,
// Offsets returns the zero Names, and the matcher reads the record headers.
func Offsets(s store.Section, m store.Memory) store.Names {
	if s.IsSplit() {
		return store.Names{}
	}
	if m == nil {
		m = store.Heap{}
	}
	strs, _ := s.Strings()
	n := store.Names{Text: strs, Named: m.Words64((s.Len() + 63) / 64)}
	var offs [batch]uint32
	count := 0
	for i := 0; i < s.Len(); i += batch {
		for k, off := range offs[:s.NameOffsets(offs[:], i)] {
			if off != 0 && strs[off] != 0 {
				n.Named[(i+k)/64] |= 1 << ((i + k) % 64)
				count++
			}
		}
	}
	n.Offsets = m.Words32(count)[:0]
	for i := 0; i < s.Len(); i += batch {
		for k, off := range offs[:s.NameOffsets(offs[:], i)] {
			if n.Named[(i+k)/64]>>((i+k)%64)&1 != 0 {
				n.Offsets = append(n.Offsets, off)
			}
		}
	}
	return n
}
