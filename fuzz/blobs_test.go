package fuzz

import (
	"os"
	"slices"
	"sync"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// tb is what the functions that tests and targets share want of a testing.TB. It is an interface
// of its own since engines other than the go command's bring types of their own; see oss-fuzz.
type tb interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A blob is BTF that the tests read, with what it is split from.
type blob struct {
	name string
	data []byte
	base *blob

	once   sync.Once
	parsed *naive.Blob
}

// open opens b and its bases in one backend until the test ends.
func (b *blob) open(t tb, backend btf.Backend) *btf.Spec {
	t.Helper()
	var base *btf.Spec
	if b.base != nil {
		base = b.base.open(t, backend)
	}
	spec, err := backend.Parse(b.data, base)
	if err != nil {
		t.Fatalf("%s in %s: %v", b.name, backend.Name(), err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

// openBase opens the base of b, or returns nil if it has none.
func (b *blob) openBase(t tb, backend btf.Backend) *btf.Spec {
	if b.base == nil {
		return nil
	}
	return b.base.open(t, backend)
}

// oracle decodes b and its bases with package naive, once.
func (b *blob) oracle(t tb) *naive.Blob {
	t.Helper()
	base := b.oracleBase(t)
	b.once.Do(func() {
		n, fault := naive.Parse(b.data, base)
		if fault != nil {
			t.Fatalf("%s in the oracle: %v", b.name, fault)
		}
		b.parsed = n
	})
	return b.parsed
}

func (b *blob) oracleBase(t tb) *naive.Blob {
	t.Helper()
	if b.base == nil {
		return nil
	}
	return b.base.oracle(t)
}

// allBlobs returns the whole corpus, what BTFKIT_CORPUS names included, and the running
// kernel.
func allBlobs(t tb) []*blob {
	t.Helper()
	all, err := loadBlobs()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// smallBlobs returns the blobs that can be looked at byte by byte.
func smallBlobs(t tb) []*blob {
	return slices.DeleteFunc(slices.Clone(allBlobs(t)), func(b *blob) bool {
		return len(b.data) > corpus.SmallSize
	})
}

// findBlob returns the blob of that name.
func findBlob(t tb, name string) *blob {
	t.Helper()
	all := allBlobs(t)
	i := slices.IndexFunc(all, func(b *blob) bool { return b.name == name })
	if i < 0 {
		t.Fatalf("no blob %s", name)
	}
	return all[i]
}

const running = "/sys/kernel/btf/vmlinux"

var loadBlobs = sync.OnceValues(func() ([]*blob, error) {
	var all []*blob
	byName := map[string]*blob{}
	for _, c := range corpus.All() {
		data, err := c.Bytes()
		if err != nil {
			return nil, err
		}
		b := &blob{name: c.Name, data: data}
		byName[c.Name] = b
		all = append(all, b)
	}
	for _, c := range corpus.All() {
		byName[c.Name].base = byName[c.BaseName]
	}
	if data, err := os.ReadFile(running); err == nil {
		all = append(all, &blob{name: "running-kernel", data: data})
	}
	return all, nil
})
