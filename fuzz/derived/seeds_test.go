package derived

import (
	"testing"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/corpus"
)

// addBlobs gives f the blobs that a fuzz target starts from: small ones of the corpus that stand
// alone, and synthetic ones.
func addBlobs(f *testing.F, add func(data []byte)) {
	f.Helper()
	add(btftest.Kernel(nil))
	add(btftest.Names(nil))
	for _, b := range corpus.Small() {
		if b.BaseName != "" || b.SHA256 == "" {
			continue
		}
		data, err := b.Bytes()
		if err != nil {
			f.Fatal(err)
		}
		add(data)
	}
}
