package corpus

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/corpus/internal/manifest"
	"github.com/btfkit/btfkit/corpus/internal/packed"
	"github.com/btfkit/btfkit/corpus/kernel"
)

// dirEnv names the environment variable that holds a folder of further BTF files.
const dirEnv = "BTFKIT_CORPUS"

//go:embed manifest.json
var manifestJSON []byte

//go:embed data
var data embed.FS

var errNoSource = errors.New("corpus: a Blob that All or Find did not return")

// load reads the manifest and lists the folder of BTFKIT_CORPUS, once.
var load = sync.OnceValue(read)

// read panics if the manifest does not parse. Such a manifest cannot be shipped, since the tests
// of this package read it.
func read() []Blob {
	all, err := manifest.Decode[Blob](manifestJSON)
	if err != nil {
		panic(err)
	}
	for i, b := range all {
		all[i].source = newSource(embedded(b))
	}
	if dir := os.Getenv(dirEnv); dir != "" {
		all = append(all, localBlobs(dir)...)
	}
	slices.SortFunc(all, byName)
	return all
}

func byName(a, b Blob) int { return strings.Compare(a.Name, b.Name) }

// embedded returns how to read a committed blob.
func embedded(b Blob) func() ([]byte, error) {
	if b.Name == kernel.Name {
		return kernel.Bytes // embedded there, not twice
	}
	return func() ([]byte, error) {
		f, err := data.Open(manifest.DataPath(b.Name))
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
