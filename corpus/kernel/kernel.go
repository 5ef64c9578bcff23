// Package kernel embeds the BTF of one real kernel, so that a program can be tried or measured
// where no kernel offers its own: Debian's linux 7.2.13 for amd64, whose types are sorted by
// name (anonymous ones first).
//
// It is apart from package corpus because an importer pays for it in the size of its binary:
// [CompressedSize] bytes here, several times that there. The data is the kernel's, not this
// project's; LICENSE-vmlinux.txt beside it states its licence.
package kernel

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/corpus/internal/packed"
)

// What is embedded, and where it came from. The blob is the .BTF section of the ELF file inside
// the package's vmlinuz, byte for byte.
const (
	// Name is the blob's name in package corpus.
	Name = "deb-7.2-amd64/vmlinux"
	// Package is the Debian package that holds the kernel image.
	Package = "linux-binary-7.2.13+deb14-amd64"
	// Version is that package's version.
	Version = "7.2.13-1"
	// Arch is Debian's name of the kernel's architecture.
	Arch = "amd64"
	// SHA256 is the hexadecimal sum of the bytes that [Bytes] returns.
	SHA256 = "8f61b70f8990384438069ae844dbd98dcc071518a2835989e0407135ae1d4bf7"
	// Size is the number of bytes that [Bytes] returns.
	Size = 5_440_252
	// CompressedSize is the number of bytes that importing this package adds to a binary.
	CompressedSize = 2_371_319
	// CompressedSHA256 is the hexadecimal sum of what [Compressed] returns.
	CompressedSHA256 = "243f954706490ebf9c9313308b1e6c580ad6a670ca961ace94dbee9b54965b66"
)

// The data is embedded as a string: it then lies in the binary's read-only pages, of which the
// system can take back what nobody reads.
//
//go:embed vmlinux.btf.lz4
var compressed string

// Compressed returns the embedded LZ4 frame. It costs nothing.
func Compressed() string { return compressed }

// Bytes returns the kernel's raw BTF, little-endian, in a slice of exactly [Size] bytes.
//
// The first call decompresses and checks the sum, which takes some 10 ms and one allocation of
// Size bytes beside the decompressor's buffers; later calls return the same slice, which stays
// reachable for the life of the process and must not be modified. An error means a damaged
// binary. Bytes may be called concurrently.
func Bytes() ([]byte, error) { return unpack() }

var unpack = sync.OnceValues(func() ([]byte, error) {
	raw, err := packed.Unpack(strings.NewReader(compressed), Size, SHA256)
	if err != nil {
		return nil, fmt.Errorf("embedded BTF %s: %w", Name, err)
	}
	return raw, nil
})
