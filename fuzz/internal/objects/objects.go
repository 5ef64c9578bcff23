// Package objects holds the BTF of real BPF objects with their relocations: those of Debian's
// libbpf-tools 0.26.0, which cmd/objects collected.
package objects

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

//go:embed testdata/libbpf-tools-0.26.0.tar.gz
var archive []byte

// An Object is the BTF of a BPF object, with its .BTF.ext.
type Object struct {
	Name     string
	BTF, Ext []byte
}

// All returns every object, in the order of the archive. The archive is part of the program, so
// that a fuzz target finds it in whatever folder it runs.
func All() (all []Object, err error) {
	zip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(zip); ; {
		header, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		name, isBTF := strings.CutSuffix(header.Name, ".btf")
		switch {
		case isBTF:
			all = append(all, Object{Name: name, BTF: data})
		case len(all) > 0:
			all[len(all)-1].Ext = data
		default:
			return nil, fmt.Errorf("%s comes before any .btf", header.Name)
		}
	}
}
