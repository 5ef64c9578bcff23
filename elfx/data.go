package elfx

import (
	"encoding/binary"
)

// Data is the BTF that one file holds.
type Data struct {
	// BTF is the blob itself, ready for a backend's Parse. Of bytes given to [ExtractBytes] it may be
	// a part, otherwise it belongs to the caller alone.
	BTF []byte
	// Base is the .BTF.base section of a module with a distilled base, else nil. BTF is then
	// split on Base and not on the kernel's BTF.
	Base []byte
	// Ext is the .BTF.ext section, else nil.
	Ext []byte
	// Extra holds the other sections called .BTF.NAME, by NAME: "inline" for .BTF.inline. Each is
	// BTF that is split on BTF. It is nil if there are none.
	Extra map[string][]byte
	// Format names the containers around the BTF, outermost first, such as "raw", "xz/ELF64" or
	// "bzImage/zstd/ELF64".
	Format string
	// Offset is where in the file BTF lies verbatim, or -1 if it was unpacked.
	Offset int64
	// ByteOrder is the byte order of BTF, as its magic number tells it.
	ByteOrder binary.ByteOrder
	// PointerSize is the size of a pointer in bytes, 4 or 8, as the class of the ELF file tells
	// it; 0 if there was no ELF file around the BTF. BTF itself does not state it, and nothing
	// here hands it to the Backend: a [btf.Spec] takes it from the BTF alone, as libbpf does, from
	// the size of the type "long".
	PointerSize int
	// Others are places of more BTF, none of it larger than BTF, in a kernel image that had to be
	// searched: at most 15, in order, or nil. They count from the start of the innermost container.
	Others []Place
}

// Place is a part of a file or of what a file unpacks to.
type Place struct {
	Offset, Size int64
}
