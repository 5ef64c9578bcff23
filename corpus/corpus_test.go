package corpus_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/internal/describe"
	"github.com/btfkit/btfkit/corpus/internal/manifest"
	"github.com/btfkit/btfkit/corpus/internal/packed"
)

func Example() {
	b, ok := corpus.Find("deb-7.2-s390x/tcp_dctcp")
	if !ok {
		return
	}
	base, _ := b.Base()
	raw, err := b.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Types, "types in", len(raw), "bytes, split from", base.Name)
	fmt.Println("big-endian:", b.BigEndian, "declaration tags:", b.Has("DECL_TAG"))
	// Output:
	// 789 types in 17367 bytes, split from deb-7.2-s390x/vmlinux
	// big-endian: true declaration tags: true
}

// committed returns the blobs of the repository, without those of BTFKIT_CORPUS.
func committed(t *testing.T) []corpus.Blob {
	t.Helper()
	all := slices.DeleteFunc(corpus.All(), func(b corpus.Blob) bool { return !isCommitted(b) })
	if len(all) == 0 {
		t.Fatal("the corpus is empty")
	}
	return all
}

func isCommitted(b corpus.Blob) bool { return !strings.HasPrefix(b.Name, "local/") }

// TestManifest holds the manifest against the bytes: sums, sizes and every fact.
func TestManifest(t *testing.T) {
	for _, b := range committed(t) {
		t.Run(b.Name, func(t *testing.T) {
			frame, err := os.ReadFile(filepath.FromSlash(manifest.DataPath(b.Name)))
			if err != nil {
				t.Fatal(err)
			}
			if len(frame) != b.CompressedSize || packed.Sum(frame) != b.CompressedSHA256 {
				t.Errorf("compressed: %d bytes of sum %s, manifest says %d of %s",
					len(frame), packed.Sum(frame), b.CompressedSize, b.CompressedSHA256)
			}
			raw, err := b.Bytes() // checks the sum
			if err != nil {
				t.Fatal(err)
			}
			if len(raw) != b.Size || cap(raw) != b.Size {
				t.Errorf("%d bytes, capacity %d, manifest says %d", len(raw), cap(raw), b.Size)
			}
			spec, err := describe.Open(b)
			if err != nil {
				t.Fatal(err)
			}
			got := describe.Facts(spec)
			if fmt.Sprint(got) != fmt.Sprint(b.Facts) {
				t.Errorf("bytes say %+v\nmanifest says %+v", got, b.Facts)
			}
			if err := spec.Own().Verify(); err != nil {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

// TestOrigins checks that each blob says where it is from, and that the folders hold no others.
func TestOrigins(t *testing.T) {
	paths := []string{manifest.DataPath("deb-7.2-amd64/vmlinux")}
	for _, b := range committed(t) {
		if b.Package == "" || b.Version == "" || b.Arch == "" || b.How == "" || b.Path == "" {
			t.Errorf("%s: origin incomplete: %+v", b.Name, b)
		}
		if base, ok := b.Base(); ok != (b.BaseName != "") || ok && base.Name != b.BaseName {
			t.Errorf("%s: base %q is not in the corpus", b.Name, b.BaseName)
		}
		if path := manifest.DataPath(b.Name); strings.HasPrefix(path, "data/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	var present []string
	for _, dir := range []string{"data", "kernel"} {
		err := fs.WalkDir(os.DirFS("."), dir, func(path string, e fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".lz4") {
				present = append(present, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(present)
	if !slices.Equal(paths, present) {
		t.Errorf("manifest: %q\nfolders:  %q", paths, present)
	}
}

// TestCoverage states what the corpus promises to hold, so that it cannot get lost unseen.
func TestCoverage(t *testing.T) {
	type trait struct {
		name string
		has  func(corpus.Blob) bool
	}
	split := func(b corpus.Blob) bool { return b.BaseName != "" }
	traits := []trait{
		{"big-endian kernel", func(b corpus.Blob) bool {
			return b.BigEndian && strings.HasSuffix(b.Name, "/vmlinux")
		}},
		{"sorted kernel", func(b corpus.Blob) bool {
			return b.Sorted && strings.HasSuffix(b.Name, "/vmlinux")
		}},
		{"unsorted kernel", func(b corpus.Blob) bool {
			return !b.Sorted && strings.HasSuffix(b.Name, "/vmlinux")
		}},
		{"big-endian split", func(b corpus.Blob) bool { return b.BigEndian && split(b) }},
		{"split with ENUM64", func(b corpus.Blob) bool { return split(b) && b.Has("ENUM64") }},
		{"split with DECL_TAG", func(b corpus.Blob) bool { return split(b) && b.Has("DECL_TAG") }},
		{"split with FLOAT", func(b corpus.Blob) bool { return split(b) && b.Has("FLOAT") }},
		{"percpu split", func(b corpus.Blob) bool { return split(b) && b.Has("percpu") }},
		{"distilled base", func(b corpus.Blob) bool { return b.Section == ".BTF.base" }},
	}
	for _, feature := range []string{"FUNC", "FUNC_PROTO", "VAR", "DATASEC", "FLOAT", "DECL_TAG",
		"TYPE_TAG", "ENUM64", "bitfield", "signed-enum", "extern", "variadic",
		"flexible-array", "empty-array", "anonymous-member"} {
		traits = append(traits, trait{feature, func(b corpus.Blob) bool { return b.Has(feature) }})
	}
	for _, arch := range []string{"amd64", "arm64", "s390x", "i386", "ppc32", "bpfel", "bpfeb"} {
		traits = append(traits, trait{arch, func(b corpus.Blob) bool { return b.Arch == arch }})
	}
	for _, want := range traits {
		if !slices.ContainsFunc(committed(t), want.has) {
			t.Errorf("no blob: %s", want.name)
		}
	}
}

func TestByteOrderOfTarget(t *testing.T) {
	for _, b := range committed(t) {
		want := b.Arch == "s390x" || b.Arch == "ppc32" || strings.HasSuffix(b.Arch, "eb")
		if b.BigEndian != want {
			t.Errorf("%s: big-endian %v", b.Name, b.BigEndian)
		}
	}
}

func TestQueries(t *testing.T) {
	all := corpus.All()
	byName := func(a, b corpus.Blob) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(all, byName) {
		t.Error("All is not sorted")
	}
	all[0].Name = "changed"
	if corpus.All()[0].Name == "changed" {
		t.Error("All hands out its own slice")
	}
	small := corpus.Small()
	for _, b := range small {
		if b.Size > corpus.SmallSize {
			t.Errorf("Small returned %s of %d bytes", b.Name, b.Size)
		}
	}
	if len(small) == 0 || len(small) >= len(all) {
		t.Errorf("Small returned %d of %d blobs", len(small), len(all))
	}
	if b, ok := corpus.Find("no such blob"); ok {
		t.Errorf("Find found %s", b.Name)
	}
	if _, err := (corpus.Blob{}).Bytes(); err == nil {
		t.Error("the zero Blob has bytes")
	}
}

// TestBytesOnce checks that concurrent callers share one decompressed slice.
func TestBytesOnce(t *testing.T) {
	b, ok := corpus.Find("deb-7.2-amd64/xfs")
	if !ok {
		t.Fatal("not found")
	}
	first := make([]*byte, 8)
	var wg sync.WaitGroup
	for i := range first {
		wg.Go(func() {
			again, _ := corpus.Find(b.Name)
			raw, err := again.Bytes()
			if err != nil {
				t.Error(err)
				return
			}
			first[i] = &raw[0]
		})
	}
	wg.Wait()
	for i := range first {
		if first[i] != first[0] {
			t.Errorf("call %d decompressed again", i)
		}
	}
}

// TestBudget keeps the repository small: the committed blobs stay below 15 MB together.
func TestBudget(t *testing.T) {
	sum := 0
	for _, b := range committed(t) {
		sum += b.CompressedSize
	}
	if sum > 15<<20 {
		t.Errorf("%d bytes of compressed blobs", sum)
	}
}
