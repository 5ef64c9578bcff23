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
	"github.com/btfkit/btfkit/btf/store"
)

// A toyStore holds one section. Embedding the section gives it the scan that answers by name.
type toyStore struct {
	store.Section
	data string
}

func (t *toyStore) Bytes() string               { return t.data }
func (t *toyStore) Index(s store.Section) error { t.Section = s; return nil }
func (t *toyStore) Names() store.Names          { return store.Names{} } // read the records
func (t *toyStore) Close() error                { return nil }
func (t *toyStore) Info() btf.Info {
	return btf.Info{Backend: "toy", DataBytes: int64(len(t.data))}
}

func (t *toyStore) AppendIDs(dst []btf.TypeID, name string) []btf.TypeID {
	return t.AppendIDsScanning(dst, name)
}

// A toy is the backend of toyStores.
type toy struct{}

func (toy) Name() string { return "toy" }

func (toy) Parse(data []byte, base *btf.Spec) (*btf.Spec, error) {
	return store.Open(&toyStore{data: string(data)}, store.Options{Base: base})
}

func (b toy) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec, err := b.Parse(data, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return spec, nil
}

// In btfkit itself toy{} would stand in bench/backends.go.
func withToy() []btf.Backend { return append(bench.Backends(), toy{}) }

func TestToyPassesSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("the suite takes seconds: run without -short")
	}
	btftest.TestBackend(t, toy{})
}
