package kernel_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/corpus/internal/packed"
	"github.com/btfkit/btfkit/corpus/kernel"
)

func Example() {
	raw, err := kernel.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d bytes, magic %#x\n", kernel.Name, len(raw), binary.LittleEndian.Uint16(raw))
	// Output: deb-7.2-amd64/vmlinux: 5440252 bytes, magic 0xeb9f
}

func TestFacts(t *testing.T) {
	if got := len(kernel.Compressed()); got != kernel.CompressedSize {
		t.Errorf("compressed: %d bytes, CompressedSize says %d", got, kernel.CompressedSize)
	}
	if got := packed.Sum([]byte(kernel.Compressed())); got != kernel.CompressedSHA256 {
		t.Errorf("compressed: sha256 %s, CompressedSHA256 says %s", got, kernel.CompressedSHA256)
	}
	raw, err := kernel.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) != kernel.Size || cap(raw) != kernel.Size {
		t.Errorf("%d bytes, capacity %d, Size says %d", len(raw), cap(raw), kernel.Size)
	}
	again, err := packed.Pack(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, []byte(kernel.Compressed())) {
		t.Error("packing the bytes again gives another frame: was the LZ4 library updated?")
	}
}

func TestBytesOnce(t *testing.T) {
	var wg sync.WaitGroup
	first := make([]*byte, 8)
	for i := range first {
		wg.Go(func() {
			raw, err := kernel.Bytes()
			if err != nil {
				t.Error(err)
				return
			}
			first[i] = &raw[0]
		})
	}
	wg.Wait()
	for i, p := range first {
		if p != first[0] {
			t.Errorf("call %d decompressed again", i)
		}
	}
}
