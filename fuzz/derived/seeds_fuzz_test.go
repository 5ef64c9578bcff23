package derived

import (
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// addBlobs gives f the blobs that a fuzz target starts from: small ones that stand alone.
func addBlobs(f blobs.TB, add func(data []byte)) {
	f.Helper()
	if err := blobs.Alone(corpus.SmallSize, func(_ string, data []byte) { add(data) }); err != nil {
		f.Fatal(err)
	}
}

// parseChain opens BTF over other BTF, or alone if there is no other or it does not fit.
func parseChain(t blobs.TB, base, own []byte) (*btf.Spec, *naive.Blob) {
	t.Helper()
	spec, err := btf.Parse(base, nil)
	if err != nil {
		t.Skip("no BTF")
	}
	oracle, fault := naive.Parse(base, nil)
	if fault != nil {
		t.Fatal(fault)
	}
	split, err := btf.Parse(own, spec)
	if err != nil {
		return spec, oracle
	}
	whole, fault := naive.Parse(own, oracle)
	if fault != nil {
		t.Fatal(fault)
	}
	return split, whole
}
