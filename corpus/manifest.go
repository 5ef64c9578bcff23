package corpus

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/corpus/internal/packed"
	"github.com/btfkit/btfkit/corpus/kernel"
)

// DirEnv names the environment variable that holds a folder of further BTF files.
const DirEnv = "BTFKIT_CORPUS"

//go:embed manifest.json
var manifestJSON []byte

//go:embed data
var data embed.FS

var errNoSource = errors.New("corpus: a Blob that All or Find did not return")

// Manifest is the form of the file manifest.json: one entry for each committed blob, sorted by
// name. It is written by the corpus command.
type Manifest struct {
	Blobs []Blob `json:"blobs"`
}

// ParseManifest decodes a manifest and refuses fields that it does not know. Its blobs have no
// bytes.
func ParseManifest(text []byte) (*Manifest, error) {
	m := new(Manifest)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("corpus manifest: %w", err)
	}
	return m, nil
}

// Encode returns the text of the manifest, its blobs sorted by name.
func (m *Manifest) Encode() ([]byte, error) {
	slices.SortFunc(m.Blobs, byName)
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, fmt.Errorf("corpus manifest: %w", err)
	}
	return append(text, '\n'), nil
}

func byName(a, b Blob) int { return strings.Compare(a.Name, b.Name) }

// DataPath returns where the LZ4 frame of the blob named name lies, relative to the module's
// folder.
func DataPath(name string) string {
	if name == kernel.Name {
		return "kernel/vmlinux.btf.lz4"
	}
	return "data/" + name + ".btf.lz4"
}

type loaded struct {
	all []Blob
}

// load reads the manifest and the folder of BTFKIT_CORPUS once. A manifest that does not parse
// cannot be shipped, since the tests of this package read it; it is the one cause of a panic.
var load = sync.OnceValue(read)

func read() *loaded {
	m, err := ParseManifest(manifestJSON)
	if err != nil {
		panic(err)
	}
	for i := range m.Blobs {
		b := &m.Blobs[i]
		b.source = newSource(embedded(*b))
	}
	all := m.Blobs
	if dir := os.Getenv(DirEnv); dir != "" {
		all = append(all, localBlobs(dir)...)
	}
	slices.SortFunc(all, byName)
	return &loaded{all: all}
}

// embedded returns how to read a committed blob.
func embedded(b Blob) func() ([]byte, error) {
	if b.Name == kernel.Name {
		return kernel.Bytes // embedded there, not twice
	}
	return func() ([]byte, error) {
		f, err := data.Open(DataPath(b.Name))
		if err != nil {
			return nil, fmt.Errorf("corpus: %s: %w", b.Name, err)
		}
		defer f.Close()
		raw, err := packed.Unpack(f, b.Size, b.SHA256)
		if err != nil {
			return nil, fmt.Errorf("corpus: %s: %w", b.Name, err)
		}
		return raw, nil
	}
}
