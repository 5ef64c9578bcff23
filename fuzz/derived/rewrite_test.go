package derived

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/merge"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/internal/objects"
	"github.com/btfkit/btfkit/fuzz/internal/require"
)

// rewriteBlobs returns the names of the blobs that are rewritten: all where BTFKIT_REQUIRE lists
// rewrite, else what is small.
func rewriteBlobs(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range all() {
		if b := open(t, name); require.Asked("rewrite") || len(b.data) < corpus.SmallSize &&
			(b.spec.Base() == nil || b.spec.Base().Info().DataBytes < corpus.SmallSize) {
			names = append(names, name)
		}
	}
	return append(names, kernels[0])
}

// askRewrite returns what libbpf makes of a blob.
func askRewrite(t *testing.T, what string, b *blob) []byte {
	t.Helper()
	dir, args := t.TempDir(), []string{what}
	chain := [][]byte{b.data}
	if c, _ := corpus.Find(b.name); c.BaseName != "" {
		chain = append(chain, open(t, c.BaseName).data)
	}
	for i, data := range chain {
		args = append(args, filepath.Join(dir, strconv.Itoa(i)))
		if err := os.WriteFile(args[i+1], data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(require.Tool(t, "./libbpf/bin/rewrite",
		"fuzz/derived/libbpf/build.sh; apt-get install gcc libelf-dev zlib1g-dev"), args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", b.name, err)
	}
	return out
}

// sections returns types and strings.
func sections(t *testing.T, data []byte, base *btf.Spec) (types, strs []byte) {
	t.Helper()
	spec, err := cache.Parse(data, base)
	if err != nil {
		t.Fatal(err)
	}
	h := store.SectionOf(spec).Header()
	part := func(p store.Extent) []byte { return data[p.Off : p.Off+int64(p.Len)] }
	return part(h.Types), part(h.Strings)
}

// TestSortLibbpf orders types as libbpf does where it is asked to, byte for byte, of kernels,
// modules and objects.
func TestSortLibbpf(t *testing.T) {
	t.Parallel()
	for _, name := range rewriteBlobs(t) {
		b := open(t, name)
		got, err := builder.From(b.spec, builder.CopyOptions{SortByName: true}).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		types, strs := sections(t, got, b.spec.Base())
		wantTypes, wantStrs := sections(t, askRewrite(t, "sort", b), b.spec.Base())
		if !bytes.Equal(types, wantTypes) || !bytes.Equal(strs, wantStrs) {
			t.Errorf("%s: sorted otherwise than by libbpf", name)
		}
	}
}

// TestDedupLibbpf keeps as many types as libbpf does, or fewer.
func TestDedupLibbpf(t *testing.T) {
	t.Parallel()
	equal, fewer := 0, 0
	blobs := []*blob{concatenated(t, readObjects(t)...)}
	for _, name := range rewriteBlobs(t) {
		blobs = append(blobs, open(t, name))
	}
	for _, b := range blobs {
		name := b.name
		ours, err := merge.Dedup(b.spec)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n := countTypes(t, ours, b.spec.Base())
		want := countTypes(t, askRewrite(t, "dedup", b), b.spec.Base())
		switch {
		case n > want:
			t.Errorf("%s: %d types, libbpf keeps %d", name, n, want)
		case n < want:
			fewer++
			t.Logf("%s: %d types, libbpf keeps %d", name, n, want)
		default:
			equal++
		}
	}
	t.Logf("as many as libbpf: %d blobs, fewer: %d", equal, fewer)
}

// concatenated returns the types of all objects one after the other, as a linker does.
func concatenated(t *testing.T, all ...objects.Object) *blob {
	t.Helper()
	b := builder.New(builder.Options{})
	for _, o := range all {
		spec, err := btf.Parse(o.BTF, nil)
		if err != nil {
			t.Fatal(err)
		}
		shift := b.NextID() - 1
		for id, typ := range spec.All() {
			if id > 0 {
				b.Copy(typ, func(id btf.TypeID) btf.TypeID {
					if id > 0 {
						id += shift
					}
					return id
				})
			}
		}
	}
	data, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &blob{name: "all objects", data: data, spec: spec}
}

func countTypes(t *testing.T, data []byte, base *btf.Spec) int {
	t.Helper()
	spec, err := cache.Parse(data, base)
	if err == nil {
		err = spec.Verify()
	}
	if err != nil {
		t.Fatal(err)
	}
	first, end := spec.Own().IDs()
	return int(end - first)
}
