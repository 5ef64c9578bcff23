package elfx

import (
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zlib"
)

// elf extracts the sections of an ELF file.
func (x *extraction) elf(in *input, head []byte, search bool) (*Data, error) {
	f, err := newELF(in, head)
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
		return x.elfWithout(f)
	}
	if s.typ == shtNobits {
		return nil, fmt.Errorf("%w: .BTF has no data in this file (SHT_NOBITS, as a debug-only "+
			"copy has): read the vmlinux or module it was made from", ErrNoBTF)
	}
	d := &Data{PointerSize: f.layout.word}
	if d.BTF, d.Offset, err = x.sectionBytes(f, ".BTF", s); err != nil {
		return nil, err
	}
	if byteOrder(d.BTF) == nil {
		return nil, fmt.Errorf("%w: .BTF section at %#x begins with % x, no BTF magic",
			ErrCorrupt, s.off, d.BTF[:min(4, len(d.BTF))])
	}
	if d.Base, err = x.optional(f, ".BTF.base"); err != nil {
		return nil, err
	}
	if d.Ext, err = x.optional(f, ".BTF.ext"); err != nil {
		return nil, err
	}
	return d, nil
}

// optional returns the contents of a section that need not exist.
func (x *extraction) optional(f *elfFile, name string) ([]byte, error) {
	s, ok := f.find(name)
	if !ok || s.typ == shtNobits {
		return nil, nil
	}
	b, _, err := x.sectionBytes(f, name, s)
	return b, err
}

// wrappedKernel is the section of ppc64's zImage that holds the compressed kernel.
const wrappedKernel = ".kernel:vmlinux.strip"

// elfWithout answers for an ELF file without .BTF: one that wraps a compressed kernel, as ppc64's
// zImage does, or one to refuse.
func (x *extraction) elfWithout(f *elfFile) (*Data, error) {
	if s, ok := f.find(wrappedKernel); ok && s.typ != shtNobits {
		b, _, err := x.sectionBytes(f, wrappedKernel, s)
		if err != nil {
			return nil, err
		}
		return x.payload(unpacked(b), false)
	}
	hint := "the file was built without BTF"
	if _, ok := f.find(".debug_info"); ok {
		hint = "it has DWARF, from which pahole -J makes BTF"
	}
	return nil, fmt.Errorf("%w: no .BTF among %d sections: %s", ErrNoBTF, f.count(), hint)
}

// sectionBytes returns a section's contents, decompressed if need be, and where in the file they
// lie verbatim, or -1.
func (x *extraction) sectionBytes(f *elfFile, name string, s elfSection) ([]byte, int64, error) {
	if !f.in.within(s.off, s.size) {
		return nil, 0, fmt.Errorf("%w: %s section: %d bytes at %#x of a file of %d bytes, truncated?",
			ErrCorrupt, name, s.size, s.off, f.in.size)
	}
	if s.flags&shfCompressed != 0 {
		b, err := x.compressedSection(f, s)
		if err != nil {
			return nil, 0, fmt.Errorf("%s section at %#x: %w", name, s.off, err)
		}
		return b, -1, nil
	}
	if err := x.budget.checkRead(name+" section", int64(s.size)); err != nil {
		return nil, 0, err
	}
	b, err := f.in.keep(int64(s.off), int64(s.size))
	return b, f.in.at(int64(s.off)), err
}

// sectionCodecs are the streams that SHF_COMPRESSED knows.
var sectionCodecs = map[uint32]*codec{
	chZlib: {name: "zlib", open: func(r io.Reader, _ *budget, _ bool) (io.Reader, error) {
		return zlib.NewReader(r)
	}},
	chZstd: {name: "zstd", open: openZstd},
}

// compressedSection decompresses a section that begins with an Elf32_Chdr or Elf64_Chdr.
func (x *extraction) compressedSection(f *elfFile, s elfSection) ([]byte, error) {
	if s.size < uint64(f.layout.chsize) {
		return nil, fmt.Errorf("%w: compression header of %d bytes", ErrCorrupt, s.size)
	}
	b, err := f.in.view(int64(s.off), int64(f.layout.chsize))
	if err != nil {
		return nil, err
	}
	kind, want := f.order.Uint32(b), f.uword(b[f.layout.chLen:])
	c := sectionCodecs[kind]
	if c == nil {
		return nil, fmt.Errorf("%w: compression type %d", ErrUnsupported, kind)
	}
	if want > math.MaxInt64 || int64(want) > x.budget.left {
		return nil, x.budget.exceeded()
	}
	packed := int64(s.size) - int64(f.layout.chsize)
	src := &source{ctx: x.ctx, r: f.in.reader(int64(s.off)+int64(f.layout.chsize), packed)}
	out, err := x.inflate(c, src, min(int64(want), growth*packed), false)
	if src.err != nil {
		return nil, src.err
	}
	if err != nil {
		return nil, err
	}
	if uint64(len(out)) != want {
		return nil, fmt.Errorf("%w: %s stream of %d bytes, its header says %d",
			ErrCorrupt, c.name, len(out), want)
	}
	return out, nil
}
