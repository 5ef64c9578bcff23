package differential

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/corpus/malformed"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// TestBlobs asks each backend everything about every blob and wants the oracle's answers,
// and so the same from all: opened from bytes, and, a little less, from a file.
func TestBlobs(t *testing.T) {
	for _, b := range blobs.All() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			want := b.Oracle(t)
			names := oracle.QueryNames(want, 500)
			path := filepath.Join(t.TempDir(), "blob")
			if err := os.WriteFile(path, b.Bytes(t), 0o600); err != nil {
				t.Fatal(err)
			}
			var specs []*btf.Spec
			for _, backend := range oracle.Backends {
				spec := b.Open(t, backend)
				checkFile(t, backend, path, spec.Base(), want, names[:min(len(names), 50)])
				specs = append(specs, spec)
			}
			check(t, want, names, oracle.Verdicts{}, specs)
		})
	}
}

// check compares all answers of Specs that have the same bytes.
func check(t *testing.T, want *oracle.Blob, names []string, v oracle.Verdicts,
	specs []*btf.Spec) {
	t.Helper()
	if err := oracle.CheckSpec(want, specs...); err != nil {
		t.Error(err)
	}
	for _, spec := range specs {
		if err := oracle.CheckNames(spec, want, names); err != nil {
			t.Errorf("%s: %v", spec.Info().Backend, err)
		}
	}
	if err := oracle.CheckPatterns(want, v, specs...); err != nil {
		t.Error(err)
	}
}

// checkFile opens the file at path and compares its records and names.
func checkFile(t *testing.T, backend btf.Backend, path string, base *btf.Spec,
	want *oracle.Blob, names []string) {
	t.Helper()
	file, err := backend.Open(path, base)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := oracle.CheckRecords(file, want); err != nil {
		t.Errorf("%s, file: %v", backend.Name(), err)
	}
	if err := oracle.CheckNames(file, want, names); err != nil {
		t.Errorf("%s, file: %v", backend.Name(), err)
	}
}

// TestCombinations opens each split blob in every backend over its base in every backend.
func TestCombinations(t *testing.T) {
	for _, b := range blobs.All() {
		if b.Base == nil {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			want := b.Oracle(t)
			names, v := oracle.QueryNames(want, 50), oracle.Verdicts{}
			for i := range oracle.Backends {
				base := b.OpenBase(t, oracle.Backends[i])
				var specs []*btf.Spec
				for _, backend := range oracle.Backends {
					spec, err := backend.Parse(b.Bytes(t), base)
					if err != nil {
						t.Fatalf("%s: %v", backend.Name(), err)
					}
					defer spec.Close()
					specs = append(specs, spec)
				}
				t.Logf("over %s", oracle.Backends[i].Name()) // seen only beside an error
				check(t, want, names, v, specs)
			}
		})
	}
}

// TestMalformed reads the catalogue of malformed blobs, in both byte orders, in every backend
// over its bases in the same one: the same class, offset and type at fault from all.
func TestMalformed(t *testing.T) {
	n := 0
	for c := range malformed.All() {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			n++
			t.Run(fmt.Sprintf("%v %v", c, order), func(t *testing.T) {
				t.Parallel()
				checkMalformed(t, c.Chain(order))
			})
		}
	}
	if n < 2*malformed.Rows {
		t.Errorf("%d blobs for %d rows", n, malformed.Rows)
	}
}

func checkMalformed(t *testing.T, chain [][]byte) {
	bases, base := openChain(t, chain[:len(chain)-1])
	data := chain[len(chain)-1]
	turns := len(oracle.Backends)
	if len(data) > 1<<20 {
		turns = 1 // the four rows of many megabytes
	}
	for turn := range turns {
		in := &oracle.Input{Data: data, Bases: bases, Base: base}
		in.Vary(turn)
		if err := in.Check(); err != nil {
			t.Error(err)
		}
	}
}

// openChain opens sections on top of each other in every backend and the oracle.
func openChain(t *testing.T, chain [][]byte) (bases []*btf.Spec, base *oracle.Blob) {
	t.Helper()
	for _, data := range chain {
		var fault *oracle.Fault
		if base, fault = oracle.Parse(data, base); fault != nil {
			t.Fatal(fault)
		}
		next := make([]*btf.Spec, len(oracle.Backends))
		for i, backend := range oracle.Backends {
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

// TestSteps holds the core, what works things out from types, the Builder, and the indexes of all
// backends to linear time.
func TestSteps(t *testing.T) {
	btftest.TestSteps(t, append([]btf.Backend{btftest.Plain}, oracle.Backends...)...)
}

// TestSuite runs the conformance suite in every backend, over bases in every other. That each
// passes alone is tested in its own package.
func TestSuite(t *testing.T) {
	for _, b := range oracle.Backends {
		others := slices.DeleteFunc(slices.Clone(oracle.Backends), func(o btf.Backend) bool {
			return o.Name() == b.Name()
		})
		t.Run(b.Name(), func(t *testing.T) { btftest.TestBackend(t, b, others...) })
	}
}
