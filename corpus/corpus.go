// Package corpus holds BTF to test on: that of real kernels and their modules, of compilers and
// of pahole, each with its origin, plus whatever lies in the folder that the environment variable
// BTFKIT_CORPUS names.
//
// Importing it adds some 12 MB to a binary. A program that wants one kernel imports
// [github.com/btfkit/btfkit/corpus/kernel] instead. Packages beside this one make BTF that no
// compiler makes: mutate (damaged), malformed (wrong on purpose) and synth (of any size).
//
// The blobs are type information of the Linux kernel and of this project's own sources; the file
// data/LICENSE.txt states their licences.
package corpus

import (
	"slices"
	"strings"
	"sync"
)

// SmallSize is the greatest size in bytes of a blob that [Small] returns: 64 KiB. It is the size
// up to which a blob serves as a seed for fuzzing and can be mutated exhaustively.
const SmallSize = 64 << 10

// A Blob is one section of raw BTF with what is known about it. Blobs are values: copies share
// the decompressed bytes. For blobs of BTFKIT_CORPUS only Name, BaseName, Path, Size and
// BigEndian are set.
type Blob struct {
	// Name is unique, such as "deb-7.2-amd64/vmlinux": a group, which is one kernel or one kind
	// of origin, and the name in the group.
	Name string `json:"name"`
	// BaseName is the Name of the blob that this one is split from; empty if it stands alone.
	BaseName string `json:"base,omitempty"`

	// Package and Version name the Debian package that held the bytes, or the compiler's. They
	// are empty for what this project makes itself (the group "made").
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	// Arch is Debian's name of the architecture, or the compiler's target.
	Arch string `json:"arch"`
	// Path is the file that the bytes were extracted from: in the package for a kernel's, in this
	// folder for an object's, and the full path for a blob of BTFKIT_CORPUS.
	Path string `json:"path,omitempty"`
	// Section is the ELF section that held the bytes, if there was one.
	Section string `json:"section,omitempty"`
	// How says how the bytes were got out of Path, outermost container first, or by which
	// command they were made.
	How string `json:"how"`

	// Size is the number of bytes that Bytes returns, and SHA256 their sum in hexadecimal.
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
	// Sorted reports whether the names of the own types never decrease by ascending id, as
	// kernels from 7.0 promise, with at least two types and one name.
	Sorted bool `json:"sorted"`
	// Features lists in alphabetical order what the blob has that not every blob has: kinds,
	// such as "ENUM64", and forms, such as "bitfield" or "layout".
	Features []string `json:"features,omitempty"`
}

// Has reports whether feature is among f.Features.
func (f Facts) Has(feature string) bool { return slices.Contains(f.Features, feature) }

// All returns every blob, sorted by name: a base comes in no particular place relative to its
// splits. The slice is the caller's. Nothing is decompressed.
//
// What lies in the folder BTFKIT_CORPUS is included under names that start with "local/". A file
// there that cannot be read, and the folder itself if it cannot be, is a blob whose Bytes says so.
func All() []Blob { return slices.Clone(load()) }

// Small returns the blobs of All that have at most [SmallSize] bytes, whatever their bases' size.
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

// Bytes returns the raw BTF, of Size bytes. The first call decompresses it and checks its sum;
// later calls, of copies of b too, return the same slice, which stays reachable for the life of
// the process and must not be modified. An error means damaged data, or for a blob of
// BTFKIT_CORPUS that the file is not raw BTF. Bytes may be called concurrently.
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
