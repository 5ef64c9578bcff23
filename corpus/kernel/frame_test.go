package kernel

import (
	"testing"

	"github.com/btfkit/btfkit/corpus/internal/packed"
)

// TestFrame holds the constants against the bytes, and the embedded frame against what packing the
// bytes gives now. TestManifest of package corpus has the frame's sum.
func TestFrame(t *testing.T) {
	raw, err := Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) != Size || cap(raw) != Size || packed.Sum(raw) != SHA256 {
		t.Errorf("%d bytes, capacity %d, sum %s; want %d and %s", len(raw), cap(raw),
			packed.Sum(raw), Size, SHA256)
	}
	again, err := packed.Pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != compressed {
		t.Error("packing the bytes again gives another frame: was the LZ4 library updated?")
	}
}
