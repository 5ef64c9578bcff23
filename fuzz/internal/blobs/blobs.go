// Package blobs lists the BTF that fuzz targets and tests read: the corpus, what BTFKIT_CORPUS
// adds to it, the running kernel's, and the synthetic blobs of package btftest.
package blobs

import (
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// TB is the part of testing.TB that this package needs. It is an interface of its own because
// other fuzz engines than the go command's bring types of their own; see oss-fuzz.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Skip(args ...any)
}

// A Blob is one section of BTF. Nothing is read before its bytes are asked for.
type Blob struct {
	// Name is that in the corpus, or "btftest/" and that in package btftest.
	Name string
	// Base is what the blob is split from; nil if it stands alone.
	Base *Blob

	// Size is the number of bytes that Read returns.
	Size int
	// Read returns the raw BTF, which must not be changed.
	Read func() ([]byte, error)

	once   sync.Once
	parsed *naive.Blob
}

// IsSynthetic reports whether the blob is one of package btftest.
func (b *Blob) IsSynthetic() bool { return strings.HasPrefix(b.Name, "btftest/") }

// Bytes is Read for those who have a test to end.
func (b *Blob) Bytes(t TB) []byte {
	t.Helper()
	data, err := b.Read()
	if err != nil {
		t.Fatalf("%s: %v", b.Name, err)
	}
	return data
}

// Open opens b and its bases in one backend until the test ends.
func (b *Blob) Open(t TB, backend btf.Backend) *btf.Spec {
	t.Helper()
	spec, err := backend.Parse(b.Bytes(t), b.OpenBase(t, backend))
	if err != nil {
		t.Fatalf("%s in %s: %v", b.Name, backend.Name(), err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

// OpenBase opens the base of b, or returns nil if it has none.
func (b *Blob) OpenBase(t TB, backend btf.Backend) *btf.Spec {
	t.Helper()
	if b.Base == nil {
		return nil
	}
	return b.Base.Open(t, backend)
}

// Oracle returns what package naive decodes from b and its bases. It decodes once.
func (b *Blob) Oracle(t TB) *naive.Blob {
	t.Helper()
	base := b.OracleBase(t)
	b.once.Do(func() {
		n, fault := naive.Parse(b.Bytes(t), base)
		if fault != nil {
			t.Fatalf("%s in the oracle: %v", b.Name, fault)
		}
		b.parsed = n
	})
	return b.parsed
}

// OracleBase is Oracle for the base of b; it returns nil if b has none.
func (b *Blob) OracleBase(t TB) *naive.Blob {
	t.Helper()
	if b.Base == nil {
		return nil
	}
	return b.Base.Oracle(t)
}

// All returns every blob. The slice is the caller's.
func All() []*Blob { return slices.Clone(load()) }

// Small returns the blobs that are small enough to be mutated byte by byte.
func Small() []*Blob {
	return slices.DeleteFunc(All(), func(b *Blob) bool { return b.Size > corpus.SmallSize })
}

// Alone calls f for the small blobs that stand alone and have at most max bytes. It leaves out what
// BTFKIT_CORPUS adds: what it gives is the same everywhere.
func Alone(max int, f func(name string, data []byte)) error {
	for _, b := range Small() {
		if b.Base != nil || b.Size > max || strings.HasPrefix(b.Name, "local/") {
			continue
		}
		data, err := b.Read()
		if err != nil {
			return err
		}
		f(b.Name, data)
	}
	return nil
}

// Find returns the blob with the name, which must exist.
func Find(t TB, name string) *Blob {
	t.Helper()
	all := load()
	i := slices.IndexFunc(all, func(b *Blob) bool { return b.Name == name })
	if i < 0 {
		t.Fatalf("no blob %s", name)
	}
	return all[i]
}

var load = sync.OnceValue(func() []*Blob {
	return slices.Concat(fromCorpus(), fromSuite(), fromKernel())
})

// fromCorpus returns the blobs of package corpus.
func fromCorpus() (all []*Blob) {
	byName := make(map[string]*Blob)
	for _, c := range corpus.All() {
		b := &Blob{Name: c.Name, Size: c.Size, Read: c.Bytes}
		byName[c.Name] = b
		all = append(all, b)
	}
	for _, c := range corpus.All() {
		byName[c.Name].Base = byName[c.BaseName]
	}
	return all
}

// fromSuite returns the synthetic blobs of the conformance suite.
func fromSuite() (all []*Blob) {
	made := make(map[*btftest.Blob]*Blob)
	for _, s := range btftest.Blobs() { // bases come first
		b := &Blob{Name: "btftest/" + s.Name, Base: made[s.Base], Size: len(s.Data)}
		b.Read = func() ([]byte, error) { return s.Data, nil }
		made[s] = b
		all = append(all, b)
	}
	return all
}

// fromKernel returns the BTF of the running kernel, if it offers any.
func fromKernel() []*Blob {
	const path = "/sys/kernel/btf/vmlinux"
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	read := sync.OnceValues(func() ([]byte, error) { return os.ReadFile(path) })
	return []*Blob{{Name: "running-kernel", Size: int(info.Size()), Read: read}}
}
