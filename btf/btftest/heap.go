package btftest

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// Parse opens raw BTF, a copy of data, in the plainest backend there can be: bytes on the
// heap and no index, so that each lookup by name reads every record. It is what tests
// and examples use that are about BTF and not about a backend, and what other backends
// are compared with.
func Parse(data []byte, base *btf.Spec) (*btf.Spec, error) {
	return btf.Open(&heap{data: string(data)}, btf.Options{Base: base})
}

// Open opens the file of raw BTF at path as Parse does.
func Open(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := btf.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec, err := btf.Open(&heap{data: data}, btf.Options{Base: base})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return spec, nil
}

type heap struct{ data string }

var _ btf.Backend = (*heap)(nil)

func (h *heap) Bytes() string            { return h.data }
func (h *heap) Index(*btf.Section) error { return nil }

func (h *heap) AppendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	return s.AppendIDsScanning(dst, name)
}

func (h *heap) Names(*btf.Section) btf.Names { return btf.Names{} }

func (h *heap) Info() btf.Info {
	return btf.Info{Backend: "plain", DataBytes: int64(len(h.data))}
}

func (h *heap) Close() error {
	h.data = ""
	return nil
}
