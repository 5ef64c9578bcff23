package elfx

import (
	"fmt"
	"strings"
)

// freeTable is the size up to which section headers and their names do not count as read: those of
// a usual file.
const freeTable = 64 << 10

// elf extracts the sections of an ELF file.
func (x *extraction) elf(in *input, head []byte, search reach) (*Data, error) {
	f, err := newELF(in, head, func(off, n int64) ([]byte, error) {
		if n <= freeTable {
			return in.view(off, n)
		}
		return x.load(in, "section headers", off, n)
	})
	if err != nil {
		x.enter("ELF")
		return nil, err
	}
	leave := x.enter(fmt.Sprintf("ELF%d", 8*f.layout.word))
	s, ok := f.find(".BTF")
	if !ok && f.count() == 0 {
		leave()
		return x.image(in, search)
	}
	if !ok {
		return x.elfWithout(f, search)
	}
	if s.typ == shtNobits {
		return nil, fmt.Errorf("%w: .BTF has no data in this file (SHT_NOBITS, as a debug-only "+
			"copy has): read the vmlinux or module it was made from", ErrNoBTF)
	}
	d := &Data{PointerSize: f.layout.word}
	if d.BTF, d.Offset, err = x.btfSection(f, ".BTF", s); err != nil {
		return nil, err
	}
	if s, ok := f.find(".BTF.base"); ok && s.typ != shtNobits {
		if d.Base, _, err = x.btfSection(f, ".BTF.base", s); err != nil {
			return nil, err
		}
	}
	if s, ok := f.find(".BTF.ext"); ok && s.typ != shtNobits && s.size > 0 {
		if d.Ext, _, err = x.sectionBytes(f, ".BTF.ext", s); err != nil {
			return nil, err
		}
	}
	if err := x.extras(f, d); err != nil {
		return nil, err
	}
	if x.opts.FixDatasec {
		return d, x.fixDatasec(f, d)
	}
	return d, nil
}

// btfSection returns the BTF in a section and where in the file it lies verbatim, or -1.
func (x *extraction) btfSection(f *elfFile, name string, s elfSection) ([]byte, int64, error) {
	b, off, err := x.sectionBytes(f, name, s)
	if err != nil {
		return nil, 0, err
	}
	if len(b) == 0 {
		return nil, 0, fmt.Errorf("%w: %s section at %#x is empty", ErrCorrupt, name, s.off)
	}
	if byteOrder(b) == nil {
		return nil, 0, fmt.Errorf("%w: %s section at %#x begins with % x, no BTF magic",
			ErrCorrupt, name, s.off, b[:min(4, len(b))])
	}
	return b, off, nil
}

// extras takes the sections that hold more BTF, split on that of .BTF.
func (x *extraction) extras(f *elfFile, d *Data) error {
	for i := range f.count() {
		s := f.section(i)
		name, ok := strings.CutPrefix(f.nameOf(s), ".BTF.")
		if !ok || name == "base" || name == "ext" || s.typ == shtNobits || s.size == 0 {
			continue
		}
		if d.Extra[name] != nil || len(d.Extra) == maxExtras {
			return fmt.Errorf("%w: section %d, .BTF.%s: there is one, or %d others",
				ErrCorrupt, i, name, maxExtras)
		}
		b, _, err := x.btfSection(f, ".BTF."+name, s)
		if err != nil {
			return err
		}
		if d.Extra == nil {
			d.Extra = make(map[string][]byte)
		}
		d.Extra[name] = b
	}
	return nil
}

// wrappedKernel is the section of ppc64's zImage that holds the compressed kernel.
const wrappedKernel = ".kernel:vmlinux.strip"

// elfWithout answers for an ELF file without .BTF: one that wraps a compressed kernel, as ppc64's
// zImage and MIPS's vmlinuz do, a kernel that keeps its BTF compressed, or one to refuse.
func (x *extraction) elfWithout(f *elfFile, search reach) (*Data, error) {
	if s, ok := f.find(wrappedKernel); ok && s.typ != shtNobits {
		b, _, err := x.sectionBytes(f, wrappedKernel, s)
		if err != nil {
			return nil, err
		}
		return x.payload(unpacked(b), false)
	}
	if d, err := x.searchSections(f, search); d != nil || err != nil {
		return d, err
	}
	hint := "the file was built without BTF"
	if _, ok := f.find(".debug_info"); ok {
		hint = "it has DWARF, from which pahole -J makes BTF"
	}
	return nil, fmt.Errorf("%w: no .BTF among %d sections: %s", ErrNoBTF, f.count(), hint)
}

// searchSections looks for compressed streams with BTF in the sections that a program has in
// memory. It returns nothing if there are none. Sections may overlap: what it looks at is bounded.
func (x *extraction) searchSections(f *elfFile, search reach) (*Data, error) {
	left := uint64(f.in.size)
	for i := range f.count() {
		s := f.section(i)
		if s.typ != shtProgbits || s.flags&shfAlloc == 0 || s.flags&shfCompressed != 0 ||
			s.size > left || s.size > uint64(x.budget.size) || !f.in.within(s.off, s.size) {
			continue
		}
		left -= s.size
		b, err := x.load(f.in, "section", int64(s.off), int64(s.size))
		if err != nil {
			return nil, err
		}
		var found finds
		in := &input{size: int64(len(b)), mem: b, origin: -1}
		if err := x.findStreams(in, search, false, &found); err != nil {
			return nil, err
		}
		if found.data != nil {
			x.trail = found.trail
			return found.data, nil
		}
	}
	return nil, nil
}
