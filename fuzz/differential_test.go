package fuzz

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/corpus/malformed"
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
				spec := b.open(t, backend)
				check(t, backend.Name(), spec, want, names)
				file, err := backend.Open(path, spec.Base())
				if err != nil {
					t.Fatal(err)
				}
				if err := CheckRecords(file, want); err != nil {
					t.Errorf("%s, file: %v", backend.Name(), err)
				}
				if err := CheckNames(file, want, names[:min(len(names), 50)]); err != nil {
					t.Errorf("%s, file: %v", backend.Name(), err)
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
	for _, expr := range Patterns {
		if err := CheckMatches(spec, want, expr); err != nil {
			t.Errorf("%s: %v", name, err)
		}
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
				bases[b.base] = append(bases[b.base], b.base.open(t, backend))
			}
		}
		want := b.oracle(t)
		names := QueryNames(want, 50)
		for i, base := range bases[b.base] {
			for _, backend := range Backends {
				name := b.name + " in " + backend.Name() + " over " + Backends[i].Name()
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

// TestMalformed reads the catalogue of malformed blobs, in both byte orders, in every backend
// over its bases in the same one: the same class, offset and type at fault from all.
func TestMalformed(t *testing.T) {
	blobs := 0
	for c := range malformed.All() {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			chain := c.Chain(order)
			bases, base := openChain(t, chain[:len(chain)-1])
			data := chain[len(chain)-1]
			turns := len(Backends)
			if len(data) > 1<<20 {
				turns = 1 // the four rows of many megabytes
			}
			for turn := range turns {
				in := &Input{Data: data, Bases: bases, Base: base, Turn: turn}
				if err := in.Check(); err != nil {
					t.Errorf("%v, %v: %v", c, order, err)
				}
			}
			blobs++
		}
	}
	if blobs < 2*malformed.Rows {
		t.Errorf("%d blobs for %d rows", blobs, malformed.Rows)
	}
}

// openChain opens sections on top of each other in every backend and the oracle.
func openChain(t *testing.T, chain [][]byte) (bases []*btf.Spec, base *naive.Blob) {
	t.Helper()
	for _, data := range chain {
		var fault *naive.Fault
		if base, fault = naive.Parse(data, base); fault != nil {
			t.Fatal(fault)
		}
		next := make([]*btf.Spec, len(Backends))
		for i, backend := range Backends {
			var on *btf.Spec
			if bases != nil {
				on = bases[i]
			}
			spec, err := backend.Parse(data, on)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { spec.Close() })
			next[i] = spec
		}
		bases = next
	}
	return bases, base
}

// TestSuite runs the conformance suite in every backend, over bases in every backend.
func TestSuite(t *testing.T) {
	for _, b := range Backends {
		t.Run(b.Name(), func(t *testing.T) { btftest.TestBackend(t, b, Backends...) })
	}
}
