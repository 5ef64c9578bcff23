// Package kernel embeds the BTF of one real kernel, so that a program can be tried or measured
// where no kernel offers its own. It is Debian's linux 7.2.13 for amd64, whose types are sorted by
// name, the anonymous ones first.
//
// It is apart from package corpus because an importer pays for it in the size of its binary: 2.4 MB
// here, several times that there. The data is the kernel's, not this project's. Its licence is in
// LICENSE-vmlinux.txt beside it.
package kernel

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/corpus/internal/packed"
)

// What is embedded, and where it came from. The bytes are the .BTF section of the ELF file inside
// the vmlinuz of Debian's package linux-binary-7.2.13+deb14-amd64.
const (
	// Name is the blob's name in package corpus.
	Name = "deb-7.2-amd64/vmlinux"
	// Version is the version of the Debian package that holds the kernel.
	Version = "7.2.13-1"
	// Arch is Debian's name of the kernel's architecture.
	Arch = "amd64"
	// SHA256 is the hexadecimal sum of the bytes that [Bytes] returns.
	SHA256 = "8f61b70f8990384438069ae844dbd98dcc071518a2835989e0407135ae1d4bf7"
	// Size is the number of bytes that [Bytes] returns.
	Size = 5_440_252
)

// The data is embedded as a string: it then lies in the binary's read-only pages, of which the
// system can take back what nobody reads.
//
//go:embed vmlinux.btf.lz4
var compressed string

// Bytes returns the kernel's raw BTF, little-endian, in a slice of exactly [Size] bytes.
//
// The first call decompresses and checks the sum. It takes some 10 ms, and allocates Size bytes
// beside the decompressor's buffers. Later calls return the same slice, which stays reachable for
// the life of the process and must not be modified. An error means a damaged binary. Bytes may be
// called concurrently.
func Bytes() ([]byte, error) { return unpack() }

var unpack = sync.OnceValues(func() ([]byte, error) {
	raw, err := packed.Unpack(strings.NewReader(compressed), Size, SHA256)
	if err != nil {
		return nil, fmt.Errorf("embedded BTF %s: %w", Name, err)
	}
	return raw, nil
})
