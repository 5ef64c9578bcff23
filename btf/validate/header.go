package validate

import (
	"cmp"
	"errors"
	"slices"

	"github.com/btfkit/btfkit/btf"
)

// maxSize is BTF_MAX_SIZE, how much a program may load.
const maxSize = 16 << 20

// checkHeader holds the header and the places of sections to the rules of btf_parse_hdr.
func (c *checker) checkHeader() {
	sec := btf.Internal.Section(c.spec)
	h, size := sec.Header, int64(len(sec.Data))
	const source = "btf_check_sec_info"
	if h.UnknownTail {
		c.add("header-tail", "btf_parse_hdr", "bytes of the header that are not known are not zero")
	}
	if sec.Base == nil && len(sec.Strs) == 0 {
		c.add("no-strings", "btf_parse_str_sec", "no strings")
	}
	if (h.TypesOff-int64(h.Len))%4 != 0 {
		c.add("types-unaligned", "btf_parse_type_sec", "types at %d bytes behind the header",
			h.TypesOff-int64(h.Len))
	}
	if c.object {
		return
	}
	if size > maxSize {
		c.add("too-large", "btf_parse", "%d bytes, more than %d", size, maxSize)
	}
	if sec.Base == nil && sec.Count == 0 {
		c.add("no-types", "btf_parse_hdr", "no types")
	}
	type extent struct{ off, size int64 }
	parts := []extent{{h.TypesOff, int64(len(sec.Types))}, {h.StringsOff, int64(len(sec.Strs))}}
	if layout := int64(len(h.LayoutBytes(sec.Data))); layout > 0 {
		parts = append(parts, extent{h.LayoutOff, layout})
	}
	slices.SortFunc(parts, func(a, b extent) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.size, b.size))
	})
	at := int64(h.Len)
	for _, p := range parts {
		if p.off != at {
			c.add("gap", source, "%d bytes between sections", p.off-at)
		}
		at = p.off + p.size
	}
	if at != size {
		c.add("trailing", source, "%d bytes behind the sections", size-at)
	}
	if h.StringsOff < h.TypesOff {
		c.add("strings-first", "btf_parse_str_sec", "strings do not end the section")
	}
}

// addError adds what Verify found.
func (c *checker) addError(err error) {
	var f *btf.FormatError
	id := btf.TypeID(0)
	if errors.As(err, &f) {
		id, err = f.ID, f.Err
	}
	c.findings = append(c.findings, Finding{id, "reference", "btf_resolve", err.Error()})
}
