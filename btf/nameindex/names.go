package nameindex

import (
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// Pack copies the names of the own types of s, in the order of ids, into one text for
// the matcher, which reads it front to back. It takes the names' bytes, 4 for each name
// and a bit for each type: 1.8 MB for a kernel. If the names overlap (see
// btf.Section.NamesOverlap) it returns the zero Names, for which the headers are read.
func Pack(s *btf.Section) btf.Names {
	count, size := 0, 0
	strs, start := s.Strings()
	limit := 4 * (int64(start) + int64(len(strs)))
	for i := range s.Len() {
		if name := s.NameBytes(s.NameOffset(i)); name != "" {
			count++
			if size += len(name) + 1; int64(size-count) > limit {
				return btf.Names{}
			}
		}
	}
	var text strings.Builder
	text.Grow(size)
	n := btf.Names{Offsets: make([]uint32, 0, count), Named: make([]uint64, (s.Len()+63)/64)}
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

// Offsets points the matcher at the names of the own types of s where they are, in the
// strings of s. It takes 4 bytes for each name and a bit for each type: 300 kB for a
// kernel. The result aliases the backend's bytes. If s is split, its types may
// have names in the strings of a base, which such Names cannot say; the zero Names
// comes back, for which the headers are read.
func Offsets(s *btf.Section) btf.Names {
	if s.Base() != nil {
		return btf.Names{}
	}
	strs, _ := s.Strings()
	n := btf.Names{Text: strs, Named: make([]uint64, (s.Len()+63)/64)}
	count := 0
	for i := range s.Len() {
		if off := s.NameOffset(i); off != 0 && strs[off] != 0 {
			n.Named[i/64] |= 1 << (i % 64)
			count++
		}
	}
	n.Offsets = make([]uint32, 0, count)
	for i := range s.Len() {
		if n.Named[i/64]>>(i%64)&1 != 0 {
			n.Offsets = append(n.Offsets, s.NameOffset(i))
		}
	}
	return n
}
