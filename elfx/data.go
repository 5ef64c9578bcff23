package elfx

import (
	"encoding/binary"
)

// Data is the BTF that one file holds.
type Data struct {
	// BTF is the blob itself, ready for a backend's Parse. After [ExtractBytes] it may be a part
	// of the bytes given; otherwise it belongs to the caller alone.
	BTF []byte
	// Base is the .BTF.base section of a module with a distilled base, else nil. BTF is then
	// split from Base and not from the kernel's BTF.
	Base []byte
	// Ext is the .BTF.ext section, else nil.
	Ext []byte
	// Extra holds the other sections called .BTF.NAME, by NAME: "inline" for .BTF.inline. Each is
	// split from the field BTF. It is nil if there are none.
	Extra map[string][]byte
	// Format names the containers around the BTF, outermost first, such as "raw", "xz/ELF64" or
	// "bzImage/zstd/ELF64".
	Format string
	// Offset is where BTF lies in the file, in bytes; -1 if it was unpacked or changed.
	Offset int64
	// ByteOrder is the byte order of BTF, as its magic number tells it.
	ByteOrder binary.ByteOrder
	// PointerSize is the size of a pointer in bytes, 4 or 8, as the class of the ELF file tells
	// it; 0 if there was no ELF file around the BTF. BTF itself does not state it. A [btf.Spec]
	// does not get this value: as libbpf does, it takes the size of the type "long" in the BTF.
	PointerSize int
	// Others are the places of further BTF in a kernel image that had to be searched: at most 15,
	// in ascending order, none larger than BTF; nil if there are none. Offsets count from the
	// start of the innermost container.
	Others []Place
}

// Place is a part of a file or of what a file unpacks to.
type Place struct {
	Offset, Size int64
}
