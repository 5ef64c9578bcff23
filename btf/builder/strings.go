package builder

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf/internal/raw"
	"github.com/btfkit/btfkit/btf/internal/steps"
)

// A stringTable is the string section of a Builder. It holds each string once and does
// not share suffixes: libbpf and pahole do not either, and readers other than the
// kernel and libbpf refuse offsets into the middle of a string.
type stringTable struct {
	base  *raw.Section // whose strings, and those below it, are used again; may be nil
	start uint32       // logical offset of bytes[0]
	bytes []byte
	// offsets finds what is there, by logical offset. It is made at the first use, as
	// the strings of a base are many and a plain copy needs none of them.
	offsets map[string]uint32
}

// find returns the logical offset of s, if it is there.
func (t *stringTable) find(s string) (off uint32, ok bool) {
	if s == "" {
		return 0, true
	}
	if t.offsets == nil {
		t.index()
	}
	steps.Add(len(s))
	off, ok = t.offsets[s]
	return off, ok
}

// add returns the logical offset of s. What it adds must not reach beyond limit, the
// highest offset of a byte. It keeps s.
func (t *stringTable) add(s string, limit uint64) (uint32, error) {
	if off, ok := t.find(s); ok {
		return off, nil
	}
	if strings.IndexByte(s, 0) >= 0 {
		return 0, errors.New("string with a NUL byte")
	}
	if t.start == 0 && len(t.bytes) == 0 {
		t.bytes = append(t.bytes, 0) // offset 0 is the empty name everywhere
	}
	off := uint64(t.start) + uint64(len(t.bytes))
	if off+uint64(len(s)) > limit {
		return 0, fmt.Errorf("string of %d bytes at offset %#x exceeds %#x", len(s), off, limit)
	}
	steps.Add(len(s) + 1)
	t.bytes = append(append(t.bytes, s...), 0)
	t.offsets[s] = uint32(off)
	return uint32(off), nil
}

// index finds the strings that are there already. Of equal ones, the first counts.
func (t *stringTable) index() {
	t.offsets = make(map[string]uint32)
	if t.base != nil {
		for _, sec := range t.base.Chain {
			strs := sec.Strs
			if sec.CopyNames {
				strs = strings.Clone(strs) // the keys must survive a Close
			}
			t.indexSection(strs, sec.StrStart)
		}
	}
	t.indexSection(string(t.bytes), t.start)
}

func (t *stringTable) indexSection(strs string, start uint32) {
	for pos := 0; pos < len(strs); {
		n := strings.IndexByte(strs[pos:], 0)
		if n < 0 {
			return // the base was closed, or the blob is being built
		}
		if s := strs[pos : pos+n]; s != "" {
			if _, ok := t.offsets[s]; !ok {
				t.offsets[s] = start + uint32(pos)
			}
		}
		pos += n + 1
	}
}
