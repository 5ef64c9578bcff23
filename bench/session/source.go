package session

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/bench/internal/row"
	"github.com/btfkit/btfkit/bench/results"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/modules"
	"github.com/btfkit/btfkit/elfx"
)

// A Source is raw BTF in a file, ready for every subject. A [Workspace] makes them.
type Source struct {
	results.Source
	// Path is the file of raw BTF, or the folder of such files if the source is a kernel with its
	// modules. It is the user's, or a temporary one.
	Path string

	base       *Source // what the BTF is split from, or nil; the kernel of a collection
	collection bool    // a kernel with its modules
}

// splitFrom makes a source split BTF on a base, unless that is nil.
func (s *Source) splitFrom(base *Source) {
	if base != nil {
		s.base, s.Base = base, base.Name
	}
}

// open opens a source for the driver's own use.
func (s *Source) open() (*btf.Spec, error) {
	b, err := bench.Select("default")
	if err != nil {
		return nil, err
	}
	var base *btf.Spec
	if s.base != nil {
		if base, err = s.base.open(); err != nil {
			return nil, err
		}
		defer base.Close()
	}
	return b[0].Open(s.Path, base)
}

// openCollection opens a kernel with its modules for the driver's own use.
func (s *Source) openCollection() (*modules.Collection, error) {
	b, err := bench.Select("default")
	if err != nil {
		return nil, err
	}
	options := elfx.CollectionOptions{Kernel: b[0]}
	return elfx.Dir(context.Background(), s.Path, filepath.Base(s.base.Path), options)
}

// weight is a source's part of the time: synthetic ones show a tendency and need less.
func (s *Source) weight() float64 {
	if s.Growth {
		return 1
	}
	return 8
}

// resultName makes the last element of a path fit for the name of a result.
func resultName(path string) string {
	return strings.Map(func(r rune) rune {
		if row.Ends(r) || r == '=' {
			return '_'
		}
		return r
	}, filepath.Base(path))
}
