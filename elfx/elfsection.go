package elfx

import (
	"fmt"
	"math"

	"github.com/klauspost/compress/zlib"
)

// sectionBytes returns a section's contents, decompressed if need be, and where in the file they
// lie verbatim, or -1.
func (x *extraction) sectionBytes(f *elfFile, name string, s elfSection) ([]byte, int64, error) {
	if !f.in.within(s.off, s.size) {
		return nil, 0, fmt.Errorf("%w: %s section: %d bytes at %#x of a file of %d bytes, truncated?",
			ErrCorrupt, name, s.size, s.off, f.in.size)
	}
	if s.flags&shfCompressed != 0 {
		b, err := x.compressedSection(f, name, s)
		if err != nil {
			return nil, 0, fmt.Errorf("%s section at %#x: %w", name, s.off, err)
		}
		return b, -1, nil
	}
	b, err := x.keep(f.in, name+" section", int64(s.off), int64(s.size))
	return b, f.in.at(int64(s.off)), err
}

// compressedSection decompresses a section that begins with an Elf32_Chdr or Elf64_Chdr.
func (x *extraction) compressedSection(f *elfFile, name string, s elfSection) ([]byte, error) {
	head := uint64(f.layout.chsize)
	if s.size < head {
		return nil, fmt.Errorf("%w: compression header of %d bytes", ErrCorrupt, s.size)
	}
	b, err := x.load(f.in, name+" section", int64(s.off), int64(s.size))
	if err != nil {
		return nil, err
	}
	kind, want := f.order.Uint32(b), f.uword(b[f.layout.chLen:])
	c, ok := sectionCodecs[kind]
	if !ok {
		return nil, fmt.Errorf("%w: compression type %d", ErrUnsupported, kind)
	}
	if want > math.MaxInt64 || int64(want) > x.budget.unpackable() {
		return nil, x.budget.exceeded()
	}
	out, _, err := x.unpack(c, b[head:], int64(want), true)
	if err == nil && uint64(len(out)) != want {
		err = fmt.Errorf("%w: %s stream of %d bytes, its header says %d",
			ErrCorrupt, c.name, len(out), want)
	}
	return out, err
}

// sectionCodecs are the streams that SHF_COMPRESSED knows.
var sectionCodecs = map[uint32]*codec{
	chZlib: {name: "zlib", decode: decodeZlib},
	chZstd: {name: "zstd", decode: decodeZstd},
}

func decodeZlib(s *sink, src []byte, _ bool) (int, error) {
	in := newSource(s.ctx, src)
	z, err := zlib.NewReader(in.Reader)
	if err == nil {
		err = s.readAll(z)
	}
	return len(src) - in.unread(), err
}
