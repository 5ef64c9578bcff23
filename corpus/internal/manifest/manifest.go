// Package manifest reads and writes manifest.json, which describes the committed blobs, and knows
// where their bytes lie. Package corpus and the corpus command share it. Its functions take the
// type of a blob as a parameter, since that type belongs to package corpus, which imports this one.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/btfkit/btfkit/corpus/kernel"
)

// file is the form of manifest.json.
type file[Blob any] struct {
	Blobs []Blob `json:"blobs"`
}

// Decode reads the text of a manifest and refuses fields that it does not know.
func Decode[Blob any](text []byte) ([]Blob, error) {
	var f file[Blob]
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("corpus manifest: %w", err)
	}
	return f.Blobs, nil
}

// Encode returns the text of the manifest of blobs, in the order given.
func Encode[Blob any](blobs []Blob) ([]byte, error) {
	text, err := json.MarshalIndent(file[Blob]{blobs}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("corpus manifest: %w", err)
	}
	return append(text, '\n'), nil
}

// DataPath returns where the LZ4 frame of the blob named name lies, relative to the module's
// folder.
func DataPath(name string) string {
	if name == kernel.Name {
		return "kernel/vmlinux.btf.lz4"
	}
	return "data/" + name + ".btf.lz4"
}
