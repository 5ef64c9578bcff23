package fuzz

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/fuzz/naive"
)

// TestBlobs asks each backend everything about every blob and wants the oracle's answers,
// and so the same from all: opened from bytes, and, a little less, from a file.
func TestBlobs(t *testing.T) {
	dir := t.TempDir()
	for _, b := range allBlobs(t) {
		t.Run(b.name, func(t *testing.T) {
			want := b.oracle(t)
			names := QueryNames(want, 500)
			path := filepath.Join(dir, "blob")
			if err := os.WriteFile(path, b.data, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, backend := range Backends {
				spec := b.open(t, &backend)
				check(t, backend.Name, spec, want, names)
				file, err := backend.Open(path, spec.Base())
				if err != nil {
					t.Fatal(err)
				}
				if err := CheckRecords(file, want); err != nil {
					t.Errorf("%s, file: %v", backend.Name, err)
				}
				if err := CheckNames(file, want, names[:min(len(names), 50)]); err != nil {
					t.Errorf("%s, file: %v", backend.Name, err)
				}
				file.Close()
			}
		})
	}
}

func check(t *testing.T, name string, spec *btf.Spec, want *naive.Blob, names []string) {
	t.Helper()
	if err := CheckSpec(spec, want); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if err := CheckNames(spec, want, names); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestCombinations opens each split blob in every backend over its base in every backend.
func TestCombinations(t *testing.T) {
	bases := map[*blob][]*btf.Spec{}
	for _, b := range allBlobs(t) {
		if b.base == nil {
			continue
		}
		if bases[b.base] == nil {
			for _, backend := range Backends {
				bases[b.base] = append(bases[b.base], b.base.open(t, &backend))
			}
		}
		want := b.oracle(t)
		names := QueryNames(want, 50)
		for i, base := range bases[b.base] {
			for _, backend := range Backends {
				name := b.name + " in " + backend.Name + " over " + Backends[i].Name
				spec, err := backend.Parse(b.data, base)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				check(t, name, spec, want, names)
				spec.Close()
			}
		}
	}
}
