package derived

import (
	"sync"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// A blob is BTF of the corpus, opened and decoded by the oracle.
type blob struct {
	name   string
	data   []byte
	spec   *btf.Spec
	oracle *naive.Blob
}

var opened struct {
	sync.Mutex
	blobs map[string]*blob
}

// open opens a blob of the corpus, and its base, until the process ends.
func open(t testing.TB, name string) *blob {
	t.Helper()
	opened.Lock()
	defer opened.Unlock()
	return openLocked(t, name)
}

func openLocked(t testing.TB, name string) *blob {
	t.Helper()
	if b := opened.blobs[name]; b != nil {
		return b
	}
	c, ok := corpus.Find(name)
	if !ok {
		t.Fatalf("no blob %s", name)
	}
	data, err := c.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var base blob
	if c.BaseName != "" {
		base = *openLocked(t, c.BaseName)
	}
	spec, err := cache.Parse(data, base.spec)
	if err != nil {
		t.Fatal(err)
	}
	oracle, fault := naive.Parse(data, base.oracle)
	if fault != nil {
		t.Fatal(fault)
	}
	b := &blob{name, data, spec, oracle}
	if opened.blobs == nil {
		opened.blobs = map[string]*blob{}
	}
	opened.blobs[name] = b
	return b
}

// kernels are the whole kernels of the corpus, one of them big-endian.
var kernels = []string{"deb-6.1-cloud-amd64/vmlinux", "deb-6.12-cloud-amd64/vmlinux",
	"deb-7.2-amd64/vmlinux", "deb-7.2-arm64/vmlinux", "deb-7.2-s390x/vmlinux"}

// newest is the kernel on which the slow oracles run.
const newest = "deb-7.2-amd64/vmlinux"

// all returns the names of all blobs of the corpus.
func all() (names []string) {
	for _, c := range corpus.All() {
		if c.SHA256 != "" { // not of BTFKIT_CORPUS, which may hold anything
			names = append(names, c.Name)
		}
	}
	return names
}
