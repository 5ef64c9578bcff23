// Package corpus holds BTF for tests: of real kernels and their modules, and of objects that
// compilers and pahole wrote. Each blob says where it is from. The environment variable
// BTFKIT_CORPUS may name a folder of more.
//
// The package adds some 11 MB to a binary. A program that wants one kernel imports
// [github.com/btfkit/btfkit/corpus/kernel] instead. Packages beside this one make BTF that no
// compiler makes: mutate damages it, malformed is wrong on purpose, synth makes any size.
//
// The blobs describe the types of the Linux kernel and of this project's own sources. The file
// data/LICENSE.txt states their licences.
package corpus

import (
	"slices"
	"strings"
	"sync"
)

// SmallSize is the greatest size in bytes of a blob that [Small] returns. Blobs of that size can
// still be mutated byte by byte, and be seeds of a fuzzer.
const SmallSize = 64 << 10

// A Blob is one section of raw BTF, with what is known about it. Blobs are values; copies share
// the decompressed bytes. A blob of BTFKIT_CORPUS has its Name, BaseName, Path, How, Size and
// BigEndian alone.
type Blob struct {
	// Name is unique, such as "deb-7.2-amd64/vmlinux": a group, which is one kernel or one kind
	// of origin, and the name in the group.
	Name string `json:"name"`
	// BaseName is the Name of the blob that this one is split from; empty if it stands alone.
	BaseName string `json:"base,omitempty"`

	// Package and Version name the Debian package that held the bytes, or the package of the
	// compiler that wrote them.
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	// Arch is Debian's name of the architecture, or the compiler's target.
	Arch string `json:"arch"`
	// Path is the file that held the bytes: in the package for a kernel's, in this folder for an
	// object's. For a blob of BTFKIT_CORPUS it is the full path.
	Path string `json:"path,omitempty"`
	// Section is the ELF section that held the bytes, if there was one.
	Section string `json:"section,omitempty"`
	// How says how the bytes were got out of Path: the containers around them, the outermost
	// first.
	How string `json:"how"`

	// Size is the number of bytes that Bytes returns. SHA256 is their sum in hexadecimal.
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
	// CompressedSize and CompressedSHA256 describe the LZ4 frame that is committed.
	CompressedSize   int    `json:"compressed_size"`
	CompressedSHA256 string `json:"compressed_sha256"`

	Facts

	source *source
}

// Facts is what the bytes of a blob say about themselves.
type Facts struct {
	// BigEndian is the byte order.
	BigEndian bool `json:"big_endian"`
	// Types counts the blob's own types: neither void nor a base's.
	Types int `json:"types"`
	// Strings counts the blob's own strings, an empty first one included.
	Strings int `json:"strings"`
	// Sorted reports whether the names of the own types never decrease as their ids rise, which
	// kernels promise from 7.0 on. It is false for less than two types, and without any name.
	Sorted bool `json:"sorted"`
	// Features lists, in alphabetical order, what not every blob has: kinds, such as "ENUM64", and
	// forms, such as "bitfield" or "variadic".
	Features []string `json:"features,omitempty"`
}

// Has reports whether feature is among f.Features.
func (f Facts) Has(feature string) bool { return slices.Contains(f.Features, feature) }

// All returns every blob, sorted by name, so that a base may come behind its splits. The slice is
// the caller's. Nothing is decompressed.
//
// Files in the folder that BTFKIT_CORPUS names are blobs whose names start with "local/". If a file
// there, or the folder itself, cannot be read, it is a blob whose Bytes returns the error.
func All() []Blob { return slices.Clone(load()) }

// Small returns the blobs of All that have at most [SmallSize] bytes. Their bases may be larger.
func Small() []Blob {
	return slices.DeleteFunc(All(), func(b Blob) bool { return b.Size > SmallSize })
}

// Find returns the blob with the name; ok is false if there is none.
func Find(name string) (b Blob, ok bool) {
	all := load()
	i, ok := slices.BinarySearchFunc(all, name, func(b Blob, name string) int {
		return strings.Compare(b.Name, name)
	})
	if !ok {
		return Blob{}, false
	}
	return all[i], true
}

// Base returns the blob that b is split from; ok is false if b stands alone.
func (b Blob) Base() (base Blob, ok bool) {
	if b.BaseName == "" {
		return Blob{}, false
	}
	return Find(b.BaseName)
}

// Bytes returns the raw BTF, of Size bytes. The first call decompresses it and checks its sum.
// Later calls, of copies of b too, return the same slice. It stays reachable for the life of the
// process and must not be modified. An error means that the data is damaged, or that a file of
// BTFKIT_CORPUS is not raw BTF. Bytes may be called concurrently.
func (b Blob) Bytes() ([]byte, error) {
	if b.source == nil {
		return nil, errNoSource
	}
	return b.source.bytes()
}

// source gets the bytes of one blob, once.
type source struct {
	bytes func() ([]byte, error)
}

func newSource(read func() ([]byte, error)) *source {
	return &source{bytes: sync.OnceValues(read)}
}
