package session_test

// A backend in as few lines as a useful one can have: bytes on the heap and no index. It passes the
// suite that all backends pass, and the benchmark measures it beside them. See CONTRIBUTING.md.

import (
	"fmt"
	"os"
	"testing"

	"github.com/btfkit/btfkit/bench"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

type toy struct{ data string }

func (t *toy) Bytes() string                { return t.data }
func (t *toy) Index(*btf.Section) error     { return nil }
func (t *toy) Names(*btf.Section) btf.Names { return btf.Names{} } // read the records
func (t *toy) Close() error                 { return nil }
func (t *toy) Info() btf.Info {
	return btf.Info{Backend: "toy", DataBytes: int64(len(t.data))}
}

func (t *toy) AppendIDs(dst []btf.ID, s *btf.Section, name string) []btf.ID {
	return s.AppendIDsScanning(dst, name)
}

func parseToy(data []byte, base *btf.Spec) (*btf.Spec, error) {
	return btf.Open(&toy{string(data)}, btf.Options{Base: base})
}

func openToy(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec, err := parseToy(data, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return spec, nil
}

// In btfkit itself this entry would stand in bench/backends.go.
func withToy() []bench.Backend {
	return append(bench.Backends(), bench.Backend{
		Name: "toy", About: "no index at all", Open: openToy, Parse: parseToy,
	})
}

func TestToyPassesSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("the suite takes seconds: run without -short")
	}
	btftest.TestBackend(t, btftest.Backend{Name: "toy", Open: openToy, Parse: parseToy})
}
