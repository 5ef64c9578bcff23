package fuzz

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus/kernel"
	"github.com/btfkit/btfkit/elfx"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// A blob is BTF that the tests read, with what it is split from.
type blob struct {
	name string
	data []byte
	base *blob
}

// small blobs can be looked at byte by byte.
func (b *blob) small() bool { return len(b.data) <= 64<<10 }

// open opens b and its bases in one backend; the test closes them.
func (b *blob) open(t testing.TB, backend *Backend) *btf.Spec {
	t.Helper()
	var base *btf.Spec
	if b.base != nil {
		base = b.base.open(t, backend)
	}
	spec, err := backend.Parse(b.data, base)
	if err != nil {
		t.Fatalf("%s in %s: %v", b.name, backend.Name, err)
	}
	t.Cleanup(func() { spec.Close() })
	return spec
}

// oracle decodes b and its bases with package naive.
func (b *blob) oracle(t testing.TB) *naive.Blob {
	t.Helper()
	var base *naive.Blob
	if b.base != nil {
		base = b.base.oracle(t)
	}
	n, fault := naive.Parse(b.data, base)
	if fault != nil {
		t.Fatalf("%s in the oracle: %v", b.name, fault)
	}
	return n
}

// blobs returns all there is: fixtures, the embedded kernel, the running one, and what
// BTFKIT_CORPUS holds.
var blobs = sync.OnceValues(loadBlobs)

func allBlobs(t testing.TB) []*blob {
	t.Helper()
	all, err := blobs()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func smallBlobs(t testing.TB) (small []*blob) {
	for _, b := range allBlobs(t) {
		if b.small() {
			small = append(small, b)
		}
	}
	return small
}

const running = "/sys/kernel/btf/vmlinux"

func loadBlobs() ([]*blob, error) {
	all, err := fixtures()
	if err != nil {
		return nil, err
	}
	data, err := kernel.Bytes()
	if err != nil {
		return nil, err
	}
	all = append(all, &blob{name: kernel.Name, data: data})
	if data, err := os.ReadFile(running); err == nil {
		all = append(all, &blob{name: running, data: data})
	}
	return all, nil
}

// fixtures extracts the BTF of the compiler-made objects.
func fixtures() (all []*blob, err error) {
	paths, err := filepath.Glob("../corpus/fixtures/objects/*.o")
	if err != nil {
		return nil, err
	}
	byName := map[string]*blob{}
	for _, path := range paths {
		b, err := fixture(path)
		if err != nil {
			return nil, err
		}
		byName[b.name] = b
		all = append(all, b)
	}
	for _, b := range all {
		if rest, ok := strings.CutPrefix(b.name, "pahole-split-"); ok {
			b.base = byName["pahole-kernel-"+rest]
		}
	}
	return all, nil
}

func fixture(path string) (*blob, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d, err := elfx.Parse(context.Background(), raw, nil)
	if err != nil {
		return nil, err
	}
	b := &blob{name: strings.TrimSuffix(filepath.Base(path), ".o"), data: bytes.Clone(d.BTF)}
	if d.Base != nil {
		b.base = &blob{name: b.name + " .BTF.base", data: bytes.Clone(d.Base)}
	}
	return b, nil
}
