package dumps

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
)

var backends = []btf.Backend{cache.Backend{}, mmap.Backend{}, arena.Backend{OffHeap: true}}

// A blob is BTF to write, with what it is split from.
type blob struct {
	name string
	base *blob
	data []byte
}

// blobs returns the corpus, what the conformance suite makes, and the running kernel.
var blobs = sync.OnceValues(func() (all []*blob, err error) {
	byName := map[string]*blob{}
	for _, c := range corpus.All() {
		data, err := c.Bytes()
		if err != nil {
			return nil, err
		}
		byName[c.Name] = &blob{name: c.Name, data: data}
		all = append(all, byName[c.Name])
	}
	for _, c := range corpus.All() {
		byName[c.Name].base = byName[c.BaseName]
	}
	made := map[*btftest.Blob]*blob{}
	for _, b := range btftest.Blobs() {
		if !b.Corrupt {
			made[b] = &blob{"btftest/" + b.Name, made[b.Base], b.Data}
			all = append(all, made[b])
		}
	}
	if data, err := os.ReadFile("/sys/kernel/btf/vmlinux"); err == nil {
		all = append(all, &blob{name: "running", data: data})
	}
	return all, nil
})

func allBlobs(t *testing.T) []*blob {
	t.Helper()
	all, err := blobs()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// blobsFor returns the blobs to compare with what a program says of them: all where BTFKIT_REQUIRE
// lists the program, else one kernel with a module, and what is small.
func blobsFor(t *testing.T, program string) []*blob {
	t.Helper()
	all := allBlobs(t)
	if require.Asked(program) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(b *blob) bool {
		if b.name == "deb-7.2-amd64/vmlinux" || b.name == "deb-7.2-amd64/tcp_dctcp" {
			return false
		}
		return len(b.data) > corpus.SmallSize || b.base != nil && len(b.base.data) > corpus.SmallSize
	})
}

// open opens b and its bases until the test ends.
func (b *blob) open(t *testing.T, backend btf.Backend) *btf.Spec {
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

// files writes b and its base where programs can read them, and returns the arguments that
// name them.
func (b *blob) files(t *testing.T) (base []string, file string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if b.base != nil {
		base = []string{"-B", write("base", b.base.data)}
	}
	return base, write("btf", b.data)
}

// beyond says what makes a sound blob unreadable to some versions of libbpf, "" if nothing does.
func (b *blob) beyond(t *testing.T) string {
	spec := b.open(t, cache.Backend{})
	h := store.SectionOf(spec).Header()
	switch {
	case b.base != nil && b.base.base != nil:
		return "a base that is split itself"
	case h.Len != 24 && h.ByteOrder == binary.BigEndian:
		return "a header of another byte order that is not 24 bytes long"
	case h.Types.Off != int64(h.Len) || h.Strings.Off != h.Types.Off+int64(h.Types.Len):
		return "gaps, or another order of sections"
	}
	for _, typ := range spec.All() {
		if typ.IsOpaque() || typ.Vlen() > 0xffff {
			return "kinds that are not known, or a vlen of more than 16 bits (Linux 7.1, 7.2)"
		}
		if typ.IsAttribute() {
			return "attributes (Linux 6.15)"
		}
	}
	return ""
}

// A bpftool is the one of this machine.
type bpftool struct {
	path string
	// minor is that of its version, of which major is 7.
	minor int
}

func findBpftool(t *testing.T) bpftool {
	t.Helper()
	tool := bpftool{path: require.Tool(t, "bpftool", "apt-get install bpftool")}
	out, err := exec.Command(tool.path, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(strings.Fields(string(out)), " "))
	_, version, _ := strings.Cut(string(out), "bpftool v") // behind the program's path, perhaps
	if _, err := fmt.Sscanf(version, "7.%d.", &tool.minor); err != nil {
		t.Fatalf("bpftool is not of version 7: %.20q: %v", version, err)
	}
	return tool
}

// run returns what a program writes. Errors have what it says about them.
func run(path string, args ...string) ([]byte, error) {
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, err
}

// compare finds the first line that differs, and reports whether there is none.
func compare(t *testing.T, name string, got, want []byte) bool {
	t.Helper()
	if bytes.Equal(got, want) {
		return true
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Errorf("%s: line %d\ngot    %.200q\noracle %.200q", name, i+1, gotLines[i], wantLines[i])
			return false
		}
	}
	t.Errorf("%s: %d lines, the oracle has %d", name, len(gotLines), len(wantLines))
	return false
}
